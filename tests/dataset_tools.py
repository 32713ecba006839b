"""Run the commands that make datasets, on tones; what they wrote."""

import re

import numpy as np
import pytest
import soundfile

PROGRESS = re.compile(r"(?:\w+: )?\d+ of \d+ \w+s(?:, [\d:]+ left)?")


@pytest.fixture
def run(capsys):
    """Run a command; its exit status, stdout, and the lines of stderr that are not progress."""

    def run(main, *words):
        status = main([str(word) for word in words])
        said, errors = capsys.readouterr()
        return status, said, [line for line in errors.splitlines() if not PROGRESS.fullmatch(line)]

    return run


@pytest.fixture
def put(tmp_path):
    """Write a tone of `seconds` to in/NAME; its path."""

    def put(name, seconds=1.0, rate=16000, channels=1, hz=500.0, level=0.5, **how):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        wave = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
        how |= {"format": "AIFF"} if path.suffix == ".aif" else {}
        soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate, **how)
        return path

    return put


def made(tmp_path):
    return sorted(path.name for path in (tmp_path / "out").iterdir())


def measured(path):
    """Frequency of the strongest partial in Hz, and its level."""
    wave, rate = soundfile.read(path)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return np.argmax(spectrum) * rate / len(wave), spectrum.max() * 4 / len(wave)
