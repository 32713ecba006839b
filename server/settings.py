"""What `hallu serve` is told, frozen and checked once; and where things are kept when nothing is said."""

from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

IMAGE_PORT = 7771


def shipped(name: str) -> Path:
    """The folder "models" or "pd" that ships: in the repo of a checkout, else inside the installed package.

    Raises:
        FileNotFoundError: neither is there.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "shipped" / name, here.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the shipped folder {name!r} is missing; reinstall hallu")


def data_dir() -> Path:
    """The user's own folder for models, state and audio files; it need not exist yet."""
    return platformdirs.user_data_path("hallu", appauthor=False)


def user_models() -> Path:
    """Where `hallu models add` puts checkpoints."""
    return data_dir() / "models"


def default_models() -> tuple[Path, ...]:
    """The models folders that are searched when none is named: what ships, then the user's own."""
    return shipped("models"), user_models()


@dataclass(frozen=True)
class Settings:
    """How a server runs.

    `models` are searched in order for DIR/gansynth/NAME. `load` names the checkpoint to start with; without it the
    one in the state file is loaded again. `image` starts a renderer. `image_port` and the one after it speak to
    renderers; None: IMAGE_PORT, or where that is taken any two; 0: any two. Snapshots and recordings go to `pictures`.

    Raises:
        ValueError: the port is out of range.
        FileNotFoundError: a models folder is missing.
    """

    host: str = "127.0.0.1"
    port: int = 7770
    models: tuple[Path, ...] = field(default_factory=default_models)
    spool: Path = field(default_factory=lambda: data_dir() / "spool")
    state: Path = field(default_factory=lambda: data_dir() / "state.npz")
    load: str | None = None
    image: bool = True
    image_port: int | None = None
    pictures: Path = field(default_factory=lambda: data_dir() / "pictures")

    def __post_init__(self) -> None:
        for name, port in (("--port", self.port), ("--image-port", self.image_port or 0)):
            if not 0 <= port <= 65535:
                raise ValueError(f"{name} must be in 0..65535, not {port}")
        for folder in self.models:
            # The user's own may come into being while the server runs, by `hallu models add`.
            if not folder.is_dir() and folder != user_models():
                raise FileNotFoundError(f"--models {folder} is no folder")
