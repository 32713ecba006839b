"""Image models' files: what is read, and what is refused; nothing in them is ever run."""

import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch_files
from torch_files import Call, Global

from core.formats import torch_file
from renderer import biggan
from renderer.biggan import npz_format, weights
from scripts import biggan_convert

SMALL = Path(__file__).parent / "data" / "biggan_small"
SAVED = Path(__file__).parent / "data" / "torch_saved"
WRITERS = [torch_files.write_zip, torch_files.write_legacy]


@pytest.fixture(scope="module")
def arrays():
    return torch_file.read(SMALL / "pytorch_model.bin")


@pytest.fixture(scope="module")
def folded(arrays):
    return weights.complete(arrays, biggan.read_config(SMALL))


def folder_with(tmp_path, arrays, write=torch_files.write_zip):
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copy(SMALL / "config.json", folder)
    write(folder / "pytorch_model.bin", *torch_files.state_dict(arrays))
    return folder


def reference_error(model):
    with np.load(SMALL / "reference.npz", allow_pickle=False) as file:
        z, y, images = (file[name][:2] for name in ("z", "y", "images"))
    return np.abs(model.generate(z, y, [1.0, 0.5]) - images).max()


@pytest.mark.parametrize("write", WRITERS)
def test_both_formats_give_the_reference(tmp_path, arrays, write):
    assert reference_error(biggan.load(folder_with(tmp_path, arrays, write))) < 1e-3


@pytest.mark.parametrize("write", WRITERS)
def test_views_of_a_storage_are_read_as_such(tmp_path, write):
    values = np.arange(12, dtype=np.float32)
    turned, storage = torch_files.tensor("0", values, shape=(2, 3), strides=(1, 4), offset=1)
    write(tmp_path / "a.bin", OrderedDict(a=turned), [storage])
    np.testing.assert_array_equal(torch_file.read(tmp_path / "a.bin")["a"], [[1, 5, 9], [2, 6, 10]])


@pytest.mark.parametrize("name", ["zip.bin", "legacy.bin"])
def test_files_that_torch_itself_wrote(name):
    """See tests/data/torch_saved/README.md: a view, a parameter, a scalar, bfloat16."""
    found = torch_file.read(SAVED / name)
    expected = {"a": np.arange(6.0).reshape(2, 3).T, "b": np.ones(2), "c": 3, "d": [1.5, -2.0]}
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)


HOSTILE = {
    "posix.system": Call(Global("posix", "system"), "touch hostile"),
    "builtins.exec": Call(Global("builtins", "exec"), "open('hostile', 'w')"),
    "builtins.getattr": Call(Global("builtins", "getattr"), Global("os", "path"), "join"),
    "torch.load": Call(Global("torch", "load"), "other.bin"),
    "torch.storage._load_from_bytes": Call(Global("torch.storage", "_load_from_bytes"), b"x"),
    "numpy.load": Call(Global("numpy", "load"), "other.npy"),
    "functools.partial": Call(Global("functools", "partial"), Global("posix", "system")),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("write", WRITERS)
def test_what_a_pickle_wants_to_call_is_refused_by_name(tmp_path, monkeypatch, name, write):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.bin", OrderedDict(a=HOSTILE[name]), [])
    asked = "os.path" if name == "builtins.getattr" else name
    with pytest.raises(ValueError, match=r"it asks for (builtins\.getattr|" + asked.replace(".", r"\.") + ")"):
        torch_file.read(tmp_path / "a.bin")
    assert not Path("hostile").exists()


def test_a_real_hostile_pickle_works_elsewhere_and_is_refused_here(tmp_path, monkeypatch):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "hostile"),)

    with zipfile.ZipFile(tmp_path / "a.bin", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(OrderedDict(a=Hostile())))
    with pytest.raises(ValueError, match=r"it asks for posix\.mkdir|it asks for nt\.mkdir"):
        torch_file.read(tmp_path / "a.bin")
    assert not (tmp_path / "hostile").exists()
    pickle.loads(pickle.dumps(Hostile()))
    assert (tmp_path / "hostile").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": (5,), "strides": (1,)},
        {"offset": 1},
        {"offset": -1},
        {"strides": (-1,)},
        {"strides": (2**40,)},
        {"shape": (2**20,), "strides": (0,)},
        {"shape": (2, 2), "strides": (1,)},
        {"shape": ("a",)},
        {"shape": 4},
    ],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(tmp_path, changes):
    one, storage = torch_files.tensor("0", np.ones(4, np.float32), **changes)
    torch_files.write_zip(tmp_path / "a.bin", OrderedDict(a=one), [storage])
    with pytest.raises(ValueError, match=r"a\.bin: a cannot be read"):
        torch_file.read(tmp_path / "a.bin")


