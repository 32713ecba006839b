"""The state file, and a server that comes back with it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from waiting import PATIENCE_S

import ganspace
import gansynth
from core.files.user_folders import data_dir
from ganspace.edited_models import EditedModel
from server.session import Session
from server.settings import ServerSettings
from server.state_file import SavedSession, load, restore, save
from server.state_keeper import StateKeeper

RANDOM = np.random.default_rng(7)


def example(**changes):
    slots = {"a": np.arange(3, dtype=np.float32), "Käfer/../\udcff": np.ones(5, np.float32)}
    return SavedSession(**{"seed": 7, "random": RANDOM.bit_generator.state, "slots": slots, "model": "/m/x", **changes})


def test_everything_comes_back(tmp_path):
    save(tmp_path / "s.npz", example())
    back = load(tmp_path / "s.npz")
    assert (back.seed, back.random, back.model) == (7, RANDOM.bit_generator.state, "/m/x")
    assert {name: z.tolist() for name, z in back.slots.items()} == {
        name: z.tolist() for name, z in example().slots.items()
    }


def test_an_empty_state_comes_back(tmp_path):
    save(tmp_path / "s.npz", example(slots={}, model=None))
    assert (load(tmp_path / "s.npz").slots, load(tmp_path / "s.npz").model) == ({}, None)


def test_conditions_come_back(tmp_path):
    save(tmp_path / "s.npz", example(conditions={"family": ("brass",), "qualities": ("dark", "reverb")}))
    assert load(tmp_path / "s.npz").conditions == {"family": ("brass",), "qualities": ("dark", "reverb")}


def test_a_file_from_before_there_were_conditions_has_none(tmp_path):
    save(tmp_path / "s.npz", example())
    with np.load(tmp_path / "s.npz") as file:
        header, latents = json.loads(str(file["header"])), file["latents"]
    header["hallu_state"] = 1
    del header["conditions"]
    np.savez(tmp_path / "s.npz", header=np.array(json.dumps(header)), latents=latents)
    assert (load(tmp_path / "s.npz").conditions, load(tmp_path / "s.npz").model) == ({}, "/m/x")


def test_random_numbers_go_on_where_they_stopped(tmp_path):
    random = np.random.default_rng(3)
    random.standard_normal(5, np.float32)
    save(tmp_path / "s.npz", example(random=random.bit_generator.state))
    again = np.random.default_rng()
    again.bit_generator.state = load(tmp_path / "s.npz").random
    assert again.standard_normal(4).tolist() == random.standard_normal(4).tolist()


def test_a_missing_file_is_a_fresh_start(tmp_path):
    assert restore(tmp_path / "s.npz") is None


@pytest.mark.parametrize("size", [0, 1, 100, 700])
def test_a_broken_file_is_set_aside(tmp_path, caplog, size):
    save(tmp_path / "s.npz", example())
    (tmp_path / "s.npz").write_bytes((tmp_path / "s.npz").read_bytes()[:size])
    assert restore(tmp_path / "s.npz") is None
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz.broken"]
    assert "s.npz" in caplog.text


def test_a_file_that_was_set_aside_before_is_not_overwritten(tmp_path):
    for content in (b"first", b"second"):
        (tmp_path / "s.npz").write_bytes(content)
        restore(tmp_path / "s.npz")
    assert (tmp_path / "s.npz.broken").read_bytes() == b"first"
    assert (tmp_path / "s.npz.broken-2").read_bytes() == b"second"


def test_a_file_that_cannot_be_read_is_not_overwritten(tmp_path, monkeypatch):
    save(tmp_path / "s.npz", example())
    before = (tmp_path / "s.npz").read_bytes()
    monkeypatch.setattr(
        "server.state_file.restore", lambda path: (_ for _ in ()).throw(PermissionError(13, "no", path))
    )
    keeper = StateKeeper(tmp_path / "s.npz")
    keeper.save(Session.seeded(1))
    assert "no" in keeper.problem
    assert (tmp_path / "s.npz").read_bytes() == before


@pytest.mark.parametrize("place", range(0, 1200, 40))
def test_a_flipped_byte_never_crashes_the_start(tmp_path, place):
    save(tmp_path / "s.npz", example())
    data = bytearray((tmp_path / "s.npz").read_bytes())
    data[place % len(data)] ^= 0xFF
    (tmp_path / "s.npz").write_bytes(data)
    restored = restore(tmp_path / "s.npz")
    assert restored is None or restored.seed == 7


def test_a_later_version_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("server.state_file.VERSION", 3)
    save(tmp_path / "s.npz", example())
    monkeypatch.undo()
    with pytest.raises(ValueError, match="version 3"):
        load(tmp_path / "s.npz")


@pytest.mark.parametrize(
    ("change", "size"),
    [
        ({"slots": [["a", -2], ["b", 10]]}, 8),
        ({"slots": [["a", 0]]}, 0),
        ({"slots": [["a", 2_000_000]]}, 2_000_000),
        ({"slots": [[f"s{number}", 1] for number in range(1025)]}, 1025),
        ({"slots": [["n" * 256, 1]]}, 1),
        ({"edits": [float("nan")]}, 8),
        ({"edits": [0.5] * 16_385}, 8),
        ({"model": "x" * 100_000}, 8),
    ],
)
def test_what_no_command_could_set_is_refused(tmp_path, change, size):
    save(tmp_path / "s.npz", example())
    with np.load(tmp_path / "s.npz") as file:
        header = json.loads(str(file["header"])) | change
    np.savez(tmp_path / "s.npz", header=np.array(json.dumps(header)), latents=np.zeros(size, np.float32))
    with pytest.raises(ValueError, match=r"s\.npz is not a state file: "):
        load(tmp_path / "s.npz")


@pytest.mark.parametrize("latents", [np.zeros((8, 2), np.float32), np.zeros(8, complex), np.full(8, 1e300)])
def test_latents_that_are_none_are_refused(tmp_path, latents):
    save(tmp_path / "s.npz", example())
    with np.load(tmp_path / "s.npz") as file:
        header = file["header"]
    np.savez(tmp_path / "s.npz", header=header, latents=latents)
    with pytest.raises(ValueError, match=r"s\.npz is not a state file: "):
        load(tmp_path / "s.npz")


def test_pickles_are_not_executed(tmp_path):
    np.savez(tmp_path / "s.npz", header=np.array({"a": 1}, dtype=object), latents=np.zeros(1))
    with pytest.raises(ValueError, match="not a state file"):
        load(tmp_path / "s.npz")


# Written by a server of version 1: seed 5, slots that were drawn, set and interpolated, conditions, components, edits.
V1 = Path(__file__).parent / "data" / "state_v1" / "state.npz"


@pytest.fixture
def v1(tmp_path):
    return Path(shutil.copy(V1, tmp_path / "state.npz"))


def test_a_file_of_version_1_is_read(v1):
    saved = restore(v1)
    assert (saved.seed, saved.model) == (5, "/srv/hallu/models/gansynth/band")
    assert saved.components == "/srv/hallu/models/gansynth/band/band_conv0.npz"
    assert saved.conditions == {"family": ("brass",), "qualities": ("bright", "reverb")}
    assert saved.edits == (1.5, -0.5, 0.25)
    assert list(saved.slots) == ["c d/é", "7", "b", "half", "after", "a"]
    np.testing.assert_allclose(saved.slots["7"], np.linspace(-1, 1, 8), atol=1e-6)


def test_the_random_numbers_of_version_1_go_on(v1):
    drawn = np.random.default_rng(5).standard_normal((5, 8), np.float32)
    session = Session(5, restore(v1).random, restore(v1).slots)
    # Four vectors were drawn, and a fifth put into "a" after that.
    assert session.slots["after"].tolist() == drawn[3].tolist()
    assert session.slots["a"].tolist() == drawn[4].tolist()
    following = np.random.default_rng(5).standard_normal((6, 8), np.float32)[5]
    assert session.draw(8)[1].tolist() == following.tolist()


def test_a_file_of_version_1_is_upgraded_once_and_kept(v1):
    before = restore(v1)
    assert (v1.parent / "state.v1.npz").read_bytes() == V1.read_bytes()
    with np.load(v1) as file:
        assert json.loads(str(file["header"]))["hallu_state"] == 2
    written = v1.stat().st_mtime_ns
    again = restore(v1)
    assert v1.stat().st_mtime_ns == written
    assert sorted(path.name for path in v1.parent.iterdir()) == ["state.npz", "state.v1.npz"]
    assert {name: z.tolist() for name, z in again.slots.items()} == {n: z.tolist() for n, z in before.slots.items()}
    assert replace(again, slots={}) == replace(before, slots={})


def test_an_older_copy_is_not_overwritten(v1):
    (v1.parent / "state.v1.npz").write_bytes(b"kept before")
    restore(v1)
    assert (v1.parent / "state.v1.npz").read_bytes() == b"kept before"
    assert (v1.parent / "state.v1-2.npz").read_bytes() == V1.read_bytes()


def test_an_upgrade_that_cannot_be_written_does_not_stop_the_start(v1, monkeypatch, caplog):
    def disk_is_full(path, saved):
        raise OSError("no space left on device")

    monkeypatch.setattr("server.state_file.save", disk_is_full)
    assert restore(v1).seed == 5
    assert v1.read_bytes() == V1.read_bytes()
    assert "no space left" in caplog.text


def test_version_2_needs_all_fields(tmp_path):
    save(tmp_path / "s.npz", example())
    with np.load(tmp_path / "s.npz") as file:
        header, latents = json.loads(str(file["header"])), file["latents"]
    del header["edits"]
    np.savez(tmp_path / "s.npz", header=np.array(json.dumps(header)), latents=latents)
    with pytest.raises(ValueError, match="edits"):
        load(tmp_path / "s.npz")


def test_the_default_port_keeps_its_file():
    assert ServerSettings().state == data_dir() / "state.npz"


def test_another_port_has_a_file_of_its_own():
    assert ServerSettings(port=7780).state == data_dir() / "state-7780.npz"


def test_a_server_takes_up_what_version_1_left(start_server, band, tmp_path):
    with np.load(V1) as file:
        header, latents = str(file["header"]), file["latents"]
    models = tmp_path / "models"
    shutil.copytree(band, models)
    own = ganspace.load(shutil.copy(V1.parent / "band_conv0.npz", models / "gansynth" / "band"))
    moved = header.replace("/srv/hallu/models", models.as_posix())
    np.savez(tmp_path / "state.npz", header=np.array(moved), latents=latents)
    server = start_server(models=models)
    reported = {reply.args[0]: reply.args[1:] for reply in server.send("/sound/conditions")[1::2]}
    assert reported == {"family": ["brass"], "qualities": ["bright", "reverb"]}
    assert server.send("/status")[0].args[:2] == ["band", "band_conv0.npz"]
    assert server.send("/sound/slerp_z", 7, 7, 7, 0)[0].args[1:] == pytest.approx(np.linspace(-1, 1, 8))
    audio = server.send("/sound/synthesize", 7, "t", 60)[0].args
    model = gansynth.load(models / "gansynth" / "band")
    conditions = {"family": ("brass",), "qualities": ("bright", "reverb")}
    z = np.linspace(-1, 1, 8, dtype=np.float32)[None]
    edited = EditedModel(model, own, (1.5, -0.5, 0.25)).generate(z, [60], conditions=conditions)[0]
    np.testing.assert_allclose(soundfile.read(audio[1])[0], edited, rtol=1e-3, atol=1e-3)
    assert (tmp_path / "state.v1.npz").exists()


def test_nobody_waits_for_the_disk_which_has_the_state_a_little_later(tmp_path, monkeypatch):
    monkeypatch.setattr("server.state_keeper.SYNC_AFTER_S", 0.05)
    synced = []
    monkeypatch.setattr("core.files.atomic.sync_file", synced.append)
    keeper = StateKeeper(tmp_path / "s.npz")
    for seed in range(3):
        keeper.save(Session.seeded(seed))
    assert not synced and load(tmp_path / "s.npz").seed == 2
    keeper._syncing.join(PATIENCE_S)
    assert synced == [tmp_path / "s.npz"]
