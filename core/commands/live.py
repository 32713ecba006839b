"""Commands that are played live: notes, and hallucinations without an end. They go before longer work."""

from core.commands.arguments import Arg
from core.commands.limits import MAX_EDITS, MAX_SLOTS
from core.commands.shared import AUDIO, PITCH, SLOT, STEPS, TARGET, TIMING
from core.commands.spec import Spec

# The settings of a stream that are one number each.
STREAM_SETTINGS = (
    STEPS,
    *TIMING,
    PITCH,
    Arg("loop", "int", "1: the key points are repeated where there are no new ones", 0, 1),
    Arg("wander", "float", "how far random key points are from the one before; 1 is anywhere", 0.0, 1.0),
)
_UNDERRUNS = "/sound/underruns target count"

LIVE_COMMANDS = (
    Spec(
        "/sound/note",
        "Play a note live: its head is there at once, and the rest while the head plays. It goes before longer work.",
        args=(
            TARGET,
            SLOT,
            PITCH,
            Arg(
                "velocity",
                "int",
                "how loud: 127 is full level, less is 40 log10(velocity / 127) dB",
                1,
                127,
                default=127,
            ),
        ),
        replies=("/sound/head target path frames sample_rate total_frames", AUDIO),
    ),
    Spec(
        "/sound/loop",
        "Find where a note can be repeated while its key is held: a part of its steady sound that goes on in phase. A "
        "player crossfades for 40 ms to the same moment one loop earlier. 0 frames: the sound does not stay.",
        args=(TARGET, Arg("path", "name", "the note's WAV file, an absolute path")),
        replies=("/sound/looped target start frames",),
    ),
    Spec(
        "/sound/prepare",
        "Generate notes of a slot while nothing else is to do, so that /sound/note has them in memory; again when the "
        "slot, edits or conditions change.",
        args=(SLOT,),
        group=(Arg("pitch", "int", "MIDI pitches of the loaded model's; none: all of them", 0, 127),),
        min_groups=0,
        max_groups=128,
    ),
    Spec(
        "/sound/stream",
        "Begin a hallucination without an end, through key points of your own and then random ones, with the edits and "
        "conditions that are set. It ends with /done after /sound/stream_stop.",
        args=(TARGET, STEPS, *TIMING, PITCH),
        group=(SLOT,),
        min_groups=0,
        max_groups=MAX_SLOTS,
        replies=("/sound/segment target index path frames sample_rate start_frame", _UNDERRUNS),
    ),
    Spec(
        "/sound/stream_set",
        "Change a setting of a stream, for notes beyond what is ahead.",
        args=(
            TARGET,
            Arg(
                "name", "name", f"{', '.join(arg.name for arg in STREAM_SETTINGS)}, edits, or a condition of the model"
            ),
        ),
        group=(Arg("value", "name", "one number; of edits and conditions as many as you like; none: not set"),),
        min_groups=0,
        max_groups=MAX_EDITS,
    ),
    Spec(
        "/sound/stream_add",
        "Key points that a stream goes to next.",
        args=(TARGET,),
        group=(SLOT,),
        max_groups=MAX_SLOTS,
    ),
    Spec(
        "/sound/stream_position",
        "Report where you play a stream, ten times a second or more: it is generated at most 0.5 s beyond. Without a "
        "report for 10 s it ends. An underrun (all that there was had been played) is counted and reported.",
        args=(TARGET, Arg("seconds", "float", "since the stream's first sample", 0.0, 100 * 24 * 3600.0)),
        replies=(_UNDERRUNS,),
    ),
    Spec(
        "/sound/stream_stop",
        "Let a stream end: its last notes end by their envelope. Report the position until /done.",
        args=(TARGET,),
    ),
)
