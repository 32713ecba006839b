"""Small files that are read from outside, beside models and sounds: settings, keys, sessions, datasets, pictures."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench.reliability.file_format import DATA, Format
from core.files.user_folders import shipped

_KEY = "0123456789" * 4


def settings_formats(scratch: Path) -> Iterator[Format]:
    """All of them; what the repository does not have is written into a scratch folder."""
    yield from _models(scratch)
    yield from _texts(scratch)
    yield from _pictures(scratch)
    yield from _clips(scratch)


def _models(scratch: Path) -> Iterator[Format]:
    """Files in folders of models; large weights are left out where they are not what is changed."""
    from core.formats import safetensors_file

    drawings, patterns = shipped("models") / "stylegan2" / "drawings", shipped("models") / "biggan" / "patterns"
    small = scratch / "own_stylegan2"
    small.mkdir()
    for name in ("config.json", "classes.json"):
        shutil.copy(drawings / name, small)
    safetensors_file.write(small / "weights.safetensors", {"mapping.fc0.weight": np.ones(3, np.float32)})
    yield Format("StyleGAN2 of ours, config.json", small, "config.json", _own_config)
    yield Format("StyleGAN2 of ours, classes.json", small, "classes.json", _own_classes)
    pictures = scratch / "own_biggan"
    pictures.mkdir()
    shutil.copy(patterns / "config.json", pictures)
    np.savez(pictures / "weights.npz", a=np.ones(3))
    yield Format("BigGAN of ours, config.json", pictures, "config.json", _biggan_config)
    foley = scratch / "foley"
    foley.mkdir()
    shutil.copy(shipped("models") / "specvqgan" / "instruments" / "foley.json", foley)
    yield Format("SpecVQGAN of ours, foley.json", foley, "foley.json", _foley)
    safetensors_file.write(scratch / "small.safetensors", {"a": np.ones((3, 4), np.float32), "b": np.ones(2, np.int64)})
    yield Format("safetensors", scratch / "small.safetensors", "", safetensors_file.read)
    (scratch / "saved_model.pb").write_bytes(_saved_model())
    yield Format("SavedModel, graph", scratch / "saved_model.pb", "", _graph)


def _own_config(folder: Path) -> None:
    from renderer.stylegan2.formats import own_format

    own_format.read_config(folder)


def _own_classes(folder: Path) -> None:
    from renderer.stylegan2.formats import model_files, own_format

    model_files.class_names(folder, own_format.read_config(folder))


def _biggan_config(folder: Path) -> None:
    from renderer.biggan import model_formats

    model_formats.read_config(folder)


def _foley(folder: Path) -> None:
    from specvqgan.family import describe

    describe(folder)


def _graph(path: Path) -> None:
    from core.formats import saved_model

    saved_model.read(path)


def _saved_model() -> bytes:
    """A graph with a table of two rows, as protocol buffers."""
    tensor = b"\x08\x01" + _field(2, _field(2, b"\x08\x02") + _field(2, b"\x08\x03"))
    tensor += _field(4, np.arange(6, dtype="<f4").tobytes())
    attribute = _field(1, b"value") + _field(2, _field(8, tensor))
    node = _field(1, b"Generator/table") + _field(2, b"Const") + _field(5, attribute)
    return b"\x08\x01" + _field(2, _field(2, 8 * _field(1, node)))


def _field(number: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + content


def _texts(scratch: Path) -> Iterator[Format]:
    """Settings, keys, sessions."""
    _write = _writer(scratch)
    keys = {"hallu_keys": 1, "server": _KEY, "public": _KEY, "secret": _KEY}
    yield Format("keys of a bridge", _write("bridge.json", json.dumps(keys)), "", _keys)
    ring = scratch / "keys"
    ring.mkdir()
    (ring / "server.json").write_text(json.dumps({"public": _KEY, "secret": _KEY}))
    yield Format("keys of a server", ring, "server.json", _keyring)
    manifest = {"format": "hallu film", "version": 1, "command": "visualize", "parameters": {"seed": 1}}
    yield Format("manifest of a film", _write("film.json", json.dumps(manifest)), "", _manifest)
    yield Format("lyrics", _write("song.txt", "[Verse]\nO sea, o sky\n\nwithout an end\n"), "", _lyrics)
    yield Format("hallu react, TOML", _write("react.toml", _preset()), "", _react)
    yield Format("YAML", _write("run.yaml", "model:\n  params: {n_embed: 4, list: [1, 2.5e3, null]}\n"), "", _yaml)
    tempo = '{"bpm": 120, "oscillators": [{"axes": [1, 2], "magnitude": 1, "period": 4}]}'
    yield Format("preset, JSON", _write("preset.json", tempo), "", _tempo)
    sessions = scratch / "sessions"
    (sessions / "evening").mkdir(parents=True)
    shutil.copy(DATA / "state_v1" / "state.npz", sessions / "evening" / "sound.npz")
    rows = [{"address": "/image/jitter", "values": {"value": 0.5}}]
    (sessions / "evening" / "images.json").write_text(json.dumps({"version": 1, "settings": rows}))
    yield Format("session, images.json", sessions, "images.json", _session)
    yield Format("session, sound.npz", sessions, "sound.npz", _session)
    yield Format("dataset, meta.json", DATA / "dataset_small", "meta.json", _labels)
    notes = json.dumps({"a_60.wav": {"instrument": "flute", "pitch": "C4"}})
    yield Format("dataset, notes.json", _in_folder(scratch / "notes", "notes.json", notes), "notes.json", _notes)


def _writer(scratch: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        (scratch / name).write_text(text)
        return scratch / name

    return write


def _in_folder(folder: Path, name: str, text: str) -> Path:
    folder.mkdir()
    (folder / name).write_text(text)
    return folder


def _keys(path: Path) -> None:
    from renderer.ipc import keys

    keys.read(path)


def _keyring(folder: Path) -> None:
    from server.link.keyring import Keyring

    Keyring(folder)


def _manifest(path: Path) -> None:
    from renderer.video import manifest

    manifest.read(path, "visualize")


def _lyrics(path: Path) -> None:
    from renderer.video.lyrics import read_lines

    read_lines(path)


def _preset() -> str:
    from renderer.react.config_file import PRESETS, load_text

    return load_text(next(iter(PRESETS)))


def _react(path: Path) -> None:
    from renderer.react.config_file import load_values, read_config

    read_config(load_values(str(path)))


def _yaml(path: Path) -> None:
    from core.formats import yaml_file

    yaml_file.read_object(path)


def _tempo(path: Path) -> None:
    from renderer.video.tempo_preset import read_preset

    read_preset(path)


def _session(folder: Path) -> None:
    from server.session_folders import SessionFolders

    SessionFolders(folder).load("evening")


def _labels(folder: Path) -> None:
    from gansynth.dataset import records

    records.read_labels(folder)


def _notes(folder: Path) -> None:
    from gansynth.dataset import named_notes

    named_notes.read_notes(folder)


def _pictures(scratch: Path) -> Iterator[Format]:
    from PIL import Image

    y, x = np.mgrid[:48, :64]
    picture = Image.fromarray(np.stack([4 * x, 5 * y, x * y % 256], axis=-1).astype(np.uint8))
    for suffix in ("jpg", "gif", "webp", "bmp"):
        picture.save(scratch / f"picture.{suffix}")
        yield Format(f"picture, {suffix.upper()}", scratch / f"picture.{suffix}", "", _picture)


def _picture(path: Path) -> None:
    from core import pictures

    pictures.read(path)


def _clips(scratch: Path) -> Iterator[Format]:
    """A dataset of clips, and arrays as NumPy writes them."""
    from specvqgan.dataset import folder as clips

    place = scratch / "clips"
    form = clips.ClipFormat(16_000, 8, 256, 80, 4, 3, "small", ("flute", "drum"))
    with clips.writing(place, form) as writer:
        entry = clips.Entry(np.ones((4, 3)), np.ones((80, 8)), np.zeros(form.samples), 1, True)
        writer.write("train", [entry, entry], 2)
    yield Format("clips, dataset.json", place, "dataset.json", _clip_set)
    yield Format("clips, features.npy", place, "features.npy", _clip_set)
    np.save(scratch / "array.npy", np.arange(12.0).reshape(3, 4))
    yield Format("array, .npy", scratch / "array.npy", "", _array)
    np.savez_compressed(scratch / "arrays.npz", a=np.arange(12.0), b=np.zeros((2, 2), np.int16))
    yield Format("arrays, .npz", scratch / "arrays.npz", "", _arrays)


def _clip_set(folder: Path) -> None:
    from specvqgan.dataset import folder as clips

    clips.read(folder, "train")


def _array(path: Path) -> None:
    from core.formats import npz

    npz.read_npy(path)


def _arrays(path: Path) -> None:
    from core.formats import npz

    npz.read_npz(path)
