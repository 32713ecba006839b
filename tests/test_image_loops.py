"""The loop of pictures and sounds, round after round: it neither dies nor runs away, and its parts fit together."""

from pathlib import Path

import numpy as np
import pytest
import tiny_family

from core.audio.loudness import loudness_lufs
from renderer.ipc import messages
from renderer.live.render_loop import render
from renderer.live.scene import Scene
from renderer.live.settings import Settings
from renderer.live.sounds import read_sound
from server.link.replay_cache import encode_sound
from server.sounds.foley import NO_KEYS
from server.sounds.loop_bounds import FAST, LEAST_DRIVE, MOST_DRIVE, SLOW, LoopLevel, LoopState, motion
from server.sounds.rendered import RenderedSound

RATE, FPS, PART_S = 8000, 12.0, 2.0


class World:
    """Pictures and sounds that follow each other without sockets: a real scene, and a sound by a rule."""

    def __init__(self, tmp_path, sound, frames, amount=0.5):
        self.scene, self._sound, self.amount = Scene(), sound, amount
        self.scene.use_model(tiny_family.TinyModel(tiny_family.write(tmp_path / "soft")), ())
        self.frames, self.now_s, self.part = frames, 0.0, 0
        self.state, self.level = LoopState(), LoopLevel(RATE, 0.0)
        self.motions, self.drives, self.waves, self.temperatures = [], [], [], []

    def round(self):
        wave = self._sound(self.frames, self.state.temperature).astype(np.float32)
        self.state = self.state.after(motion(self.frames, FPS), wave, RATE, self.amount)
        self.waves.append(self.level.add(wave))
        sound = RenderedSound("loop", wave, RATE, 0, NO_KEYS, (), part=self.part, drive=self.state.drive)
        self.scene.transport.add(read_sound(messages.decode(encode_sound(sound))))
        self.scene.play("loop", 0.0, self.now_s)
        self.part += 1
        times = self.now_s + np.arange(round(PART_S * FPS)) / FPS
        self.frames = np.stack([render(self.scene.frame_task(time)) for time in times])
        self.now_s += PART_S
        self.motions.append(motion(self.frames, FPS))
        self.drives.append(self.state.drive)
        self.temperatures.append(self.state.temperature)


def beats(frames, temperature, gain=1.0):
    """A stroke for each picture that differs from the one before, as loud as it differs."""
    change = np.abs(np.diff(frames.astype(float), axis=0, prepend=frames[:1])).mean(axis=(1, 2, 3)) / 255.0
    each = round(RATE / FPS)
    decay = np.exp(-np.arange(each) / 80) * np.sin(2 * np.pi * 440 * np.arange(each) / RATE)
    return np.concatenate([gain * one * decay for one in change])


def silence(frames, temperature):
    return np.zeros(round(PART_S * RATE))


def roar(frames, temperature):
    return np.random.default_rng(0).uniform(-1, 1, round(PART_S * RATE))


def still():
    return np.zeros((24, 16, 16, 3), np.uint8)


def flicker():
    return np.repeat((255 * (np.arange(24) % 2)).astype(np.uint8), 16 * 16 * 3).reshape(24, 16, 16, 3)


@pytest.mark.parametrize("start", [still, flicker])
@pytest.mark.parametrize("sound", [beats, silence, roar])
def test_twenty_rounds_keep_the_motion_within_bounds(tmp_path, sound, start):
    world = World(tmp_path, sound, start())
    for _ in range(20):
        world.round()
    # From the third round on, whatever it began with: never still, never flickering.
    assert min(world.motions[2:]) > SLOW / 2 and max(world.motions[2:]) < 2 * FAST
    assert min(world.drives) >= LEAST_DRIVE and max(world.drives) <= MOST_DRIVE


@pytest.mark.parametrize("gain", [0.2, 1.0, 300.0])
def test_twenty_rounds_keep_the_loudness(tmp_path, gain):
    world = World(tmp_path, lambda frames, temperature: beats(frames, temperature, gain), flicker())
    for _ in range(20):
        world.round()
    later = np.concatenate(world.waves)[6 * RATE :]
    assert loudness_lufs(later, RATE) == pytest.approx(-20.0, abs=3.0)
    assert np.abs(later).max() <= 10 ** (-1 / 20) + 1e-6


def test_a_larger_amount_moves_the_pictures_more(tmp_path):
    moved = []
    for amount in (0.0, 1.0):
        world = World(tmp_path / str(amount), roar, still(), amount)
        for _ in range(8):
            world.round()
        moved.append(np.mean(world.motions[3:]))
    assert moved[1] > 1.5 * moved[0]


def test_silence_and_sameness_are_drawn_more_freely_and_change_less(tmp_path):
    world = World(tmp_path, silence, still())
    for _ in range(6):
        world.round()
    assert np.all(np.diff(world.temperatures) >= 0) and world.temperatures[-1] > 1.5
    rng = np.random.default_rng(1)
    tones = [np.sin(2 * np.pi * 220 * 2 ** (rng.integers(36) / 12) * np.arange(RATE) / RATE) for _ in range(9)]
    state = world.state
    for tone in tones:
        state = state.after(0.3, tone, RATE, 0.5)
    assert state.temperature < world.temperatures[-1]


def test_the_drive_changes_by_a_factor_of_two_at_most():
    state = LoopState()
    for measured in (0.0, 100.0, 0.0, 1e9):
        after = state.after(measured, np.zeros(RATE), RATE, 0.5)
        assert 0.5 <= after.drive / state.drive <= 2.0
        state = after


def test_parts_are_joined_without_a_gap_or_a_step():
    level, tone = LoopLevel(RATE, 0.0), 0.14 * np.sin(2 * np.pi * 100 * np.arange(2 * RATE) / RATE)
    wave = np.concatenate([*(level.add(tone) for _ in range(4)), level.finish()])
    # Each join takes one crossfade.
    assert len(wave) == pytest.approx(8 * RATE - 3 * 0.15 * RATE, abs=RATE * 0.01)
    inner = wave[RATE:-RATE]
    power = np.convolve(inner**2, np.ones(400) / 400, "valid")
    assert power.min() > 0.25 * np.median(power) and np.abs(np.diff(wave)).max() < 0.05


def test_the_settings_of_the_user_count(tmp_path):
    world = World(tmp_path, roar, still())
    world.scene.change(lambda now: Settings(jitter=0.0), 0.0)
    for _ in range(5):
        world.round()
    # Without jitter, only the pictures' own slow motion is left.
    assert max(world.motions[1:]) < 0.5


def test_the_pictures_keep_their_own_motion_without_a_sound(tmp_path):
    scene = Scene()
    scene.use_model(tiny_family.TinyModel(tiny_family.write(Path(tmp_path) / "soft")), ())
    frames = np.stack([render(scene.frame_task(time)) for time in np.arange(24) / FPS])
    assert motion(frames, FPS) > SLOW / 2
