"""Commands that the renderer executes: image models, and how images follow the sound."""

from dataclasses import replace

from core.commands.arguments import Arg
from core.commands.shared import EDIT, PROGRESS
from core.commands.spec import Executor, Spec

_FILE = "/image/file path"
_FILE_ARG = Arg(
    "file",
    "name",
    "a plain name, without a folder; it is written to the renderer's folder of images",
    otherwise="a name from the date and time",
)
# Transforms of network bending; renderer/bending has what they do.
TRANSFORMS = ("zoom", "blur", "translate", "rotate", "shear", "blend", "hue", "swirl", "displace")
# Sinks of pictures; renderer/sinks has what they do.
SINKS = ("camera", "ndi", "spout", "syphon")
_COMPONENTS = ("/image/components count layer file", "/image/directions name...")

_MAP_WORD = Arg("word", "name", "the number or name after edit, bend or class; then the signal, then its low and high")

SETTING_COMMANDS = (
    Spec(
        "/image/load",
        "Load an image model; the one before it is rendered until then, and stays if this fails.",
        args=(Arg("name", "name", "a folder below DIR/FAMILY of a models folder"),),
        replies=("/image/loaded name resolution z_size classes",),
        readable=True,
    ),
    Spec(
        "/image/classes",
        "What the images show; chroma moves between these. None: the renderer's own choice.",
        group=(Arg("class", "name", "a class of the loaded image model, by its number or name"),),
        min_groups=0,
        max_groups=64,
        replies=("/image/class_names name...",),
        readable=True,
    ),
    Spec(
        "/image/truncation",
        "How far from the average images may be: small values are safe and alike, 1 shows everything.",
        args=(
            Arg(
                "value",
                "float",
                "threshold of the truncated normal distribution; psi, for models with mapped latents",
                0.02,
                1.0,
            ),
        ),
        readable=True,
    ),
    Spec(
        "/image/jitter",
        "How strongly loudness and onsets move the image.",
        args=(Arg("value", "float", "0: not at all", 0.0, 1.0),),
        readable=True,
    ),
    Spec(
        "/image/smooth",
        "How slowly the image follows.",
        args=(Arg("value", "float", "0: at once", 0.0, 1.0),),
        readable=True,
    ),
    Spec(
        "/image/mode",
        "follow: the sound that plays. tempo: oscillators in beats. free: slow motion of its own.",
        args=(Arg("name", "name", "what moves the image", choices=("follow", "tempo", "free")),),
        readable=True,
    ),
    Spec(
        "/image/bpm",
        "The tempo of the oscillators.",
        args=(Arg("value", "float", "beats per minute", 20.0, 400.0, "bpm"),),
        readable=True,
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
    ),
    Spec(
        "/image/load_ganspace_components",
        "Load directions of the loaded image model. auto finds them where it has none, and keeps them.",
        args=(Arg("file", "name", "in the model's folder, or below DIR/FAMILY; auto: the model's own"),),
        replies=(PROGRESS, *_COMPONENTS),
        progress=True,
        readable=True,
    ),
    Spec(
        "/image/edits",
        "Move the images along the directions, on top of all else that moves them; no edits: off.",
        group=(EDIT,),
        min_groups=0,
        max_groups=1024,
        readable=True,
    ),
    Spec(
        "/image/bend",
        "Network bending: transform what leaves a layer of the image model. Bends of one layer follow each other in "
        "the order of their numbers. No transform: off.",
        args=(
            Arg("number", "int", "which bend", 1, 8),
            Arg("layer", "name", "one of /image/layers; rgb is the whole image", otherwise="off"),
            Arg("transform", "name", "what is done to it", choices=TRANSFORMS, otherwise="off"),
            Arg("amount", "float", "how much; nothing changes at 0, or at 1 for zoom", -100.0, 100.0, otherwise="off"),
            Arg(
                "x", "float", "centre in half edges from the middle, or direction", -4.0, 4.0, otherwise="middle, right"
            ),
            Arg("y", "float", "the same, downwards", -4.0, 4.0, otherwise="0"),
        ),
    ),
    Spec(
        "/image/noise",
        "The noise that an image model is given in each layer, if it takes any: fine detail that does not depend on z.",
        args=(
            Arg("amount", "float", "0: none; 1: as it was trained with", 0.0, 4.0),
            Arg("speed", "float", "how fast it changes into other noise, in turns per second", 0.0, 10.0, default=0.0),
        ),
        readable=True,
    ),
    Spec(
        "/image/displace",
        "Let the image flow along a displacement map.",
        args=(
            Arg("amount", "float", "0: not at all; 1: by an eighth of the image", 0.0, 4.0),
            Arg("scale", "float", "how fine the map is", 0.0, 1.0, default=0.5),
        ),
        readable=True,
    ),
    Spec(
        "/image/map",
        "Let a control follow a signal, from low at 0 to high at 1; without them over its whole range. No signal: off. "
        "Besides the signals of clients there are those of the sound that plays: sound.level, sound.onset, "
        "sound.brightness, sound.pitch.",
        args=(Arg("control", "name", "truncation, jitter, noise, edit N, bend N or class NAME"),),
        group=(_MAP_WORD,),
        min_groups=0,
        max_groups=4,
        replies=("/image/mapped control which signal low high",),
    ),
)

