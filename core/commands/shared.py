"""Arguments and replies that several commands share."""

from core.commands.arguments import Arg

PROGRESS = "/progress address target done total"
AUDIO = "/sound/audio target path frames sample_rate"

SLOT = Arg("slot", "name", "a named latent vector on the server")
TARGET = Arg("target", "name", "any symbol of the client's choice; it comes back in the replies")
EDIT = Arg("edit", "float", "how far along a direction, in standard deviations; the strongest first", -1000.0, 1000.0)
PITCH = Arg("pitch", "int", "MIDI pitch, one of the loaded model's", 0, 127)
STEPS = Arg("steps", "int", "notes interpolated between two key points", 0, 1000)
_TIMES = {
    "spacing": "from one note's start to the next",
    "start_trim": "silence at the start of each note",
    "attack": "linear rise",
    "sustain": "full level",
    "release": "linear fall",
}
TIMING = tuple(Arg(name, "float", text, 0.0, 60.0, "s") for name, text in _TIMES.items())
