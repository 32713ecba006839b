"""How the server starts its renderer."""

import io
import subprocess
from types import SimpleNamespace

from renderer.ipc.keys import parse
from server import serve
from server.link.keyring import Keyring
from server.link.renderer_process import RendererFiles, RendererProcess
from server.settings import ServerSettings


class Input(io.BytesIO):
    """Keeps what was written after it is closed."""

    def close(self):
        pass


class Started:
    """In place of a process: it has ended already."""

    def __init__(self, command, **options):
        self.command, self.options, self.stdin = command, options, Input()
        commands.append(self)

    def poll(self):
        return 0

    def terminate(self):
        pass

    def wait(self, patience_s=None):
        return 0


commands: list[Started] = []


def started(monkeypatch, tmp_path, host="127.0.0.1", keys=None, **options):
    monkeypatch.setattr(subprocess, "Popen", Started)
    commands.clear()
    files = RendererFiles([tmp_path, tmp_path / "none"], tmp_path / "out", tmp_path / "settings.json", **options)
    RendererProcess(host, 7771, files, keys)._run_once()
    return commands[0]


def test_where_there_is_no_niceness_it_runs_below_normal_priority(monkeypatch, tmp_path):
    monkeypatch.setattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0x4000, raising=False)
    assert started(monkeypatch, tmp_path).options["creationflags"] == 0x4000


def test_elsewhere_it_is_started_as_any_process(monkeypatch, tmp_path):
    monkeypatch.delattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", raising=False)
    assert started(monkeypatch, tmp_path).options["creationflags"] == 0


def test_the_page_is_for_this_machine_only(monkeypatch, tmp_path):
    command = started(monkeypatch, tmp_path).command
    assert command[command.index("--page-host") + 1] == "127.0.0.1"


def test_the_page_can_be_for_other_machines(monkeypatch, tmp_path):
    command = started(monkeypatch, tmp_path, page_host="0.0.0.0").command
    assert command[command.index("--page-host") + 1] == "0.0.0.0"


def test_the_page_is_where_the_server_was_asked_to_put_it(monkeypatch, tmp_path):
    begun = []
    process = SimpleNamespace(start=lambda: None, stop=lambda: None)
    monkeypatch.setattr(serve, "RendererProcess", lambda host, port, files, keys: begun.append(files) or process)
    settings = ServerSettings(models=(tmp_path,), page_host="127.0.0.2", state=tmp_path / "state.npz")
    with serve._renderer(settings, 7771, SimpleNamespace(new=None)):
        assert [files.page_host for files in begun] == ["127.0.0.2"]


def test_it_is_told_the_models_folders_that_there_are(monkeypatch, tmp_path):
    command = started(monkeypatch, tmp_path).command
    assert command[command.index("--models") + 1 :] == [str(tmp_path)]


def test_an_ipv6_address_has_brackets(monkeypatch, tmp_path):
    command = started(monkeypatch, tmp_path, "::1").command
    assert command[command.index("--server") + 1] == "tcp://[::1]:7771"


def test_its_keys_are_not_in_its_command(monkeypatch, tmp_path):
    ring = Keyring(tmp_path / "keys")
    process = started(monkeypatch, tmp_path, keys=ring.new)
    keys = parse(process.stdin.getvalue().decode())
    assert ring.allows(keys.public.encode())
    assert keys.secret not in " ".join(process.command)


def test_ctrl_c_goes_to_the_server_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    options = started(monkeypatch, tmp_path).options
    assert options["start_new_session"]
    assert options["creationflags"] & 0x200
