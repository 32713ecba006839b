"""YAML files as plain values: nothing is executed, and nothing takes more memory than it is long.

Tags of Python objects, such as argparse.Namespace, are read as the mapping, list or text that stands there.
"""

from pathlib import Path
from typing import Any

from core.files.regular import read_regular

# Nobody writes a longer one.
_MAX_BYTES, _MAX_DEPTH = 2**20, 64


def read(path: Path) -> Any:
    """The value of a YAML file: dicts, lists, text, numbers, true, false, None.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is not a regular file, is larger than a megabyte, is no valid YAML, or repeats parts by aliases,
            which a short file could grow without limit with.
    """
    content = read_regular(path, _MAX_BYTES)
    try:
        return parse(content.decode("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None


def parse(text: str, *, tagged: bool = True) -> Any:
    """The value of a text in YAML.

    Args:
        text: see above.
        tagged: whether tags of Python objects are read as what stands there; False: they are refused.

    Raises:
        ValueError: as `read`.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise ValueError("it has an alias, which is not supported")
            if self.depth >= _MAX_DEPTH:
                raise ValueError(f"it is nested more than {_MAX_DEPTH} levels deep")
            self.depth += 1
            try:
                return super().compose_node(parent, index)
            finally:
                self.depth -= 1

    def plain(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value

    if tagged:
        Loader.add_multi_constructor("tag:yaml.org,2002:python/", plain)
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError(str(error)) from None


def read_object(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it cannot be read, or holds something else.
    """
    value = read(path)
    if not isinstance(value, dict):
        raise ValueError(f"{path} must hold a mapping, not a {type(value).__name__}")
    return {str(key): entry for key, entry in value.items()}
