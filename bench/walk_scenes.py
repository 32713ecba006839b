"""The scenes of `bench.walk`: what README and exercises say with one patch, and what is heard of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.live_patches import PATIENCE_S, Patches


@dataclass(frozen=True)
class Scene:
    """One sound of a page.

    Attributes:
        page: where it is described.
        title: what is played.
        patch: its name, without .pd.
        prepare: what is done before the recording.
        play: what makes the sound.
        seconds: of the recording.
        usual: whether it plays at usual settings, so that it has to have the common loudness.
        recorder: the patch or part that holds the `dac~`.
        model: the sound model.
    """

    page: str
    title: str
    patch: str
    prepare: Callable[[Patches], None]
    play: Callable[[Patches], None]
    seconds: float
    usual: bool = True
    recorder: str = ""
    model: str = "fluid"


def press(patch: str, *buttons: str) -> Callable[[Patches], None]:
    """Clicks on buttons, one after the other; a word after `:` is awaited among what the server answers."""

    def do(patches: Patches) -> None:
        for button in buttons:
            name, _, awaited = button.partition(":")
            name, _, value = name.partition("=")
            patches.do(patch, name if value else f"{name}-button", value or "bang")
            if awaited:
                patches.wait(patch, "answer", awaited, patience_s=10 * PATIENCE_S)

    return do


def keys(patch: str, velocity: int, *pitches: int, awaited: str = "answer audio") -> Callable[[Patches], None]:
    """Keys of a MIDI keyboard, held until all their notes are there and for a second and a half more."""

    def do(patches: Patches) -> None:
        for pitch in pitches:
            patches.to("#notein", f"{pitch} {velocity} 1")
        for _ in pitches:
            patches.wait(patch, *awaited.split(), patience_s=10 * PATIENCE_S)
        time.sleep(1.5)
        for pitch in pitches:
            patches.to("#notein", f"{pitch} 0 1")

    return do


GANSYNTH, MULTI, PATH, STREAM = "gansynth", "gansynth_multi", "gansynth_hallucination", "hallu_stream"
BLOCKS = ("notes-set=2", "steps-set=10", "attack-set=0", "release-set=0", "sustain-set=0.4", "spacing-set=0.4")
STROKES = ("attack-set=0", "sustain-set=0.2", "release-set=0.2", "spacing-set=0.2")
nothing = press(GANSYNTH)

SCENES = (
    Scene(
        "README",
        "the first sound",
        GANSYNTH,
        press(GANSYNTH, "random:randomized"),
        press(GANSYNTH, "play:synthesized"),
        2.5,
    ),
    *(
        Scene(
            "gansynth 1.5",
            f"pitch {pitch}",
            GANSYNTH,
            press(GANSYNTH, f"pitch-set={pitch}", "random:randomized"),
            press(GANSYNTH, "play:synthesized"),
            2.5,
        )
        for pitch in (40, 76)
    ),
    Scene(
        "gansynth 2.3",
        "softer, six times",
        GANSYNTH,
        press(GANSYNTH, "random:randomized", *["softer"] * 6),
        press(GANSYNTH, "play:synthesized"),
        2.5,
    ),
    Scene(
        "gansynth 2.4",
        "dots at top and bottom",
        GANSYNTH,
        press(GANSYNTH, "random:randomized", "z=const 4"),
        press(GANSYNTH, "play:synthesized"),
        2.5,
        usual=False,
    ),
    Scene("gansynth 3.3", "a key, full velocity", MULTI, press(MULTI, "random-all:slerped"), keys(MULTI, 127, 52), 1.5),
    Scene(
        "gansynth 3.3",
        "a key, velocity 100",
        MULTI,
        press(MULTI, "random-all:slerped"),
        keys(MULTI, 100, 52),
        1.5,
        usual=False,
    ),
    Scene(
        "gansynth 3.3",
        "a chord of four",
        MULTI,
        press(MULTI, "random-all:slerped"),
        keys(MULTI, 127, 48, 52, 55, 60),
        1.5,
        usual=False,
    ),
    Scene(
        "hallucination 1",
        "the first one",
        PATH,
        nothing,
        press(PATH, "generate:hallucinated"),
        12.5,
        recorder="hallu-listen~",
    ),
    Scene(
        "hallucination 2",
        "two points without fades",
        PATH,
        press(PATH, *BLOCKS),
        press(PATH, "generate:hallucinated"),
        5.5,
        recorder="hallu-listen~",
    ),
    Scene(
        "hallucination 4",
        "strokes",
        PATH,
        press(PATH, *STROKES),
        press(PATH, "generate:hallucinated"),
        5.5,
        recorder="hallu-listen~",
        model="percussion",
    ),
    Scene(
        "ganspace 1.1",
        "the average sound",
        "ganspacesynth_noz",
        nothing,
        press("ganspacesynth_noz", "play:synthesized"),
        2.5,
        recorder="hallu-listen~",
        usual=False,
    ),
    Scene(
        "ganspace 1.10",
        "eight deviations away",
        "ganspacesynth_noz",
        press("ganspacesynth_noz", "edits-set=8"),
        press("ganspacesynth_noz", "play:synthesized"),
        2.5,
        recorder="hallu-listen~",
        usual=False,
    ),
    Scene(
        "ganspace 2.3",
        "a timbre, direction 1 at 2",
        "ganspacesynth",
        press("ganspacesynth", "random:randomized", "edits-set=2"),
        press("ganspacesynth", "play:synthesized"),
        2.5,
        recorder="hallu-listen~",
    ),
    Scene(
        "ganspace 3.1",
        "preview of a step",
        "ganspacesynth_halluseq",
        press("ganspacesynth_halluseq", "edits-set=1 -1 0.5"),
        press("ganspacesynth_halluseq", "preview:audio"),
        2.5,
        recorder="hallu-listen~",
        usual=False,
    ),
    Scene("live 4", "the endless path", STREAM, nothing, press(STREAM, "start"), 12.0),
    Scene(
        "live 1",
        "a key, full velocity",
        "hallu_live",
        press("hallu_live", "random-all"),
        keys("hallu_live", 127, 52, awaited="from sound audio"),
        3.0,
    ),
)
