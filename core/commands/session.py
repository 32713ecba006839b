"""Commands that keep everything that is set, sound and images, by a name."""

from core.commands.arguments import Arg
from core.commands.shared import PROGRESS
from core.commands.spec import Spec

_NAME = Arg("name", "name", "of the session: a plain name, without a folder")
EVERYTHING, IMAGES, SOUND = "everything", "images", "sound"
_PART = Arg(
    "part",
    "name",
    "what of it: of images alone the sound plays on, as of presets of the images",
    choices=(EVERYTHING, IMAGES, SOUND),
    default=EVERYTHING,
)

SESSION_COMMANDS = (
    Spec(
        "/session/save",
        "Save models (that of sounds for pictures too), slots, random numbers, conditions, directions, edits and the "
        "settings of the images under a name, in one folder, which can be mailed. A session of this name is replaced.",
        args=(_NAME,),
        replies=("/session/saved name",),
    ),
    Spec(
        "/session/load",
        "Recall a session. What it names and is missing here (a model, directions) is reported, and the rest is set. "
        "Slots that it does not have stay.",
        args=(_NAME, _PART),
        replies=(
            PROGRESS,
            "/sound/loaded name audio_length sample_rate latent_size pitch...",
            "/sound/level name gain_db hallucination_gain_db in_tune",
            "/sound/components count layer file",
            "/sound/pitch_in_edits yes",
            "/sound/directions name...",
            "/sound/edited edit...",
            "/sound/foley name seconds",
            "/sound/foley_classes class...",
            "/sound/conditioned name value...",
            "/session/missing what name reason",
        ),
        progress=True,
    ),
    Spec("/session/list", "The names of the saved sessions.", replies=("/session/names name...",)),
    Spec("/session/delete", "Delete a saved session.", args=(_NAME,)),
)