SIGNAL_COMMANDS = (
    Spec(
        "/image/signal",
        "Report control signals of the client's: a microphone's level, a fader, a sensor. /image/map binds them.",
        group=(
            Arg("name", "name", "any name; at most 64 are kept"),
            Arg("value", "float", "its value now", 0.0, 1.0),
        ),
        max_groups=64,
    ),
)

FADE_COMMANDS = (
    Spec(
        "/image/fade",
        "Fade the images to black and back, wherever they are shown or recorded. It is not kept: a renderer that "
        "starts shows its images.",
        args=(
            Arg("level", "float", "0: black; 1: the image", 0.0, 1.0),
            Arg("seconds", "float", "how long it takes; 0: at once", 0.0, 600.0, "s", default=0.0),
        ),
        readable=True,
    ),
)

RECORDING_COMMANDS = (
    Spec(
        "/image/record",
        "Record the images as a video: start NAME.mp4, then stop. If the disk is full, the recording ends and is kept. "
        "With the client's own sound, the client writes it as a WAV into the path of /image/mix, and reports with "
        "/image/mix; after the end the film gets it, and the WAV stays.",
        args=(
            Arg("what", "name", "what to do", choices=("start", "stop")),
            _FILE_ARG,
            Arg("sound", "name", "whose sound the film gets", default="server", choices=("server", "client")),
        ),
        replies=(_FILE, "/image/mix path"),
        later=("/image/record_failed path reason",),
    ),
    Spec(
        "/image/mix",
        "Report how much of the recording's WAV the client has written: 0 when it begins, then several times a second, "
        "and once more just before the end.",
        args=(Arg("blocks", "int", "blocks of 64 samples until now", 0, 2**24),),
    ),
    Spec(
        "/image/output",
        "Show the images in other programs too: as a virtual camera, by NDI, Spout or Syphon (`hallu sinks`).",
        args=(
            Arg("sink", "name", "where they go", choices=SINKS),
            Arg("what", "name", "what to do", default="on", choices=("on", "off")),
        ),
        replies=("/image/output sink state",),
        later=("/image/output_failed sink reason",),
    ),
    Spec("/image/snapshot", "Save the current image.", args=(_FILE_ARG,), replies=(_FILE,)),
)

STATUS_COMMANDS = (
    Spec(
        "/image/status",
        "What the renderer is doing. `changes` counts the settings made by anyone: if it has changed, ask for "
        "/image/settings.",
        replies=("/image/status.reply model mode fps dropped page playing components changes",),
    ),
    Spec(
        "/image/settings",
        "The current settings, whoever made them. The class... are numbers; none: the renderer's own choice. "
        "/image/components, /image/directions and /image/edits come if directions are loaded; edits that are left out "
        "are 0. /image/layers are those that bend, /image/noise comes if the model has noise inputs, and /image/bend "
        "for each bend; /image/mapped for each control that follows a signal; /image/output for each sink that is on.",
        replies=(
            "/image/settings.reply truncation jitter smooth mode bpm [class...]",
            "/image/class_names name...",
            *_COMPONENTS,
            "/image/edits edit...",
            "/image/layers name...",
            "/image/noise amount speed",
            "/image/displace amount scale",
            "/image/bend number layer transform amount x y",
            "/image/mapped control which signal low high",
            "/image/output sink state",
        ),
    ),
)

IMAGE_COMMANDS = tuple(
    replace(spec, executor=Executor.RENDERER)
    for spec in (*SETTING_COMMANDS, *FADE_COMMANDS, *SIGNAL_COMMANDS, *RECORDING_COMMANDS, *STATUS_COMMANDS)
)
