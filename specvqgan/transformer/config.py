"""The architecture of a transformer: its settings, read from a run of the original's or from our config.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core import checks
from specvqgan.file_values import optional_part, part, whole

FORMAT, VERSION = "hallu-specvqgan-transformer", 1
# How features become vectors of the transformer's width; and what nobody has trained beyond, which bounds what a file
# can ask for.
EMBEDDINGS = ("conv", "linear", "none")
_MAX_LAYERS, _MAX_HEADS, _MAX_WIDTH, _MAX_CODES, _MAX_DEPTH = 256, 256, 2**14, 2**16, 2**16
_MAX_ROWS, _MAX_POSITIONS, _MAX_CLASSES = 256, 2**14, 100_000


@dataclass(frozen=True)
class TransformerConfig:
    """The shape of a transformer.

    Attributes:
        rows: height of the grid of codes.
        columns: how many columns of the grid it sees at once, its window.
        codes: how many there are.
        layers: blocks of attention and dense layers.
        heads: of each attention.
        width: of the vectors between the layers.
        frames: vectors of features that it takes before the codes; 0: none.
        feature_depth: numbers of each of them.
        classes: how many there are; 0: it takes none.
        embedding: how features become vectors: one of `EMBEDDINGS`.
        random_features: it was trained with random features, uniform in 0..1: it follows nothing.
        positions: how many it has vectors for; 0: as many as it needs.
        class_names: in order; none: they are not known.
    """

    rows: int
    columns: int
    codes: int
    layers: int
    heads: int
    width: int
    frames: int = 0
    feature_depth: int = 0
    classes: int = 0
    embedding: str = "conv"
    random_features: bool = False
    positions: int = 0
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checks.whole("rows", self.rows, 1, _MAX_ROWS)
        checks.whole("columns", self.columns, 2, _MAX_POSITIONS // self.rows)
        checks.whole("codes", self.codes, 2, _MAX_CODES)
        checks.whole("layers", self.layers, 1, _MAX_LAYERS)
        checks.whole("heads", self.heads, 1, _MAX_HEADS)
        checks.whole("width", self.width, 1, _MAX_WIDTH)
        if self.width % self.heads:
            raise checks.mismatch("width", f"be a multiple of the {self.heads} heads", self.width)
        checks.whole("classes", self.classes, 0, _MAX_CLASSES)
        checks.whole("frames", self.frames, 0 if self.classes else 1, _MAX_POSITIONS)
        checks.whole("feature_depth", self.feature_depth, 1 if self.frames else 0, _MAX_DEPTH)
        checks.one_of("embedding", self.embedding, EMBEDDINGS)
        if self.frames and self.embedding == "none" and self.feature_depth != self.width:
            raise checks.mismatch(
                "feature_depth", f"be the width, {self.width}, without an embedding", self.feature_depth
            )
        if self.random_features and not self.frames:
            raise checks.mismatch("random_features", "be false without frames", self.random_features)
        checks.whole("positions", self.positions or self.needed, self.needed, _MAX_POSITIONS)
        if self.class_names and len(self.class_names) != self.classes:
            raise checks.mismatch("the number of class_names", f"be {self.classes}", len(self.class_names))

    @property
    def condition(self) -> int:
        """How many places the condition takes."""
        return self.frames + (self.classes > 0)

    @property
    def window(self) -> int:
        """Codes that it sees at once."""
        return self.rows * self.columns

    @property
    def half(self) -> int:
        """Columns of half a window, rounded down: what is seen to the left of a code in a long grid.

        A grid that begins with the first half of a real one begins with so many columns: 26 of 53, 130 codes, as the
        original's evaluation has it (its training shows pictures with 132, which end within a column).
        """
        return self.columns // 2

    @property
    def needed(self) -> int:
        """Places of a whole window after its condition."""
        return self.condition + self.window

    @property
    def head_size(self) -> int:
        """Numbers of each head of an attention."""
        return self.width // self.heads


def from_run(config: Mapping[str, Any]) -> TransformerConfig:
    """Read the settings of a run of the original's, or our config.json.

    Raises:
        ValueError: a value is missing or breaks a rule; the message names it.
    """
    return _from_json(config) if "format" in config else _from_original(config)


def to_json(config: TransformerConfig) -> dict[str, Any]:
    """The settings as our config.json has them."""
    return {"format": FORMAT, "version": VERSION, **asdict(config), "class_names": list(config.class_names)}


def _from_json(values: Mapping[str, Any]) -> TransformerConfig:
    checks.one_of("format", values["format"], (FORMAT,))
    checks.one_of("version", values.get("version"), (VERSION,))
    needed = ("rows", "columns", "codes", "layers", "heads", "width")
    others: dict[str, type] = dict.fromkeys(("frames", "feature_depth", "classes", "positions"), int)
    others |= {"embedding": str, "random_features": bool}
    given: dict[str, Any] = {
        key: checks.of_kind(key, values[key], kind) for key, kind in others.items() if key in values
    }
    names = values.get("class_names") or []
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise checks.mismatch("class_names", "be a list of names", names)
    given |= {key: whole(values, key) for key in needed}
    return TransformerConfig(**given, class_names=tuple(names))


# The classes of the original's transformers: whether they take features, and classes.
_KINDS = {"GPTFeats": (True, False), "GPTClass": (False, True), "GPTFeatsClass": (True, True)}
_EMBEDDERS = {"Conv1d": "conv", "Linear": "linear", "Identity": "none"}


def _from_original(config: Mapping[str, Any]) -> TransformerConfig:
    params = part(part(config, "model"), "params")
    outer = part(params, "transformer_config")
    kind = checks.one_of("the transformer's target", _class_name(outer), tuple(_KINDS))
    featured, classed = _KINDS[kind]
    inner = part(outer, "params")
    sizes = part(inner, "GPT_config")
    checks.one_of("n_unmasked", sizes.get("n_unmasked", 0), (0,))
    permuter = part(params, "first_stage_permuter_config")
    checks.one_of("the permuter's target", _class_name(permuter), ("ColumnMajor",))
    grid = part(permuter, "params")
    rows, columns = whole(grid, "H"), whole(grid, "W")
    positions = whole(sizes, "block_size")
    classes = whole(part(part(inner, "token_embedding_config"), "params"), "num_embeddings") if classed else 0
    data = optional_part(optional_part(config, "data"), "params")
    return TransformerConfig(
        rows=rows,
        columns=columns,
        codes=whole(sizes, "vocab_size"),
        layers=whole(sizes, "n_layer"),
        heads=whole(sizes, "n_head"),
        width=whole(sizes, "n_embd"),
        **(_features(part(inner, "feat_embedding_config"), positions - rows * columns - classed) if featured else {}),
        classes=classes,
        random_features=featured and data.get("replace_feats_with_random") is True,
        positions=positions,
    )


def _features(embedder: Mapping[str, Any], frames: int) -> dict[str, Any]:
    """What the original says about features; how many, follows from the places that it has for them."""
    name = checks.one_of("the target that embeds features", _class_name(embedder), tuple(_EMBEDDERS))
    params = part(embedder, "params")
    if name == "Conv1d":
        checks.one_of("kernel_size", params.get("kernel_size"), (1,))
        checks.one_of("padding", params.get("padding", 0), (0,))
    keys = {"Conv1d": "in_channels", "Linear": "in_features", "Identity": "in_channels"}
    return {"frames": frames, "feature_depth": whole(params, keys[name]), "embedding": _EMBEDDERS[name]}


def _class_name(values: Mapping[str, Any]) -> str:
    return str(checks.of_kind("target", values.get("target"), str)).rpartition(".")[2]
