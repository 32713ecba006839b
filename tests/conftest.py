"""Real servers for tests: processes of `hallu serve`, played with python-osc's messages as an independent peer."""

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import zmq
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from waiting import PATIENCE_S

DATA = Path(__file__).parent / "data"
SMALL = DATA / "magenta_small"

Reply = namedtuple("Reply", "address args")


def pytest_configure():
    """Let no matrix product wait, spinning, for a core that another test has; what tests start inherits it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


# Files that take long, so that none of them begins when the others have ended; what computes and what waits by turns.
LONG = (
    "image_training", "remote_packets", "sound_training_command", "live_process", "image_training_command",
    "stylegan2_training", "pd_voice", "foley_training", "remote_line", "killed_server", "pd_halluseq", "web_browser",
    "image_steps", "room_engines", "ganspace_cluster", "pd_elsewhere", "matching", "pd_ganspace", "web_controls",
    "ganspace_command", "live_bends", "direction_commands", "pd_live", "condition_commands", "web_surface",
    "foley_commands", "remote_page", "third_family", "pd_play", "packaging", "pd_foley", "visualize_command",
    "live_audio_track", "biggan_layers", "remote_keys", "foley_model", "link_publisher", "visualize", "pd_record",
    "link_peers", "specvqgan_codec", "live_recorder", "web_faders", "features_command", "session_folders",
    "spectrogram_judges", "foley_page", "specvqgan_sample", "remote", "shipped_foley", "console", "hallucinate_film",
    "live_serve", "rooms",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Let the files that take long begin first."""
    place = {f"test_{name}.py": number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(autouse=True)
def whole_log():
    """A command that ran in this process limits the log of its process; the next test has all of it again."""
    filters = {handler: handler.filters[:] for handler in logging.getLogger().handlers}
    yield
    for handler, before in filters.items():
        handler.filters[:] = before


def free_pair():
    """A TCP port whose neighbour is most likely free too."""
    with zmq.Context() as context, context.socket(zmq.PUB) as first:
        return first.bind_to_random_port("tcp://127.0.0.1", min_port=20_000 + os.getpid() % 20_000, max_port=60_000)


def datagram(address, *args):
    builder = OscMessageBuilder(address)
    for arg in args:
        builder.add_arg(arg)
    return builder.build().dgram


class Peer:
    """A UDP socket that speaks OSC with one server."""

    def __init__(self, port, timeout=PATIENCE_S, host="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((host, 0))
        self.socket.settimeout(timeout)
        self.port = self.socket.getsockname()[1]
        self._server = ("127.0.0.1", port)

    def send(self, address, *args):
        self.send_bytes(datagram(address, *args))

    def send_bytes(self, data):
        self.socket.sendto(data, self._server)

    def receive(self):
        message = OscMessage(self.socket.recv(65536))
        return Reply(message.address, message.params)

    def receive_end(self):
        """Replies up to and including /done or /fail."""
        replies = [self.receive()]
        while replies[-1].address not in ("/done", "/fail"):
            replies.append(self.receive())
        return replies

    def ask(self, address, *args):
        self.send(address, *args)
        return self.receive_end()

    def is_silent(self, seconds=0.3):
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(65536)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(before)
        return False


class RunningServer:
    """A `hallu serve` process on a free loopback port."""

    def __init__(self, folder, models, *flags):
        self.models = models
        self.spool = folder / "spool"
        self.state = folder / "state.npz"
        command = [sys.executable, "-m", "server", "serve", "--tied", "--port", "0", "--models", models]
        command += ["--spool", self.spool, "--state", self.state]
        # Pictures have servers of their own.
        command += [*(() if "--image-port" in flags else ("--no-page",)), *flags]
        self.process = subprocess.Popen(
            [str(word) for word in command],
            **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE),
            text=True,
            cwd=folder,
        )
        self.errors = []
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()
        self.ready = self.process.stdout.readline()
        assert self.ready.startswith("ready "), "".join(self.errors)
        self.port = int(self.ready.rpartition(":")[2])

    def peer(self, timeout=PATIENCE_S):
        return Peer(self.port, timeout)

    def send(self, address, *args):
        """The replies to one message, as (address, args), up to /done or /fail."""
        peer = self.peer()
        try:
            return peer.ask(address, *args)
        finally:
            peer.socket.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def running_with(running, model):
    """The server, once it plays this model. Whatever happens, its process ends with the fixture."""
    try:
        replies = running.send("/sound/load", model)
        assert replies[-1].address == "/done", replies
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A models folder with Magenta's small checkpoint under two names."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(SMALL, folder / "gansynth" / "magenta_small")
    return folder


CONDITIONAL = {
    "start_height": 4,
    "start_width": 4,
    "num_resolutions": 4,
    "latent_vector_size": 8,
    "fmap_base": 32,
    "fmap_max": 8,
    "audio_length": 500,
    "sample_rate": 1000,
    "conditions": ["family", "qualities"],
}


@pytest.fixture(scope="session")
def band(tmp_path_factory):
    """A models folder with one tiny checkpoint, `band`: random weights, family and qualities for conditions."""
    from gansynth import checkpoint, read_config

    folder = tmp_path_factory.mktemp("band") / "gansynth" / "band"
    (folder / "stage_00006").mkdir(parents=True)
    (folder / "experiment.json").write_text(json.dumps(CONDITIONAL))
    (folder / "meta.json").write_text(json.dumps({str(pitch): {"pitch": pitch} for pitch in (60, 61, 64)}))
    config, random = read_config(folder), np.random.default_rng(4)
    shapes = checkpoint.expected_shapes(config, config.num_resolutions)
    weights = {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    checkpoint.save(folder, weights, config, 1000)
    return folder.parent.parent


@pytest.fixture
def start_server(tmp_path, models):
    """Start servers of one's own: same folder, so a second one finds the state of the first."""
    started = []

    def start(*flags, folder=tmp_path, models=models):
        started.append(RunningServer(folder, models, *flags))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory, models):
    """One server for all tests that leave it as they found it; magenta_small is loaded."""
    yield from running_with(RunningServer(tmp_path_factory.mktemp("server"), models), "magenta_small")


@pytest.fixture(autouse=True)
def no_directions_from_the_test_before(request):
    """Load the model of the shared server again if a test has left directions there."""
    running = request.getfixturevalue("server") if "server" in request.fixturenames else None
    if isinstance(running, RunningServer) and running.send("/status")[0].args[1] != "-":
        running.send("/sound/unload")
        running.send("/sound/load", "magenta_small")


@pytest.fixture(scope="session")
def band_server(tmp_path_factory, band):
    """One server that plays a model with conditions, for tests that load it again or leave it as they found it."""
    yield from running_with(RunningServer(tmp_path_factory.mktemp("server"), band), "band")


@pytest.fixture
def hallu():
    """Run the command line, in a folder of its own choice; returns the completed process."""

    def run(*words, cwd=None, timeout=PATIENCE_S, **environment):
        command = [sys.executable, "-m", "server", *map(str, words)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=cwd, timeout=timeout, env={**os.environ, **environment}
        )

    return run


@pytest.fixture(scope="session")
def magenta():
    """Magenta's small checkpoint, loaded in this process."""
    import gansynth

    return gansynth.load(SMALL)


@pytest.fixture(scope="session")
def reference():
    """What Magenta's own code computed with it."""
    with np.load(SMALL / "reference.npz", allow_pickle=False) as file:
        return dict(file)
