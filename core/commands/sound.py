"""Commands that the engine executes: models, latent vectors, notes, hallucinations, directions."""

from dataclasses import replace

from core.commands.arguments import Arg
from core.commands.foley import FOLEY_COMMANDS
from core.commands.limits import MAX_EDITS, MAX_SLOTS
from core.commands.live import LIVE_COMMANDS
from core.commands.shared import AUDIO, EDIT, PITCH, PROGRESS, SLOT, STEPS, TARGET, TIMING
from core.commands.spec import Executor, Spec

_Z = "/sound/z slot f..."
_EDITS_PER_POINT = Arg("edits_per_point", "int", "how many of the edits make one key point", 1, MAX_EDITS)
_CONDITION = "/sound/conditioned name value..."
# 1: the pitch matters when directions are played without a z; 0: it is ignored, as the file has no mean for each pitch.
_PITCHED = "/sound/pitch_in_edits yes"
# In dB: what brings the model's notes to -20 LUFS, and its hallucinations, whose peak is 0.5. Then the share of eight
# notes that are tones at their pitch: below 0.5 the model plays noise. 1 for a model with a single pitch.
_LEVEL = "/sound/level name gain_db hallucination_gain_db in_tune"
_COMPONENTS = "/sound/components count layer file"
_DIRECTIONS = "/sound/directions name..."
_SHORTER = ", less for shorter notes"
# What each time is without being given: a value, or in words.
_DEFAULT_TIMES = ((None, "0.2" + _SHORTER), (0.0, ""), *[(None, "0.5" + _SHORTER)] * 3)
_OPTIONAL_TIMING = tuple(
    replace(arg, default=default, otherwise=words) for arg, (default, words) in zip(TIMING, _DEFAULT_TIMES, strict=True)
)

_SETUP = (
    "/sound/loaded name audio_length sample_rate latent_size pitch...",
    _LEVEL,
    _COMPONENTS,
    _PITCHED,
    _DIRECTIONS,
    "/sound/edited edit...",
)
_CHOICES = "/sound/choices name value..."

MODEL_COMMANDS = (
    Spec(
        "/sound/load",
        "Load a checkpoint; the one before it stays if this fails. Loading what is loaded, its files unchanged, keeps "
        "directions (which the replies then describe), edits and conditions; /sound/unload first clears them.",
        args=(Arg("checkpoint", "name", "a folder below DIR/FAMILY of a models folder, or a path inside one"),),
        replies=_SETUP,
        readable=True,
    ),
    Spec("/sound/unload", "Unload the model; the slots stay.", replies=("/sound/unloaded",)),
    Spec(
        "/sound/condition",
        "Set a condition of all notes from now on, until another model is loaded.",
        args=(Arg("name", "name", "one of the conditions that the loaded model was trained with, such as family"),),
        group=(Arg("value", "name", "such as brass; of qualities as many as you like; none, or any: not set"),),
        min_groups=0,
        max_groups=16,
        replies=(_CONDITION,),
    ),
    Spec(
        "/sound/conditions",
        "For each condition of the loaded model the values that there are, then what is set: any, where nothing is.",
        replies=(_CHOICES, _CONDITION),
    ),
    Spec(
        "/sound/settings",
        "What is set for sounds, whoever set it: model, directions, edits, conditions; answered at once. The number "
        "is another one whenever any of it is; if it is the one that the client knows, nothing else is sent.",
        args=(Arg("known", "int", "the number that came last", 0, 2**24 - 1, default=0, otherwise="none"),),
        replies=("/sound/settings.reply number", *_SETUP, _CHOICES, _CONDITION, "/sound/unloaded"),
        executor=Executor.RECEIVE_THREAD,
    ),
)

LATENT_COMMANDS = (
    Spec(
        "/sound/seed",
        "Restart the random numbers: the same seed gives the same latent vectors and hallucinations again.",
        args=(Arg("seed", "int", "where the random numbers start", 0, 2**31 - 1),),
        readable=True,
    ),
    Spec(
        "/sound/randomize_z",
        "Put a new random latent vector into each slot.",
        group=(SLOT,),
        max_groups=MAX_SLOTS,
        replies=(_Z,),
    ),
    Spec(
        "/sound/set_z",
        "Put these values into a slot, as many as the loaded model's latent size.",
        args=(SLOT,),
        group=(Arg("value", "float", "one value of the latent vector", -1000.0, 1000.0),),
        max_groups=16_384,
    ),
    Spec(
        "/sound/slerp_z",
        "Put the point between two slots, on the arc that joins them, into a third.",
        args=(
            Arg("slot0", "name", "where the arc starts"),
            Arg("slot1", "name", "where it ends"),
            Arg("dst", "name", "the slot to write"),
            Arg("amount", "float", "how far along the arc", 0.0, 1.0),
        ),
        replies=("/sound/z dst f...",),
    ),
)

