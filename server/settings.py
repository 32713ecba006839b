"""Settings of `hallu serve`, frozen and checked once."""

from dataclasses import dataclass, field
from pathlib import Path

from core import checks, hosts
from core.files.user_folders import data_dir, default_models, user_models
from core.processes import core_count
from server.rooms.names import LIMIT_ROOMS, MOST_ROOMS
from server.rooms.own_room import By
from server.sinks.spool_limit import LIMIT

PORT, IMAGE_PORT = 7770, 7771
# For bridges; the page of the renderer is on the one between.
REMOTE_PORT = 7774
KEYS, SPOOL = "keys", "spool"
# A network uses about four cores well; more processes take memory, for each has its own models.
CORES_EACH, MOST_CHOSEN, MOST_ENGINES = 4, 8, 64


def default_state(port: int) -> Path:
    """The state file of a server on this port, so that two of them do not overwrite each other's."""
    return data_dir() / ("state.npz" if port == PORT else f"state-{port}.npz")


@dataclass(frozen=True)
class ServerSettings:
    """The settings of a server.

    Attributes:
        host: the address to listen on.
        port: UDP, for OSC; 0: any free one.
        models: folders that are searched in order for DIR/FAMILY/NAME.
        spool: where WAV files go.
        spool_limit: bytes of all WAV files there.
        state: the file that keeps the session; Path(): that of the port, in the user's data folder.
        load: the checkpoint to start with; None: the one in the state file.
        image: whether to render images.
        page: whether to serve the page; without it no images are rendered either.
        announce: whether the local network is told of the server; None: if others can reach the page.
        image_port: it and the one after it connect renderers; None: IMAGE_PORT, or any two if it is taken; 0: any two.
        pictures: where snapshots and recordings go.
        picture_out: sinks of pictures that are on from the start; see `hallu sinks`.
        picture_size: size of the pictures there, see `renderer.video.shape.Shape`; "": the renderer's default.
        page_host: the address of the renderer's page.
        remote: TCP port for bridges, 0: any free one; with it renderers elsewhere may connect too. None: nobody may.
        remote_keys: whether bridges need keys; without them only programs of this machine connect, such as ssh.
        rooms: who has a room of their own, see `server.rooms.own_room.own`; None: all share one.
        most_rooms: in memory at a time, besides the shared one.
        engines: processes that have the rooms but for `main`, if they are more than 1; None: chosen from the cores.
        engine: what computes notes, see `gansynth.load`.
        precision: in which it does, see `gansynth.load`.
        tied: whether to end when standard input ends.

    Raises:
        ValueError: a port is out of range.
        FileNotFoundError: a models folder is missing.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    models: tuple[Path, ...] = field(default_factory=default_models)
    spool: Path = field(default_factory=lambda: data_dir() / SPOOL)
    spool_limit: int = LIMIT
    state: Path = Path()
    load: str | None = None
    image: bool = True
    page: bool = True
    announce: bool | None = None
    image_port: int | None = None
    pictures: Path = field(default_factory=lambda: data_dir() / "pictures")
    picture_out: tuple[str, ...] = ()
    picture_size: str = ""
    page_host: str = "127.0.0.1"
    remote: int | None = None
    remote_keys: bool = True
    rooms: By | None = None
    most_rooms: int = MOST_ROOMS
    engines: int | None = None
    engine: str = "openvino"
    precision: str = "f32"
    tied: bool = False

    @property
    def engine_count(self) -> int:
        """How many processes have the rooms; 1: this one has them all."""
        return 1 if self.rooms is None else self.engines or min(MOST_CHOSEN, max(1, core_count() // CORES_EACH))

    @property
    def link_host(self) -> str:
        """Where renderers connect: with --remote from everywhere, for they need keys."""
        return hosts.everywhere() if self.remote is not None and self.remote_keys else self.host

    @property
    def remote_host(self) -> str:
        """Where bridges connect: without keys, from this machine only."""
        return hosts.everywhere() if self.remote_keys else "127.0.0.1"

    @property
    def keys(self) -> Path:
        """The folder of the keys of renderers elsewhere; see `hallu keys`."""
        return self.state.parent / KEYS

    def __post_init__(self) -> None:
        for name, port in (
            ("--port", self.port),
            ("--image-port", self.image_port or 0),
            ("--remote", self.remote or 0),
        ):
            checks.whole(name, port, 0, 65535)
        checks.whole("--most-rooms", self.most_rooms, 1, LIMIT_ROOMS)
        checks.whole("--engines", self.engines or 1, 1, MOST_ENGINES)
        if self.state == Path():
            object.__setattr__(self, "state", default_state(self.port))
        for folder in self.models:
            # The user's own folder may be created while the server runs, by `hallu models add`.
            if not folder.is_dir() and folder != user_models():
                raise FileNotFoundError(f"--models {folder} is not a folder")
