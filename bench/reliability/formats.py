"""Every file format that is read from outside: a real file of each, and what reads it."""

import json
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.reliability.file_format import DATA, Format
from bench.reliability.settings_formats import settings_formats
from bench.reliability.wire_formats import wire_formats
from core import families
from core.files.user_folders import shipped


def _check(folder: Path) -> None:
    """What `hallu models add` does with a folder."""
    for family in families.families():
        if family.detect(folder):
            family.check(folder)
            return
    raise ValueError("no model")


def _midi(path: Path) -> None:
    from gansynth.midi import read_notes

    read_notes(path)


def _sound(path: Path) -> None:
    from core.audio.sound_files import read

    read(path, 16_000)


def _components(path: Path) -> None:
    import ganspace

    ganspace.load(path)


def _archive(path: Path) -> None:
    from core.install import archives

    folder = path.with_name("unpacked")
    try:
        archives.unpack(path, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _records(path: Path) -> None:
    from core.formats import tfrecord

    for number, record in enumerate(tfrecord.read(path)):
        tfrecord.decode_example(record)
        if number == 20:
            return


def _state(path: Path) -> None:
    from server import state_file

    state_file.load(path)


def _settings(path: Path) -> None:
    from renderer.live.settings_file import SettingsFile

    SettingsFile(path).read()


def _preset(path: Path) -> None:
    from renderer.video.tempo_preset import read_preset

    read_preset(path)


def _torch(path: Path) -> None:
    from core.formats import torch_file

    torch_file.read(path)


def _film(path: Path) -> None:
    from core.video import decoding

    for _ in decoding.frames(path, 10):
        pass


def _picture(path: Path) -> None:
    from core import pictures

    pictures.read(path)


def _features(path: Path) -> None:
    from specvqgan.features import feature_files

    feature_files.read(path)


def _spectrogram(path: Path) -> None:
    from specvqgan.metrics import clip_sounds

    clip_sounds.read(path)


def _statistics(path: Path) -> None:
    from specvqgan.metrics import standardization

    standardization.read(path)


def all_formats(scratch: Path) -> Iterator[Format]:
    """All of them; files that the repository does not have are written into a scratch folder."""
    voice, picture = DATA / "magenta_small", DATA / "biggan_small"
    yield Format("checkpoint, index", voice, "*.index", _check)
    yield Format("checkpoint, data", voice, "*.data-00000-of-00001", _check)
    yield Format("experiment.json", voice, "experiment.json", _check)
    yield Format("Hugging Face, config.json", picture, "config.json", _check)
    yield Format("Hugging Face, pytorch_model.bin", picture, "pytorch_model.bin", _check)
    for name in ("ada_grey.pkl", "nvidia_skip64.pkl", "rosinality_from_nvidia64.pt"):
        folder = scratch / name.partition(".")[0]
        folder.mkdir()
        shutil.copy(DATA / "stylegan2" / name, folder)
        yield Format(f"StyleGAN2, {name}", folder, name, _check)
    yield Format("AIART, index", DATA / "stylegan2" / "aiart64_ckpt", "*.index", _check)
    yield Format("torch, zip", DATA / "torch_saved" / "zip.bin", "", _torch)
    yield Format("torch, legacy", DATA / "torch_saved" / "legacy.bin", "", _torch)
    yield Format("components, course's pickle", next(voice.glob("*.pickle")), "", _components)
    yield Format("components, .npz", DATA / "state_v1" / "band_conv0.npz", "", _components)
    yield Format("state", DATA / "state_v1" / "state.npz", "", _state)
    yield Format("dataset, data.tfrecord", DATA / "dataset_small" / "data.tfrecord", "", _records)
    yield Format("MIDI", DATA / "found" / "midi" / "running_status_sysex.mid", "", _midi)
    yield Format("mp3", DATA / "found" / "audio" / "html_tail.mp3", "", _sound)
    yield Format("m4a", DATA / "found" / "audio" / "phone.m4a", "", _sound)
    yield from _sounds_for_pictures(scratch)
    foley = DATA / "specvqgan"
    yield Format("picture, PNG", foley / "full_size" / "frame.png", "", _picture)
    yield Format("SpecVQGAN, features", foley / "features" / "rgb_video_00002.pkl", "", _features)
    yield Format("SpecVQGAN, spectrogram", foley / "mel" / "clip_a_mel.npy", "", _spectrogram)
    yield Format("SpecVQGAN, statistics", next((foley / "full_size" / "stats").glob("*.txt")), "", _statistics)
    yield from _written(scratch, voice)
    yield from _films(scratch)
    yield from settings_formats(scratch)
    yield from wire_formats(scratch)


def _codebook(folder: Path) -> None:
    import specvqgan

    specvqgan.load_codebook(folder)


def _codebook_settings(folder: Path) -> None:
    from specvqgan import run_folder
    from specvqgan.codebook import config

    config.from_run(run_folder.read_config(folder))


def _transformer_settings(folder: Path) -> None:
    from specvqgan import run_folder
    from specvqgan.features import run_features
    from specvqgan.transformer import config

    values = run_folder.read_config(folder)
    if config.from_run(values).frames and "data" in values:
        run_features.from_run(values)


def _vocoder_settings(folder: Path) -> None:
    from specvqgan import run_folder
    from specvqgan.vocoder import config

    config.from_run(run_folder.read_config(folder))


def _vocoder(folder: Path) -> None:
    import specvqgan

    specvqgan.load_vocoder(folder)


def _codes(path: Path) -> None:
    from specvqgan.codec import token_file

    token_file.read(path)


def _sounds_for_pictures(scratch: Path) -> Iterator[Format]:
    """Run folders, whose archive is unpacked, and a file of codes."""
    from specvqgan.codec import token_file

    with tarfile.open(DATA / "specvqgan" / "logs.tar.xz") as archive:
        archive.extractall(scratch, filter="data")
    run = next((scratch / "logs").glob("*_codebook"))
    transformer = next((scratch / "logs").glob("*_transformer*"))
    yield Format("SpecVQGAN, codebook's .ckpt", run, "last.ckpt", _codebook)
    yield Format("SpecVQGAN, project.yaml", run, "*project.yaml", _codebook)
    yield Format("SpecVQGAN, transformer's project.yaml", transformer, "*project.yaml", _transformer_settings)
    ours = shipped("models") / "specvqgan" / "instruments"
    for part, read in (
        ("codebook", _codebook_settings),
        ("transformer", _transformer_settings),
        ("vocoder", _vocoder_settings),
    ):
        folder = scratch / f"own_{part}"
        folder.mkdir()
        shutil.copy(ours / part / "config.json", folder)
        (folder / "weights.safetensors").write_bytes(b"")
        yield Format(f"SpecVQGAN of ours, {part}'s config.json", folder, "config.json", read)
    yield Format("MelGAN, .pt", DATA / "specvqgan" / "melgan", "best_netG.pt", _vocoder)
    yield Format("MelGAN, args.yml", DATA / "specvqgan" / "melgan", "args.yml", _vocoder)
    codes = np.arange(500).reshape(5, 100) % 64
    token_file.write(scratch / "tone.hvq", token_file.Tokens(codes, 16, 64, 1600 * 256 - 1, bytes(8)))
    yield Format("codes, .hvq", scratch / "tone.hvq", "", _codes)


def _written(scratch: Path, voice: Path) -> Iterator[Format]:
    import soundfile

    tone = np.sin(np.arange(8000) / 10)
    for suffix in ("wav", "flac", "ogg"):
        soundfile.write(scratch / f"tone.{suffix}", tone, 16_000)
        yield Format(suffix, scratch / f"tone.{suffix}", "", _sound)
    with zipfile.ZipFile(scratch / "voice.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(voice.rglob("*.*")):
            archive.write(file, file.relative_to(voice.parent)) if file.is_file() else None
    yield Format("zip", scratch / "voice.zip", "", _archive)
    yield Format("tar.gz", Path(shutil.make_archive(str(scratch / "voice"), "gztar", voice)), "", _archive)
    settings = [{"address": "/image/jitter", "values": {"value": 0.5}}]
    (scratch / "settings.json").write_text(json.dumps({"version": 1, "settings": settings}))
    yield Format("image settings", scratch / "settings.json", "", _settings)
    (scratch / "preset.yaml").write_text("bpm: 120\noscillators:\n  - {axes: [1, 2], magnitude: 1, period: 4}\n")
    yield Format("preset, YAML", scratch / "preset.yaml", "", _preset)
    (scratch / "preset.toml").write_text("bpm = 120\n[[oscillators]]\naxes = [1, 2]\nmagnitude = 1\nperiod = 4\n")
    yield Format("preset, TOML", scratch / "preset.toml", "", _preset)


def _films(scratch: Path) -> Iterator[Format]:
    import av

    for suffix, codec in (("mp4", "libx264"), ("mkv", "libvpx-vp9"), ("avi", "mjpeg")):
        path = scratch / f"film.{suffix}"
        with av.open(str(path), "w") as file:
            stream = file.add_stream(codec, rate=10)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for shade in range(20):
                picture = np.full((48, 64, 3), 10 * shade, np.uint8)
                file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            file.mux(stream.encode(None))
        yield Format(f"film, {suffix}", path, "", _film)
