"""Servers that are killed or cannot save, and come back where they were."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE_S, Peer
from waiting import until

COMPONENTS = Path(__file__).parent / "data" / "state_v1" / "band_conv0.npz"


def z_of(server, slot):
    """What a slot holds: a slerp from it to itself by nothing."""
    replies = server.send("/sound/slerp_z", slot, slot, "probe", 0)
    assert replies[-1].address == "/done", replies
    return replies[0].args[1:]


def busy(server, target="long"):
    peer = server.peer()
    peer.send("/sound/hallucinate", target, 20, 100, 0.1)
    assert peer.receive().address == "/progress"
    return peer


def test_a_server_killed_within_a_hallucination_comes_back_with_its_state(start_server):
    first = start_server("--load", "magenta_small")
    first.send("/sound/seed", 11)
    slots = {name: first.send("/sound/randomize_z", name)[0].args[1:] for name in ("a", "b", 7)}
    busy(first)
    first.kill()
    second = start_server()
    assert {name: z_of(second, name) for name in slots} == slots
    assert second.send("/status")[0].args[0] == "magenta_small"
    following = second.send("/sound/randomize_z", "x", "y")
    second.send("/sound/seed", 11)
    again = second.send("/sound/randomize_z", "a", "b", "7", "x", "y")
    assert [reply.args[1:] for reply in again[:3]] == list(slots.values())
    # The killed hallucination was never acknowledged, so it has drawn no random numbers.
    assert [reply.args for reply in again[3:5]] == [reply.args for reply in following[:2]]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)])
def test_a_server_that_is_stopped_fails_what_it_was_doing(start_server, number, status):
    server = start_server("--load", "magenta_small")
    peer = busy(server)
    waiting = server.peer()
    waiting.send("/sound/randomize_z", "later")
    assert server.send("/status")[0].args[2] == 1
    assert server.stop(number) == status
    assert peer.receive_end()[-1].args == ["/sound/hallucinate", "long", "the server is stopping"]
    assert waiting.receive_end()[-1].args == ["/sound/randomize_z", "-", "the server is stopping"]


def test_a_server_can_be_stopped_while_tensorflow_loads(start_server):
    assert start_server().stop() == 0


def test_a_broken_state_file_is_set_aside(start_server, tmp_path):
    (tmp_path / "state.npz").write_bytes(b"nonsense")
    server = start_server()
    assert server.send("/status")[-1].address == "/done"
    assert (tmp_path / "state.npz.broken").read_bytes() == b"nonsense"


def let_it_write(server, most=resource.RLIM_INFINITY):
    """Let no file of a server's process grow beyond so many bytes, as on a full disk."""
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def unsaved(server):
    return [reply.args for reply in server.send("/status") if reply.address == "/status.unsaved"]


def test_a_server_on_a_full_disk_plays_on_and_saves_when_it_can(start_server):
    server = start_server("--load", "magenta_small")
    server.send("/sound/seed", 1)
    let_it_write(server, 0)
    assert server.send("/sound/randomize_z", "a")[-1].address == "/done"
    assert str(server.state.parent) in unsaved(server)[0][0]
    assert server.send("/sound/synthesize", "a", "t", 60)[-1].address == "/fail"
    let_it_write(server)
    assert server.send("/sound/randomize_z", "b")[-1].address == "/done"
    assert unsaved(server) == []
    slots = {name: z_of(server, name) for name in "ab"}
    server.kill()
    assert {name: z_of(start_server(), name) for name in "a"} == {"a": slots["a"]}
    assert sum("playing on" in line for line in server.errors) == 1


def test_a_server_starts_and_loads_where_nothing_can_be_saved(start_server, tmp_path):
    first = start_server("--load", "magenta_small")
    first.send("/sound/randomize_z", "a")
    first.stop()
    (tmp_path / "no folder").write_text("")
    server = start_server("--state", tmp_path / "no folder" / "state.npz", "--load", "magenta_small")
    assert server.send("/sound/randomize_z", "a")[-1].address == "/done"
    assert server.send("/sound/synthesize", "a", "t", 60)[-1].address == "/done"
    assert "no folder" in unsaved(server)[0][0]


def test_a_second_server_does_not_take_the_state_of_the_first(start_server, hallu, tmp_path):
    first = start_server()
    second = hallu("serve", "--port", 0, "--no-page", "--state", first.state, "--spool", tmp_path / "spool2")
    assert second.returncode == 1
    assert f"127.0.0.1:{first.port}" in second.stderr and "--state" in second.stderr


def test_a_killed_server_leaves_its_state_to_the_next_one(start_server):
    start_server().kill()
    assert start_server().send("/status")[-1].address == "/done"


def test_a_start_without_the_models_folder_erases_nothing(start_server, band, tmp_path):
    models = Path(shutil.copytree(band, tmp_path / "models"))
    shutil.copy(COMPONENTS, models / "gansynth" / "band")
    first = start_server("--load", "band", models=models)
    first.send("/sound/condition", "family", "brass")
    first.send("/sound/load_ganspace_components", COMPONENTS.name)
    first.send("/sound/set_edits", 1.5, -0.5)
    first.stop()
    models.rename(tmp_path / "away")
    models.mkdir()
    without = start_server(models=models)
    assert without.send("/sound/seed", 5)[-1].address == "/done"
    without.stop()
    models.rmdir()
    (tmp_path / "away").rename(models)
    back = start_server(models=models)
    until(lambda: back.send("/status")[0].args[:2] == ["band", COMPONENTS.name])
    assert back.send("/sound/load", "band")[-2].args == [1.5, -0.5]
    assert "brass" in back.send("/sound/conditions")[1].args


def test_a_state_file_that_is_a_link_stays_one(start_server, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state.npz").symlink_to(tmp_path / "elsewhere" / "real.npz")
    server = start_server()
    server.send("/sound/seed", 3)
    assert (tmp_path / "state.npz").is_symlink()
    assert (tmp_path / "elsewhere" / "real.npz").stat().st_size > 0


def test_a_server_plays_where_the_users_data_folder_cannot_be_written(models, tmp_path):
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "server", "serve", "--port", "0", "--no-page", "--models", str(models)]
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "file")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        peer = Peer(int(process.stdout.readline().rpartition(":")[2]))
        for message in (
            ("/sound/load", "magenta_small"),
            ("/sound/randomize_z", "a"),
            ("/sound/synthesize", "a", "t", 60),
        ):
            replies = peer.ask(*message)
            assert replies[-1].address == "/done", replies
        assert Path(replies[0].args[1]).exists()
        shutil.rmtree(Path(replies[0].args[1]).parent)
    finally:
        process.terminate()
        errors = process.communicate()[1]
    assert "Traceback" not in errors


def test_a_tied_server_ends_with_whoever_started_it(start_server):
    server = start_server()
    server.process.stdin.close()
    assert server.process.wait(PATIENCE_S) == 0


def test_ctrl_c_in_a_terminal_ends_a_server_with_its_renderer_in_silence(tmp_path, models):
    """A terminal sends Ctrl-C to all processes in front: the renderer's end is not a failure then."""
    command = [sys.executable, "-m", "server", "serve", "--port", "0", "--image-port", "0", "--no-image"]
    command += ["--models", str(models), "--spool", str(tmp_path / "spool"), "--state", str(tmp_path / "state.npz")]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True)
    said = []
    for line in server.stderr:
        said.append(line)
        if "page at" in line:
            break
    os.killpg(server.pid, signal.SIGINT)
    said += server.stderr
    assert server.wait(PATIENCE_S) == 130
    assert [line for line in said if "exited" in line or "Traceback" in line] == []
