"""The registry of model families, and the two protocols that their models keep."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
import tiny_family
from conftest import DATA, SMALL

from core import families
from core.protocols import Control, ImageModel, MappedImageModel, SoundModel
from renderer import biggan

TESTS = Path(__file__).parent
Z = np.random.default_rng(3).standard_normal(64)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv(families.VARIABLE, "")


def test_the_families_of_this_project_are_known():
    assert [(family.name, family.kind) for family in families.families()] == [
        ("specvqgan", "foley"),
        ("cips", "image"),
        ("biggan", "image"),
        ("stylegan2", "image"),
        ("gansynth", "sound"),
    ]
    assert [family.name for family in families.families("sound")] == ["gansynth"]


def test_asking_for_names_imports_nothing():
    code = "import sys; from core import families; families.modules(); print({'renderer'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=TESTS.parent).strip() == "set()"


def test_one_call_adds_a_family_for_child_processes_too():
    families.register("tiny", "tiny_family")
    families.register("tiny", "tiny_family")
    assert families.families("image")[3] is tiny_family.FAMILY
    assert os.environ[families.VARIABLE] == "tiny=tiny_family"
    code = "from core import families; print(*[family.name for family in families.families()])"
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    received = subprocess.check_output([sys.executable, "-c", code], text=True, env=os.environ | {"PYTHONPATH": paths})
    assert received.split() == ["specvqgan", "cips", "biggan", "stylegan2", "tiny", "gansynth"]


def test_an_installed_package_adds_a_family(monkeypatch):
    entry = EntryPoint("tiny", "tiny_family:FAMILY", families.GROUP)
    monkeypatch.setattr(families, "entry_points", lambda group: [entry] if group == families.GROUP else [])
    families._installed.cache_clear()
    try:
        assert families.modules()["tiny"] == "tiny_family"
        assert tiny_family.FAMILY in families.families()
    finally:
        families._installed.cache_clear()


@pytest.mark.parametrize(
    ("name", "module", "message"),
    [
        (
            "tiny",
            "no module",
            "by a plain name and the path of a module, not 'tiny', 'no module'",
        ),
        ("a,b", "tiny_family", "not 'a,b', 'tiny_family'"),
        ("biggan", "tiny_family", "the family 'biggan' is renderer.biggan.family already, not tiny_family"),
    ],
)
def test_what_cannot_be_registered_is_refused(name, module, message):
    with pytest.raises(ValueError, match=message):
        families.register(name, module)
    assert os.environ[families.VARIABLE] == ""


def test_a_variable_that_cannot_be_read_is_named(monkeypatch):
    monkeypatch.setenv(families.VARIABLE, "tiny")
    with pytest.raises(ValueError, match=r"HALLU_FAMILIES must be a list of NAME=MODULE, .* one part is 'tiny'"):
        families.families()


@pytest.mark.parametrize(("module", "reason"), [("nowhere", "No module named 'nowhere'"), ("test_families", "FAMILY")])
def test_a_family_that_cannot_be_imported_is_left_out(module, reason, caplog):
    families.register("odd", module)
    assert [family.name for family in families.families()] == ["specvqgan", "cips", "biggan", "stylegan2", "gansynth"]
    assert reason in caplog.text


def test_a_folder_of_no_family_is_named_with_what_folders_contain(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"contains no image model; a folder of cips has config\.json and"):
        families.family_of(tmp_path, "image")
    with pytest.raises(FileNotFoundError, match="contains no sound model; a folder of gansynth has stage_"):
        families.load(DATA / "biggan_small", "sound")


def test_the_first_of_a_name_counts(tmp_path):
    families.register("tiny", "tiny_family")
    for place in ("a", "b"):
        tiny_family.write(tmp_path / place / "tiny" / "soft")
    tiny_family.write(tmp_path / "b" / "tiny" / "other")
    found = families.find([tmp_path / "a", tmp_path / "b", tmp_path / "missing"])
    assert [model.folder for model in found] == [tmp_path / "a/tiny/soft", tmp_path / "b/tiny/other"]


def test_descriptions_say_what_is_listed():
    sound, image = families.sound_description(SMALL), families.image_description(DATA / "biggan_small")
    assert (sound.name, sound.latent_size, sound.sample_rate, len(sound.pitches)) == ("magenta_small", 64, 16000, 61)
    assert (image.name, image.size, image.z_size, len(image.class_names)) == ("biggan_small", 128, 128, 1000)


def test_models_keep_their_protocols(magenta):
    model = biggan.load(DATA / "biggan_small")
    assert isinstance(model, ImageModel)
    assert not isinstance(model, MappedImageModel)
    assert isinstance(magenta, SoundModel)


@pytest.mark.parametrize(
    ("extras", "message"),
    [
        ({"noise": "const"}, "biggan_small has no noise inputs, so noise must be None, not 'const'"),
        ({"bends": ["zoom"]}, "a bend must be a Bend of renderer.bending, not 'zoom'"),
    ],
)
def test_what_a_model_does_not_have_is_one_sentence(extras, message):
    model = biggan.load(DATA / "biggan_small")
    for method in (model.render, model.generate):
        with pytest.raises(ValueError, match=message):
            method(np.zeros((1, 128)), np.zeros((1, 1000)), 1.0, **extras)


def test_several_layers_are_moved_at_once():
    model = biggan.load(DATA / "biggan_small")
    z, classes = np.zeros((1, 128)), np.eye(1000)[[3]]
    rng = np.random.default_rng(0)
    moves = [(layer, 0.5 * rng.standard_normal((1, *model.layer_shape(layer)))) for layer in ("z", "gen_z", "layers.2")]
    halves = [(layer, offsets / 2) for layer, offsets in moves]
    both = model.generate(z, classes, 1.0, moves=moves)
    np.testing.assert_allclose(model.generate(z, classes, 1.0, moves=[*halves[::-1], *halves]), both, atol=1e-5)
    for left_out in range(3):
        others = [move for place, move in enumerate(moves) if place != left_out]
        assert np.abs(model.generate(z, classes, 1.0, moves=others) - both).max() > 1e-3


def test_a_note_is_its_blocks_one_after_the_other(magenta):
    note = np.concatenate(list(magenta.render({"z": Z, "pitch": 60})))
    np.testing.assert_array_equal(note, magenta.generate(Z[None], [60])[0])


def test_a_sound_model_declares_its_controls(magenta):
    latent, pitch = magenta.controls
    assert (latent.name, latent.size, latent.optional) == ("z", 64, False)
    assert (pitch.low, pitch.high, len(pitch.choices), pitch.unit) == (24, 84, 61, "MIDI pitch")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"z": Z}, "magenta_small needs pitch for a note"),
        ({"z": Z, "pitch": 60, "volume": 1}, "a control must be one of z, pitch, not 'volume'"),
        ({"z": Z, "pitch": 10}, "no pitch 10"),
        ({"z": Z[:3], "pitch": 60}, "z "),
    ],
)
def test_a_note_of_other_controls_is_refused(magenta, values, message):
    with pytest.raises(ValueError, match=message):
        magenta.render(values)


def test_a_control_out_of_order_is_refused():
    with pytest.raises(ValueError, match="low of x must be at most 1, not 2"):
        Control("x", 2, 1)
    with pytest.raises(ValueError, match=r"a choice of x must be in 0\.\.1, not 3"):
        Control("x", 0, 1, choices=(3.0,))


def test_kinds_of_models_have_plurals():
    from core import families

    assert families.KIND_PLURALS["foley"] == "models of sounds for pictures"
    assert {f"{families.KIND_NAMES[kind]}s" for kind in ("sound", "image")} < set(families.KIND_PLURALS.values())


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("biggan/patterns", "weights.npz"),
        ("cips/motifs", "weights.safetensors"),
        ("stylegan2/drawings", "weights.safetensors"),
    ],
)
def test_an_image_models_checksum_is_of_the_weights_that_were_loaded(tmp_path, name, file):
    folder = shutil.copytree(DATA.parent.parent / "models" / name, tmp_path / "copy")
    family = families.family_of(folder, "image")
    model, before = family.load(folder), family.checksum(folder)
    with (folder / file).open("ab") as more:
        more.write(b"\0")
    assert model.checksum == before != family.checksum(folder)