def test_damaged_files_are_named(tmp_path, arrays):
    for write in WRITERS:
        path = tmp_path / "a.bin"
        write(path, *torch_files.state_dict({"a": np.ones(1000, np.float32)}))
        whole = path.read_bytes()
        for length in (0, 1, 10, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:length])
            with pytest.raises(ValueError, match=r"a\.bin cannot be read as tensors of torch"):
                torch_file.read(path)


def test_a_compressed_archive_is_refused(tmp_path):
    """It may be far larger than it looks."""
    torch_files.write_zip(
        tmp_path / "a.bin", *torch_files.state_dict({"a": np.ones(9, np.float32)}), compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(ValueError, match="the archive is compressed"):
        torch_file.read(tmp_path / "a.bin")


def test_big_endian_numbers_are_refused(tmp_path):
    torch_files.write_zip(tmp_path / "a.bin", *torch_files.state_dict({"a": np.ones(9, np.float32)}), byteorder=b"big")
    with pytest.raises(ValueError, match="not little-endian"):
        torch_file.read(tmp_path / "a.bin")


@pytest.mark.parametrize("value", [[1, 2], "text", 3.0])
def test_another_thing_than_tensors_is_refused(tmp_path, value):
    torch_files.write_legacy(tmp_path / "a.bin", value, [])
    with pytest.raises(ValueError, match="not a state dict"):
        torch_file.read(tmp_path / "a.bin")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("generator.layers.3.conv_1.bias"), r"generator\.layers\.3\.conv_1\.bias is missing"),
        (lambda a: a.pop("generator.layers.0.conv_0.weight_orig"), r"generator\.layers\.0\.conv_0\.weight is missing"),
        (lambda a: a.pop("generator.gen_z.weight_u"), r"generator\.gen_z\.weight_u is missing"),
        (
            lambda a: a.update({"generator.bn.bias": np.zeros(5, np.float32)}),
            r"generator\.bn\.bias must have shape \[6\], not",
        ),
        (
            lambda a: a.update({"embeddings.weight": np.full((128, 1000), np.nan, np.float32)}),
            r"a value of embeddings\.weight is not finite",
        ),
        (
            lambda a: a.update({"generator.layers.8.gamma": np.array([1], np.int64), "generator.bn.running_vars": -1}),
            r"generator\.bn\.running_vars",
        ),
    ],
)
def test_what_is_wrong_with_an_array_is_said_by_name(tmp_path, arrays, change, message):
    changed = dict(arrays)
    change(changed)
    changed = {name: np.full((51, 6), -1, np.float32) if np.isscalar(a) else a for name, a in changed.items()}
    folder = folder_with(tmp_path, changed)
    with pytest.raises(ValueError, match=message) as raised:
        biggan.load(folder)
    assert str(folder) in str(raised.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("channel_width", 0, "channel_width must be at least 1, not 0"),
        ("channel_width", "6", "channel_width must be a whole number, not '6'"),
        ("z_dim", True, "z_dim must be a whole number, not True"),
        ("eps", -1.0, "eps must be above 0, not -1"),
        ("output_dim", 256, "output_dim is 256, but the layers give 128 pixels"),
        ("layers", None, "layers must be a list"),
        ("layers", [[False, 16, 16], [1, 2]], r"one of them is \[1, 2\]"),
        ("layers", [[False, 16, 8], [True, 16, 8]], "must take 8 channels"),
        ("layers", [[False, 16, 4]], "keep or halve"),
        ("layers", [[False, 16, 16]], "the last layer must give 1 channel width, not 16"),
    ],
)
def test_a_config_that_breaks_a_rule_is_named(tmp_path, key, value, message):
    settings = json.loads((SMALL / "config.json").read_text()) | {key: value}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    (tmp_path / "weights.npz").touch()
    with pytest.raises(ValueError, match=message) as raised:
        biggan.read_config(tmp_path)
    assert "config.json" in str(raised.value)


