"""The one command table, and parse(datagram) -> commands or the reasons why not.

The table drives parsing, `hallu send --list`, docs/osc.md and the checks on pd/. A new command is one row here and one
function in server/sounds/.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.commands.arguments import Arg
from core.commands.image import EDIT_HELP, IMAGE_ROWS, PROGRESS
from core.commands.spec import Spec
from server.osc.packet import Message, Value, WireError, decode

MAX_REASON = 200
MAX_SLOTS = 1024
# More than one datagram holds.
MAX_EDITS = 16_384
# Ten minutes of work for a full-size checkpoint on two cores.
MAX_NOTES = 10_000
MAX_SECONDS = 1800.0


@dataclass(frozen=True)
class Command:
    """A checked message. `values` holds each argument by name (None: left out), those of the group as lists."""

    spec: Spec
    values: dict[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The address that was asked."""
        return self.spec.address


@dataclass(frozen=True)
class Refusal:
    """Why a message is no command: what /fail says."""

    address: str
    target: str
    reason: str


SLOT = Arg("slot", "name", "a named latent vector on the server")
TARGET = Arg("target", "name", "any symbol of the client's choice; it comes back in the replies")
NOTE_STEPS = Arg("steps", "int", "notes interpolated between two key points", 0, 1000)
EDIT = Arg("edit", "float", EDIT_HELP, -1000.0, 1000.0)
PITCH = Arg("pitch", "int", "MIDI pitch, one of the loaded model's", 0, 127)


def _seconds(name: str, text: str, default: str = "") -> Arg:
    return Arg(name, "float", text, 0.0, 60.0, "s", default)


def _timing(with_defaults: bool) -> tuple[Arg, ...]:
    scaled = ", less for shorter notes"
    rows = (
        ("spacing", "from one note's start to the next", "0.2"),
        ("start_trim", "silence at the start of each note", "0"),
        ("attack", "linear rise", "0.5" + scaled),
        ("sustain", "full level", "0.5" + scaled),
        ("release", "linear fall", "0.5" + scaled),
    )
    return tuple(_seconds(name, text, default if with_defaults else "") for name, text, default in rows)


_AUDIO = "/sound/audio target path frames sample_rate"
_Z = "/sound/z slot f..."
_CONDITION = "/sound/conditioned name value..."
# 1: the pitch matters when directions are played without a z; 0: it is ignored, as the file has no mean for each pitch.
_PITCHED = "/sound/pitch_in_edits yes"

