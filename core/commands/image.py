"""The rows of the command table that steer pictures. The renderer answers them; its names are its own to check."""

from core.commands.arguments import Arg
from core.commands.spec import Spec

_FILE = "/image/file path"
_FILE_ARG = "a plain name, without a folder; it is written to the renderer's own folder of pictures"

PROGRESS = "/progress address target done total"
EDIT_HELP = "how far along a direction, in standard deviations; the strongest first"

IMAGE_ROWS = (
    Spec(
        "/image/load",
        "Load a picture model; the one before it goes on painting until then, and stays if this fails.",
        args=(Arg("name", "name", "a folder under DIR/biggan/ of a models folder"),),
        replies=("/image/loaded name resolution z_size classes",),
        image=True,
    ),
    Spec(
        "/image/classes",
        "What the pictures show; chroma moves between these. None: a choice of the renderer's.",
        group=(Arg("class", "name", "a class of the loaded picture model, by its number or name"),),
        min_groups=0,
        max_groups=64,
        replies=("/image/class_names name...",),
        image=True,
    ),
    Spec(
        "/image/truncation",
        "How far from the average pictures may be: small is safe and alike, 1 is everything.",
        args=(Arg("value", "float", "threshold of the truncated normal distribution", 0.02, 1.0),),
        image=True,
    ),
    Spec(
        "/image/jitter",
        "How strongly loudness and onsets move the picture.",
        args=(Arg("value", "float", "0: not at all", 0.0, 1.0),),
        image=True,
    ),
    Spec(
        "/image/smooth",
        "How slowly the picture follows.",
        args=(Arg("value", "float", "0: at once", 0.0, 1.0),),
        image=True,
    ),
    Spec(
        "/image/mode",
        "follow: the sound that plays. tempo: oscillators in beats. free: a calm walk.",
        args=(Arg("name", "name", "follow, tempo or free"),),
        image=True,
    ),
    Spec(
        "/image/bpm",
        "The tempo of the oscillators.",
        args=(Arg("value", "float", "beats a minute", 20.0, 400.0),),
        image=True,
    ),
    Spec(
        "/image/oscillator",
        "In tempo mode, move these axes of the noise as a function of the beat.",
        args=(
            Arg("number", "int", "which oscillator", 1, 16),
            Arg("function", "name", "of one period, such as sin, cos or ramp"),
            Arg("magnitude", "float", "how far; 0 switches the oscillator off", 0.0, 10.0),
            Arg("period", "float", "beats", 0.01, 1024.0),
        ),
        group=(Arg("axes", "int", "numbers of axes from 0; none: those it has", 0, 1023),),
        min_groups=0,
        max_groups=256,
        image=True,
    ),
    Spec(
        "/image/load_ganspace_components",
        "Load directions of the loaded picture model. auto finds them where it has none, and keeps them.",
        args=(Arg("file", "name", "in the model's folder, or under DIR/biggan/; auto: the model's own"),),
        replies=(PROGRESS, "/image/components count layer file", "/image/directions name..."),
        image=True,
        progress=True,
    ),
    Spec(
        "/image/edits",
        "Move the pictures along the directions, on top of all else that moves them; no edits: not any more.",
        group=(Arg("edit", "float", EDIT_HELP, -1000.0, 1000.0),),
        min_groups=0,
        max_groups=1024,
        image=True,
    ),
    Spec(
        "/image/record",
        "Record the pictures as a video: start NAME.mp4, then stop.",
        args=(
            Arg("what", "name", "start or stop"),
            Arg("file", "name", _FILE_ARG, default="a name from the date and time"),
        ),
        replies=(_FILE,),
        image=True,
    ),
    Spec(
        "/image/snapshot",
        "Save the picture of this moment.",
        args=(Arg("file", "name", _FILE_ARG, default="a name from the date and time"),),
        replies=(_FILE,),
        image=True,
    ),
    Spec(
        "/image/status",
        "What the renderer is doing. Changes counts what was set, by whomever: another number, and it is worth asking "
        "for /image/settings.",
        replies=("/image/status.reply model mode fps dropped page playing components changes",),
        image=True,
    ),
    Spec(
        "/image/settings",
        "What is set, by whomever. The class... are numbers, none: the names are the renderer's choice. The last three "
        "replies come if directions are loaded; edits that are left out are 0.",
        replies=(
            "/image/settings.reply truncation jitter smooth mode bpm [class...]",
            "/image/class_names name...",
            "/image/components count layer file",
            "/image/directions name...",
            "/image/edits edit...",
        ),
        image=True,
    ),
)