def test_our_own_format_renders_the_same(tmp_path):
    biggan.convert(SMALL, tmp_path / "own", "float32")
    model = biggan.load(tmp_path / "own")
    assert reference_error(model) < 1e-3
    assert model.class_names == biggan.load(SMALL).class_names


def test_our_own_format_in_half_the_size(tmp_path, capsys):
    assert biggan_convert.main([str(SMALL), str(tmp_path / "own")]) == 0
    assert "own: 128 px, 1000 classes" in capsys.readouterr().out
    size = (tmp_path / "own" / "weights.npz").stat().st_size
    assert size < (SMALL / "pytorch_model.bin").stat().st_size * 0.55
    assert reference_error(biggan.load(tmp_path / "own")) < 0.02


def test_a_folder_is_never_overwritten(tmp_path, capsys):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.txt").touch()
    assert biggan_convert.main([str(SMALL), str(tmp_path / "own")]) == 1
    assert "exists already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["own", "mine.txt"]


def test_another_version_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", format="hallu-biggan", version=2)
    with pytest.raises(ValueError, match="is of version 2; this program reads version 1"):
        npz_format.read(tmp_path / "a.npz")


def test_another_format_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", a=1)
    with pytest.raises(ValueError, match="not an image model of the format hallu-biggan"):
        npz_format.read(tmp_path / "a.npz")


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", format="hallu-biggan", version=1, a=np.array([{}], object))
    with pytest.raises(ValueError, match="is damaged"):
        npz_format.read(tmp_path / "a.npz")


def test_too_large_for_half_the_digits(tmp_path, folded):
    folded = folded | {"generator.bn.bias": np.full(6, 7e4, np.float32)}
    from renderer.biggan import model_formats

    with pytest.raises(ValueError, match=r"generator\.bn\.bias contains a value too large for float16"):
        model_formats.save(tmp_path / "own", biggan.read_config(SMALL), folded, ["a"] * 1000)
    assert not (tmp_path / "own").exists()


def test_models_are_found_by_their_files(tmp_path, caplog):
    place = tmp_path / "biggan"
    for name in ("b", "a", "broken", "empty"):
        (place / name).mkdir(parents=True)
    for name in ("a", "b"):
        shutil.copy(SMALL / "config.json", place / name)
        (place / name / "pytorch_model.bin").touch()
    (place / "broken" / "config.json").write_text("{")
    (place / "broken" / "weights.npz").touch()
    assert [path.name for path in biggan.find([tmp_path / "none", tmp_path])] == ["a", "b"]
    assert "broken" in caplog.text


def test_no_model(tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match=r"is not the folder of a model; one has config\.json and weights\.npz; or",
    ):
        biggan.load(tmp_path)


def test_shapes_are_known_without_tensorflow():
    words = "import sys; from renderer import biggan; biggan.find(sys.argv[1:]); biggan.read_config(sys.argv[1])"
    check = f"{words}; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check, str(SMALL)]).returncode == 0


def test_names_of_classes(tmp_path, arrays):
    folder = folder_with(tmp_path, arrays)
    (folder / "classes.json").write_text(json.dumps([f"thing {number}" for number in range(1000)]))
    assert biggan.load(folder).class_names[7] == "thing 7"
    (folder / "classes.json").write_text(json.dumps(["one"]))
    with pytest.raises(ValueError, match=r"classes\.json must be a list of 1000 names"):
        biggan.load(folder)
