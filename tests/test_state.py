"""The state file, and a server that comes back with it."""

import json

import numpy as np
import pytest

from server.state import State, load, restore, save

RANDOM = np.random.default_rng(7)


def example(**changes):
    slots = {"a": np.arange(3, dtype=np.float32), "Käfer/../\udcff": np.ones(5, np.float32)}
    return State(**{"seed": 7, "random": RANDOM.bit_generator.state, "slots": slots, "model": "/m/x", **changes})


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


@pytest.mark.parametrize("place", range(0, 1200, 40))
def test_a_flipped_byte_never_crashes_the_start(tmp_path, place):
    save(tmp_path / "s.npz", example())
    data = bytearray((tmp_path / "s.npz").read_bytes())
    data[place % len(data)] ^= 0xFF
    (tmp_path / "s.npz").write_bytes(data)
    restored = restore(tmp_path / "s.npz")
    assert restored is None or restored.seed == 7


def test_a_later_version_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("server.state.VERSION", 2)
    save(tmp_path / "s.npz", example())
    monkeypatch.undo()
    with pytest.raises(ValueError, match="version 2"):
        load(tmp_path / "s.npz")


def test_pickles_are_not_executed(tmp_path):
    np.savez(tmp_path / "s.npz", header=np.array({"a": 1}, dtype=object), latents=np.zeros(1))
    with pytest.raises(ValueError, match="no state file"):
        load(tmp_path / "s.npz")
