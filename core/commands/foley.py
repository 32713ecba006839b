"""Commands that give pictures a sound, and let the sound move the pictures."""

from core.commands.arguments import Arg
from core.commands.shared import AUDIO, PROGRESS, TARGET
from core.commands.spec import Spec

SHORTEST_S, LONGEST_S = 0.5, 300.0
# In dB: what brings its sounds to -20 LUFS. The two are the same, and the last one is 1, as of a model without pitches.
_LEVEL = "/sound/level name gain_db gain_db in_tune"

_CLASS = Arg(
    "class", "name", "what it is to sound like, one of /sound/foley_classes; -: the pictures decide", default="-"
)

IMAGE_LOOP = Spec(
    "/sound/image_loop",
    "Begin a sound without an end that is made from what is shown, and moves what is shown, from which the next "
    "part is made. Its level is held, and so is the motion of the pictures. Report the position "
    "(/sound/stream_position) as for /sound/stream; it ends with /done after /sound/stream_stop.",
    args=(
        TARGET,
        Arg("amount", "float", "how strongly the sound moves the pictures", 0.0, 1.0, default=0.5),
        Arg("seconds", "float", "of each part", 1.0, 10.0, "s", default=4.0),
        _CLASS,
    ),
    replies=(
        "/sound/segment target index path frames sample_rate start_frame",
        "/sound/image_looped target part motion drive temperature",
        "/sound/underruns target count",
    ),
)

FOLEY_COMMANDS = (
    Spec(
        "/sound/load_foley",
        "Load the model that gives pictures a sound; the one before it stays if this fails. The renderer keeps what it "
        "shows in mind from then on, as small pictures of the last half minute.",
        args=(Arg("name", "name", "a folder below DIR/FAMILY of a models folder, or a path inside one"),),
        replies=("/sound/foley name seconds", "/sound/foley_classes class...", _LEVEL),
    ),
    Spec(
        "/sound/from_image",
        "A sound for what is shown: for the last seconds of the pictures, up to now.",
        args=(
            TARGET,
            Arg("seconds", "float", "of the sound", SHORTEST_S, LONGEST_S, "s", otherwise="those of the foley model"),
            _CLASS,
            Arg("temperature", "float", "how free it is; 0: always the likeliest", 0.0, 4.0, default=1.0),
        ),
        replies=(PROGRESS, AUDIO),
        progress=True,
    ),
    IMAGE_LOOP,
)
