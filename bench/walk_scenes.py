"""The scenes of `bench.walk`: what README and exercises say with one patch, and what is heard of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.live_patches import PATIENCE_S, Patches

Step = Callable[[Patches], None]


@dataclass(frozen=True)
class Scene:
    """One sound of a page.

    Attributes:
        page: where it is described.
        title: what is played.
        patch: its name, without .pd.
        prepare: what is done before the recording.
        play: what makes the sound.
        seconds: of the recording, after what makes it.
        usual: whether it plays at usual settings, so that it has to have the common loudness.
        recorder: the patch or part that holds the `dac~`; "": the patch.
        model: the sound model.
        rate: of Pd, in Hz.
        pictures: whether pictures have to be shown.
        ready: what the patch reports when it can be played.
    """

    page: str
    title: str
    patch: str
    prepare: Step
    play: Step
    seconds: float = 2.5
    usual: bool = True
    recorder: str = ""
    model: str = "fluid"
    rate: int = 44100
    pictures: bool = False
    ready: str = "answer loaded"


def press(patch: str, *buttons: str) -> Step:
    """Clicks on buttons, one after the other.

    A button with `=` is a control that gets a value; after `:` comes what the patch then reports first.
    """

    def do(patches: Patches) -> None:
        for button in buttons:
            name, _, awaited = button.partition(":")
            name, _, value = name.partition("=")
            patches.do(patch, name if value else f"{name}-button", value or "bang")
            if awaited:
                report = awaited if " " in awaited else f"answer {awaited}"
                patches.wait(f"{patch} {report}", patience_s=2 * PATIENCE_S)

    return do


def keys(patch: str, velocity: int, *pitches: int, awaited: str = "answer audio") -> Step:
    """Keys of a MIDI keyboard, held until all their notes are there and for a second and a half more."""

    def do(patches: Patches) -> None:
        for pitch in pitches:
            patches.to("#notein", f"{pitch} {velocity} 1")
        for _ in pitches:
            patches.wait(f"{patch} {awaited}", patience_s=2 * PATIENCE_S)
        time.sleep(1.5)
        for pitch in pitches:
            patches.to("#notein", f"{pitch} 0 1")

    return do


def ended(patch: str, button: str) -> Step:
    """What plays without an end is stopped, and has faded."""

    def do(patches: Patches) -> None:
        press(patch, button)(patches)
        time.sleep(6.0)

    return do


# A patch as the course's: an array that the drop-in fills, played at Pd's rate, which is the model's.
DROP_IN = r"""#N canvas 0 0 400 400 12;
#X obj 20 20 r \$0-load-button;
#X msg 20 110 load fluid 4;
#X obj 120 20 r \$0-random-button;
#X obj 120 80 f \$0;
#X msg 120 110 randomize_z \$1-z;
#X obj 240 20 r \$0-play-button;
#X obj 240 80 f \$0;
#X msg 240 110 synthesize \$1-z \$1-sound 60;
#X obj 20 160 pyext. sopimagenta.gansynth.pyext gansynth @detach 1;
#X obj 20 200 s \$0-answer;
#X obj 200 200 route synthesized;
#X obj 200 230 tabplay~ \$0-sound;
#X obj 200 280 dac~;
#X obj 20 350 table \$0-z 256;
#X obj 140 350 table \$0-sound 32000;
#X connect 0 0 1 0;
#X connect 1 0 8 1;
#X connect 2 0 3 0;
#X connect 3 0 4 0;
#X connect 4 0 8 1;
#X connect 5 0 6 0;
#X connect 6 0 7 0;
#X connect 7 0 8 1;
#X connect 8 0 9 0;
#X connect 8 0 10 0;
#X connect 10 0 11 0;
#X connect 11 0 12 0;
"""

GANSYNTH, MULTI, PATH, STREAM = "gansynth", "gansynth_multi", "gansynth_hallucination", "hallu_stream"
NOZ, EDITED, STEPS, LIVE, FOLEY = "ganspacesynth_noz", "ganspacesynth", "ganspacesynth_halluseq", "hallu_live", "foley"
# Two points without fades; strokes; a surf; four steps of a composition.
BLOCKS = ("notes-set=2", "steps-set=10", "attack-set=0", "release-set=0", "sustain-set=0.4", "spacing-set=0.4")
STROKES = ("attack-set=0", "sustain-set=0.2", "release-set=0.2", "spacing-set=0.2")
SURF = ("attack-set=0.6", "sustain-set=0.6", "release-set=0.6", "spacing-set=0.3", "trim-set=0.2")
COMPOSED = ("edits-set=1 -1 0.5", "duplicate", "edits-set=2 -1 0.5", "add", "add", "edits-set=0 1 -2")
HALLU = ("interp-set=4", "spacing-set=0.4", "attack-set=0.5", "sustain-set=0.6", "release-set=0.7")
LISTEN = "hallu-listen~"


def note(page: str, title: str, *before: str, after: tuple[str, ...] = (), usual: bool = True) -> Scene:
    """A random timbre in `gansynth.pd`, with what is set before it and after it."""
    prepare, play = press(GANSYNTH, *before, "random:randomized", *after), press(GANSYNTH, "play:synthesized")
    return Scene(page, title, GANSYNTH, prepare, play, usual=usual)


def key(page: str, title: str, velocity: int, *pitches: int, usual: bool = False) -> Scene:
    """Keys of `gansynth_multi.pd`, with four new timbres."""
    play = keys(MULTI, velocity, *pitches)
    return Scene(page, title, MULTI, press(MULTI, "random-all:slerped"), play, 1.5, usual)


def path(page: str, title: str, *before: str, seconds: float = 5.5, model: str = "fluid", usual: bool = True) -> Scene:
    """A hallucination of `gansynth_hallucination.pd`."""
    play = press(PATH, "generate:hallucinated")
    return Scene(page, title, PATH, press(PATH, *before), play, seconds, usual, recorder=LISTEN, model=model)


def moved(
    page: str, title: str, patch: str, *before: str, button: str, usual: bool = False, seconds: float = 2.5
) -> Scene:
    """A sound along directions."""
    return Scene(page, title, patch, press(patch, *before), press(patch, button), seconds, usual, LISTEN)


def live(title: str, velocity: int, usual: bool = False) -> Scene:
    """A key of `hallu_live.pd`."""
    play = keys(LIVE, velocity, 52, awaited="from sound audio")
    return Scene("live 1", title, LIVE, press(LIVE, "random-all"), play, 3.0, usual)


def foley(page: str, title: str, button: str, seconds: float, recorder: str = LISTEN) -> Scene:
    """A sound for pictures."""

    def load(patches: Patches) -> None:
        ended(FOLEY, "stop-loop")(patches)
        press(FOLEY, "load:from sound foley")(patches)
        # Pictures are kept from now on, and a sound is made for the last seconds.
        time.sleep(10.0)

    play = press(FOLEY, button)
    return Scene(page, title, FOLEY, load, play, seconds, recorder=recorder, pictures=True, ready="from server 1")


SCENES = (
    note("README", "the first sound"),
    *(note("gansynth 1.5", f"pitch {pitch}", f"pitch-set={pitch}") for pitch in (40, 76)),
    note("gansynth 1.6", "a brass", after=("ask=condition family brass:conditioned",)),
    note("gansynth 2.3", "softer, six times", after=("softer",) * 6),
    note(
        "gansynth 2.4",
        "dots at top and bottom",
        after=("z=0 4 -4 3.5 -3.8 4 -4 4 3.7 -4 -4 4 -3.9 4 -4 4 4",),
        usual=False,
    ),
    note("gansynth 2.5", "all dots at the top", after=("z=const 4",), usual=False),
    key("gansynth 3.3", "a key, velocity 100", 100, 52, usual=True),
    key("gansynth 3.3", "a key, full velocity", 127, 52),
    key("gansynth 3.3", "a chord of four", 100, 48, 52, 55, 60),
    path("hallucination 1", "the first one", seconds=12.5),
    path("hallucination 2", "two points without fades", *BLOCKS),
    path("hallucination 4", "percussion, as it opens", seconds=12.5, model="percussion"),
    path("hallucination 4", "strokes", *STROKES, model="percussion", usual=False),
    path("hallucination 4", "surf", *SURF, seconds=10.0, model="percussion", usual=False),
    moved("ganspace 1.1", "the average sound", NOZ, button="play:synthesized"),
    moved("ganspace 1.10", "eight deviations away", NOZ, "edits-set=8", button="play:synthesized"),
    moved(
        "ganspace 2.3",
        "direction 1 at 2",
        EDITED,
        "random:randomized",
        "edits-set=2",
        button="play:synthesized",
        usual=True,
    ),
    moved("ganspace 3.1", "preview of a step", STEPS, "edits-set=1 -1 0.5", button="preview:audio"),
    moved(
        "ganspace 3.5",
        "a HALLU of four steps",
        STEPS,
        *COMPOSED,
        *HALLU,
        button="generate:hallucinated",
        usual=True,
        seconds=9.0,
    ),
    live("a key, velocity 100", 100, usual=True),
    live("a key, full velocity", 127),
    Scene("live 4", "the endless path", STREAM, ended(STREAM, "stop"), press(STREAM, "start:stream playing 1"), 12.0),
    foley("foley 1", "a sound for what is shown", "make:from sound audio", 6.0),
    foley("foley 3", "the loop", "start:stream playing 1", 14.0, recorder=""),
    Scene(
        "pd/README",
        "a patch of the course",
        "drop_in",
        press("drop_in", "load:loaded", "random:randomized"),
        press("drop_in", "play:synthesized"),
        rate=16000,
        ready="",
    ),
)
