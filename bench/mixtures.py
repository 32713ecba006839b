"""How sharp and how lively the images of the default settings are; it takes a minute.

Each frame is rendered twice: as the settings mix its classes, and of its strongest class alone. Figures of the first
are given as parts of the second.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from bench.common import worker_words
from core.audio.song_features import analyse
from core.files.user_folders import shipped
from core.latent.truncated_normal import truncated_normal
from core.protocols import ImageModel
from renderer import biggan, classes, sound_to_image
from renderer.live import idle_motion
from renderer.live.reactive_path import CLASS_CONTRAST
from renderer.live.settings import Settings
from renderer.video import hallucination, timeline
from renderer.video.response import Response
from renderer.video.song import Song

RATE, SONG_S, BEAT_S = 22050, 40, 0.5
FPS = 30
CHORDS = ((45, 57, 60, 64), (41, 57, 60, 65), (48, 55, 60, 64), (43, 55, 59, 62))
MELODY = (76, 74, 72, 71, 69, 72, 67, 64)


def song() -> np.ndarray:
    """A song of 40 s: four chords of two seconds, a melody and a drum, float32 [samples]."""
    rng, wave = np.random.default_rng(0), np.zeros(SONG_S * RATE + RATE)
    t = np.arange(int(0.9 * RATE)) / RATE
    for beat in range(int(SONG_S / BEAT_S)):
        first = int(beat * BEAT_S * RATE)
        for pitch in (*CHORDS[beat // 4 % len(CHORDS)], MELODY[rng.integers(len(MELODY))]):
            hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
            note = sum(np.sin(2 * np.pi * hz * part * t) / part**1.5 for part in range(1, 6))
            wave[first : first + len(t)] += 0.1 * note * np.exp(-3 * t)
        wave[first : first + len(t)] += 0.3 * rng.standard_normal(len(t)) * np.exp(-60 * t)
    return (0.8 * wave[: SONG_S * RATE] / np.abs(wave).max()).astype(np.float32)


def look(frames: np.ndarray) -> np.ndarray:
    """Mean sharpness (what a mean of 4 x 4 pixels loses) and contrast (deviation) of uint8 frames [n, h, w, 3]."""
    grey = frames.astype(np.float64).mean(axis=3)
    n, height, width = grey.shape
    coarse = grey.reshape(n, height // 4, 4, width // 4, 4).mean(axis=(2, 4))
    fine = grey - coarse.repeat(4, axis=1).repeat(4, axis=2)
    return np.array([fine.std(axis=(1, 2)).mean(), grey.std(axis=(1, 2)).mean()])


def row(name: str, model: ImageModel, z: np.ndarray, weights: np.ndarray, truncation: float) -> None:
    """Render and print: classes at a time (the inverse of the sum of squares), sharpness and contrast."""
    chosen = classes.default(model.num_classes)[: weights.shape[1]]

    def rendered(mix: np.ndarray) -> np.ndarray:
        dense = sound_to_image.dense(mix, chosen, model.num_classes)
        return np.stack(list(model.render(z, dense, truncation)))

    alone = np.eye(weights.shape[1])[weights.argmax(axis=1)]
    sharpness, contrast = look(rendered(weights)) / look(rendered(alone))
    at_a_time = (1.0 / (weights**2).sum(axis=1)).mean()
    print(f"  {name:<36}{at_a_time:6.2f} {sharpness:10.2f} {contrast:9.2f}", flush=True)


def of_songs(model: ImageModel) -> Iterator[tuple[str, np.ndarray, np.ndarray, float]]:
    """`hallu visualize`: name, z, weights, truncation of a frame in every 0.7 s."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "song.wav"
        soundfile.write(path, song(), RATE)
        features = analyse(Song(path))
    start = truncated_normal(np.random.default_rng(0), (model.z_size,), 1.0)
    for count in (12, 4, 2):
        chosen = classes.default(model.num_classes)[:count]
        for contrast in (3.0, 6.0, Response.class_contrast, 24.0):
            found = timeline.of_song(features, Response(class_contrast=contrast), chosen, start)
            yield f"{count} classes, class_contrast {contrast:g}", found.noise[200::29], found.weights[200::29], 1.0


def of_hallucinations(model: ImageModel) -> Iterator[tuple[str, np.ndarray, np.ndarray, float]]:
    """The live path of a hallucination of 12 key points with the song's sound."""
    wave, keys = song(), np.random.default_rng(5).standard_normal((12, 256))
    sound = hallucination.played_sound(wave, RATE, list(np.linspace(0, 36, 12)), keys)
    chosen, settings = classes.default(model.num_classes), Settings()
    for contrast in (1.0, 3.0, CLASS_CONTRAST):
        found = hallucination.timeline_of(sound, model, chosen, settings.truncation, settings.jitter, contrast)
        yield f"contrast {contrast:g}", found.noise[::17], found.weights[::17], settings.truncation


def idle(model: ImageModel, count: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Mode free with so many classes: z, weights, and how far frames are from the next one (of 255, at 30 fps)."""
    chosen, truncation = classes.default(model.num_classes)[:count], Settings().truncation

    def at(times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        points = [idle_motion.walk(time, model.z_size, chosen, model.num_classes) for time in times]
        z, dense = (np.array([point[part] for point in points]) for part in (0, 1))
        frames = np.stack(list(model.render(truncation * z, dense, truncation)))
        return truncation * z, dense[:, list(chosen)], frames.astype(np.float64)

    times = np.arange(1000.0, 1400.0, 4.7)
    z, weights, frames = at(times)
    return z, weights, float(np.abs(at(times + 1 / FPS)[2] - frames).mean())


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    worker_words("mixtures", __doc__, argv)
    model = biggan.load(shipped("models") / "biggan" / "patterns")
    parts: dict[str, Callable[[ImageModel], Iterator[tuple[str, np.ndarray, np.ndarray, float]]]] = {
        "a song": of_songs,
        "a hallucination, 12 classes": of_hallucinations,
    }
    for title, part in parts.items():
        print(f"{title:<36} classes  sharpness  contrast")
        for name, z, weights, truncation in part(model):
            row(name, model, z, weights, truncation)
    print(f"{'mode free':<36} classes  sharpness  contrast")
    for count in (12, 3, 1):
        z, weights, change = idle(model, count)
        row(f"{count} classes; changes by {change:.2f} a frame", model, z, weights, Settings().truncation)


if __name__ == "__main__":
    main()
