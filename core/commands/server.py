"""Commands about the server itself, and about what a client plays: answered at once, never behind the engine."""

from core.commands.arguments import Arg
from core.commands.limits import MAX_SECONDS
from core.commands.shared import TARGET
from core.commands.spec import Executor, Spec

SERVER_COMMANDS = (
    Spec(
        "/status",
        "What the server is doing; answered at once, also while it generates. unsaved: why the state cannot be saved "
        "now; it is sent only then. line: of a bridge; found, cut or searching, and the round trip or since when.",
        replies=(
            "/status.reply model components queue_length busy_target uptime_s version",
            "/status.unsaved reason",
            "/status.line state server seconds",
        ),
        executor=Executor.RECEIVE_THREAD,
    ),
    Spec(
        "/notify",
        "Send this client's replies, the /done of this command included, to another port, and its audio at this rate "
        "and level.",
        args=(
            Arg(
                "port",
                "int",
                "UDP port on the sender's machine",
                0,
                65535,
                default=0,
                otherwise="the port it sends from",
            ),
            Arg("rate", "int", "WAVs are resampled to it; 0: the model's own rate", 0, 192_000, "Hz", default=0),
            Arg(
                "level",
                "int",
                "1: WAVs have the gain of /sound/level (a hallucination its own), held below -1 dBFS by a limiter; "
                "0: as the model makes them",
                0,
                1,
                default=0,
            ),
            Arg(
                "gains",
                "int",
                "1: before each /sound/audio, /sound/gain target gain_db says what brings that very sound to -20 LUFS: "
                "each hallucination has its own; not before those of /sound/note",
                0,
                1,
                default=0,
            ),
        ),
        executor=Executor.RECEIVE_THREAD,
    ),
    Spec(
        "/room",
        "Go into a room of a server with rooms (hallu serve --rooms): slots, edits, random numbers, model and sessions "
        "are those of the room. The room main has the pictures and the page.",
        args=(Arg("name", "name", "of the room; it is created if it is new", otherwise="this client's own"),),
        replies=("/room/joined name",),
        executor=Executor.RECEIVE_THREAD,
    ),
    Spec(
        "/cancel",
        "Stop the queued and running requests with this target, whoever sent them; each gets its /fail ... cancelled. "
        "With rooms: those of this room.",
        args=(TARGET,),
        executor=Executor.RECEIVE_THREAD,
    ),
)

PLAYING_COMMANDS = (
    Spec(
        "/sound/play",
        "Report that this client plays a sound now, so that the images follow it.",
        args=(TARGET, Arg("position", "float", "where it is at this moment", 0.0, MAX_SECONDS, "s", default=0.0)),
        executor=Executor.RECEIVE_THREAD,
    ),
    Spec(
        "/sound/stop",
        "Report that the sound has stopped.",
        args=(Arg("target", "name", "the sound", otherwise="whatever plays"),),
        executor=Executor.RECEIVE_THREAD,
    ),
)