NOTE_COMMANDS = (
    Spec(
        "/sound/synthesize",
        "Generate one note per slot, target and pitch.",
        group=(SLOT, TARGET, PITCH),
        max_groups=256,
        replies=(AUDIO,),
    ),
    Spec(
        "/sound/hallucinate",
        "A path through random key points: notes + (notes - 1) * steps notes, enveloped and overlapped into one clip.",
        args=(
            TARGET,
            Arg("notes", "int", "key points", 1, 1000),
            STEPS,
            *_OPTIONAL_TIMING,
            Arg("pitch", "int", PITCH.help, PITCH.low, PITCH.high, otherwise="32, or the model's nearest"),
        ),
        replies=(PROGRESS, AUDIO),
        progress=True,
    ),
    Spec(
        "/sound/hallucinate_z",
        "The same through key points of your own, in the order given.",
        args=(TARGET, STEPS, *TIMING, PITCH),
        group=(SLOT,),
        max_groups=1000,
        replies=(PROGRESS, AUDIO),
        progress=True,
    ),
    Spec(
        "/sound/hallucinate_path",
        "The same with a pitch for each key point, which is held until the next.",
        args=(TARGET, STEPS, *TIMING),
        group=(SLOT, PITCH),
        max_groups=1000,
        replies=(PROGRESS, AUDIO),
        progress=True,
    ),
)

MATCH_COMMANDS = (
    Spec(
        "/sound/match",
        "Find the latent vector whose note comes nearest to a recording, its level left out. The first time for a "
        "model, some thousand notes of it are rendered and kept. /cancel takes the slot.",
        args=(
            SLOT,
            Arg("path", "name", "a sound file of any kind, from its first sound on; an absolute path"),
            Arg("pitch", "int", PITCH.help, PITCH.low, PITCH.high, otherwise="the recording's, or the nearest"),
        ),
        replies=(
            PROGRESS,
            _Z,
            "/sound/matched_pitch slot pitch",
            # In dB: the root of the mean square over the log-mel spectrum.
            "/sound/matched slot path distance",
        ),
        progress=True,
        named_by="slot",
    ),
)

DIRECTION_COMMANDS = (
    Spec(
        "/sound/load_ganspace_components",
        "Load directions of the loaded model. auto finds them within seconds where it has none, and keeps them.",
        args=(Arg("file", "name", "in the model's folder, or named as a checkpoint is; auto: the model's own"),),
        replies=(PROGRESS, _COMPONENTS, _PITCHED, _DIRECTIONS),
        progress=True,
        readable=True,
    ),
    Spec(
        "/sound/set_edits",
        "Move every z along the directions from now on, in synthesize and hallucinate_z; no edits: off.",
        group=(EDIT,),
        min_groups=0,
        max_groups=MAX_EDITS,
        readable=True,
    ),
    Spec(
        "/sound/edits",
        "Where a slot's z lies on the directions: the edits that come nearest to it without a z.",
        args=(SLOT,),
        replies=("/sound/edits slot f...",),
    ),
    Spec(
        "/sound/synthesize_noz",
        "A note without a z: from the mean, moved along the directions. Edits that are left out are 0.",
        args=(TARGET, PITCH),
        group=(EDIT,),
        min_groups=0,
        max_groups=MAX_EDITS,
        replies=(AUDIO,),
    ),
    Spec(
        "/sound/hallucinate_noz",
        "A hallucination through such points, in straight lines between them.",
        args=(
            TARGET,
            STEPS,
            *TIMING,
            PITCH,
            _EDITS_PER_POINT,
        ),
        group=(EDIT,),
        max_groups=MAX_EDITS,
        replies=(PROGRESS, AUDIO),
        progress=True,
    ),
    Spec(
        "/sound/hallucinate_noz_path",
        "The same with a pitch for each key point, which is held until the next: its pitch, then its edits.",
        args=(TARGET, STEPS, *TIMING, _EDITS_PER_POINT),
        group=(replace(EDIT, name="pitch_or_edit", help="of each key point its pitch, then its edits"),),
        max_groups=MAX_EDITS,
        replies=(PROGRESS, AUDIO),
        progress=True,
    ),
)

SOUND_COMMANDS = (
    *MODEL_COMMANDS,
    *LATENT_COMMANDS,
    *NOTE_COMMANDS,
    *LIVE_COMMANDS,
    *MATCH_COMMANDS,
    *DIRECTION_COMMANDS,
    *FOLEY_COMMANDS,
)