TABLE = (
    Spec(
        "/status",
        "What the server is doing; answered at once, also while it generates.",
        replies=("/status.reply model components queue_length busy_target uptime_s version",),
        query=True,
    ),
    Spec(
        "/notify",
        "Send this client's replies, the /done of this command included, to another port, and its audio at this rate.",
        args=(
            Arg("port", "int", "UDP port on the sender's machine", 0, 65535, default="0: the port it sends from"),
            Arg("rate", "int", "WAVs are resampled to it; 0: as the model makes them", 0, 192_000, "Hz", "0"),
        ),
        query=True,
    ),
    Spec(
        "/cancel",
        "Stop the queued and running requests with this target, whoever sent them; each gets its /fail ... cancelled.",
        args=(TARGET,),
        query=True,
    ),
    Spec(
        "/sound/load",
        "Load a checkpoint; the one before it stays if this fails.",
        args=(Arg("checkpoint", "name", "a folder under DIR/gansynth/ of a models folder, or a path inside one"),),
        replies=("/sound/loaded name audio_length sample_rate latent_size pitch...",),
    ),
    Spec("/sound/unload", "Let the model go; the slots stay.", replies=("/sound/unloaded",)),
    Spec(
        "/sound/seed",
        "Start the random numbers anew: after the same seed the same latents and hallucinations follow.",
        args=(Arg("seed", "int", "where the random numbers start", 0, 2**31 - 1),),
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
    Spec(
        "/sound/condition",
        "What all notes shall be from now on besides their pitch, until a model is loaded.",
        args=(Arg("name", "name", "one of the conditions that the loaded model was trained with, such as family"),),
        group=(Arg("value", "name", "such as brass; of qualities as many as you like; none, or any: not set"),),
        min_groups=0,
        max_groups=16,
        replies=(_CONDITION,),
    ),
    Spec(
        "/sound/conditions",
        "For each condition of the loaded model the values that there are, then what is set: any, where nothing is.",
        replies=("/sound/choices name value...", _CONDITION),
    ),
    Spec(
        "/sound/synthesize",
        "Make one note per slot, target and pitch.",
        group=(SLOT, TARGET, PITCH),
        max_groups=256,
        replies=(_AUDIO,),
    ),
    Spec(
        "/sound/hallucinate",
        "A path through random key points: notes + (notes - 1) * steps notes, enveloped and overlapped into one clip.",
        args=(
            TARGET,
            Arg("notes", "int", "key points", 1, 1000),
            NOTE_STEPS,
            *_timing(with_defaults=True),
            Arg("pitch", "int", PITCH.help, 0, 127, default="32, or the model's nearest"),
        ),
        replies=(PROGRESS, _AUDIO),
        progress=True,
    ),
    Spec(
        "/sound/hallucinate_z",
        "The same through key points of your own, in the order given.",
        args=(TARGET, NOTE_STEPS, *_timing(with_defaults=False), PITCH),
        group=(SLOT,),
        max_groups=1000,
        replies=(PROGRESS, _AUDIO),
        progress=True,
    ),
    Spec(
        "/sound/load_ganspace_components",
        "Load directions of the loaded model. auto finds them within seconds where it has none, and keeps them.",
        args=(Arg("file", "name", "in the model's folder, or named as a checkpoint is; auto: the model's own"),),
        replies=(PROGRESS, "/sound/components count layer file", _PITCHED, "/sound/directions name..."),
        progress=True,
    ),
    Spec(
        "/sound/set_edits",
        "Move every z along the directions from now on, in synthesize and hallucinate_z; no edits: not any more.",
        group=(EDIT,),
        min_groups=0,
        max_groups=MAX_EDITS,
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
        replies=(_AUDIO,),
    ),
    Spec(
        "/sound/hallucinate_noz",
        "A hallucination through such points, in straight lines between them.",
        args=(
            TARGET,
            NOTE_STEPS,
            *_timing(with_defaults=False),
            PITCH,
            Arg("edits_per_point", "int", "how many of the edits make one key point", 1, MAX_EDITS),
        ),
        group=(EDIT,),
        max_groups=MAX_EDITS,
        replies=(PROGRESS, _AUDIO),
        progress=True,
    ),
    Spec(
        "/sound/play",
        "Say that this client plays a sound now, so that the pictures follow it.",
        args=(
            TARGET,
            Arg("position", "float", "where it is at this moment", 0.0, MAX_SECONDS, "s", "0"),
        ),
        query=True,
    ),
    Spec(
        "/sound/stop",
        "Say that it plays no longer.",
        args=(Arg("target", "name", "the sound", default="whatever plays"),),
        query=True,
    ),
    *IMAGE_ROWS,
)

COMMANDS = {spec.address: spec for spec in TABLE}

# Replies that come in (two servers that talk to each other, a port of our own) are never answered: that would not end.
# /sound/edits is both; as a reply it has too many arguments for a command, and gets a /fail, where it ends.
REPLIES = frozenset(reply.split()[0] for spec in TABLE for reply in spec.replies) - COMMANDS.keys() | {"/done", "/fail"}


def parse(datagram: bytes) -> Iterator[Command | Refusal]:
    """Everything that a datagram asks for, in order. Messages with a reply's address are dropped."""
    for message in decode(datagram):
        if message.address not in REPLIES:
            yield read(message)


def read(message: Message | WireError) -> Command | Refusal:
    """One message as a checked command, or the reason why it is none."""
    if isinstance(message, WireError):
        return Refusal(_echo(message.address), "-", str(message))
    spec = COMMANDS.get(message.address)
    if spec is None:
        return Refusal(_echo(message.address), "-", "unknown address; `hallu send --list` shows what there is")
    try:
        values = _values(spec, message.args)
    except ValueError as error:
        return Refusal(spec.address, _target_in(spec, message.args), str(error))
    return Command(spec, values, _targets(spec, values))


def _echo(address: str) -> str:
    """A wrong address as any client can read it."""
    return address[:MAX_REASON].encode("ascii", "replace").decode() or "-"


def _values(spec: Spec, args: tuple[Value, ...]) -> dict[str, Any]:
    _check_count(spec, len(args))
    values: dict[str, Any] = {arg.name: None for arg in spec.args}
    values |= {arg.name: arg.read(value) for arg, value in zip(spec.args, args, strict=False)}
    rest = args[len(spec.args) :]
    for place, arg in enumerate(spec.group):
        values[arg.name] = [arg.read(value) for value in rest[place :: len(spec.group)]]
    return values


def _check_count(spec: Spec, given: int) -> None:
    least = sum(not arg.default for arg in spec.args) + len(spec.group) * spec.min_groups
    most = len(spec.args) + len(spec.group) * spec.max_groups
    if not spec.args and not spec.group and given:
        raise ValueError(f"takes no arguments, not {given}")
    if not least <= given <= most:
        raise ValueError(f"needs {_count_text(least, most)} arguments ({spec.usage}), not {given}")
    if spec.group and (given - len(spec.args)) % len(spec.group):
        raise ValueError(f"needs whole groups of {len(spec.group)} ({spec.usage}), not {given} arguments")


def _count_text(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"


def _targets(spec: Spec, values: dict[str, Any]) -> tuple[str, ...]:
    if TARGET in spec.group:
        return tuple(values[TARGET.name])
    return (values[TARGET.name],) if TARGET in spec.args else ()


def _target_in(spec: Spec, args: tuple[Value, ...]) -> str:
    """The target of a message that could not be read, as far as there is one."""
    order = [*spec.args, *spec.group]
    if TARGET not in order or order.index(TARGET) >= len(args):
        return "-"
    try:
        return str(TARGET.read(args[order.index(TARGET)]))
    except ValueError:
        return "-"
