"""Write docs/osc.md from the command table: `python -m scripts.osc_docs > docs/osc.md`."""

import argparse
import sys
from collections.abc import Sequence

from core.commands.limits import MAX_NOTES, MAX_REASON, MAX_SECONDS, MAX_SLOTS
from core.commands.spec import Spec
from core.commands.table import TABLE
from scripts import frame
from scripts.hallu_send import describe

PROG = "osc_docs"

_HEAD = f"""# OSC commands

Generated from `core/commands/` by `python -m scripts.osc_docs > docs/osc.md`; a test fails when this page is
stale.

UDP, port 7770 by default, datagrams up to 65 507 bytes, handled in the order in which they arrive; the messages of a
bundle one after the other, at once. Replies go to the sender's address and port, or where `/notify` says.
They use the types i, f and s only. Arguments may come as int or float; a number in place of a name is read as its
shortest decimal (1.0 is `1`). Times are in seconds.

* What is played live (`/sound/note`, `/sound/slerp_z`, `/sound/stream_set` and the like) goes before what takes long.
  What a client sends stays in order wherever the order can be heard; see [playing-live.md](playing-live.md).
* Every command ends with exactly one `/done ADDRESS [target...]` or one `/fail ADDRESS target-or-"-" reason`, with a
  reason of at most {MAX_REASON} characters. Of a command with several targets, `/fail` names the first.
* If it fails or is cancelled, nothing has changed: no model, no slot, no random number.
* Bytes that are not an OSC message get `/fail - - reason`; an unknown address gets `/fail` with that address.
* A `slot` is a named latent vector on the server, shared by all clients (with `hallu serve --rooms`: of a room): put
  something of your own before the name. There are at most {MAX_SLOTS}: a new one replaces the one that was unused for
  longest. Slots stay when another model is loaded; if its latent size differs, using them is a `/fail` until they are
  filled again.
* A `target` is any symbol; it comes back in the replies and is what `/cancel` takes.
* A given pitch must be one of the model's. A hallucination has at most {MAX_NOTES} notes and lasts at most
  {MAX_SECONDS:.0f} s.
* Models may have conditions besides the pitch, `/sound/conditions` lists them. What is set with `/sound/condition`
  applies to all later notes, until `/sound/load` or `/sound/unload`; a model without this condition refuses it.
* Directions (see [ganspace.md](ganspace.md)) belong to the loaded model, and edits to the loaded directions: after a
  load there are none. Edits are in standard deviations; those that are left out are 0.
* WAV files are mono, 32-bit float, and live at least ten minutes after their reply, unless the spool's limit is reached
  (`hallu serve --spool-limit`): then the oldest go first, but none younger than a minute.
* Clients take turns in the queue; when it is full, the client with most requests in it gets the `/fail`.
* Slots, random numbers, the loaded model, its conditions, directions and edits are saved before `/done`; a killed
  server comes back with them. Where they cannot be saved, the server plays on, and `/status` says why.
"""


def page() -> str:
    """The whole page, Markdown."""
    return "\n".join([_HEAD, *map(_section, TABLE)])


def _section(spec: Spec) -> str:
    lines = [f"## {spec.address}", "", f"`{spec.address} {spec.usage}`".replace(" `", "`"), "", spec.help, ""]
    arguments = [*spec.args, *spec.group]
    if arguments:
        lines += ["| argument | is | meaning |", "|---|---|---|"]
        lines += [
            f"| {arg.name} | {describe(arg.kind, arg.range_text, arg.default_text)} | {arg.help} |" for arg in arguments
        ]
        lines.append("")
    for reply in spec.replies:
        lines += [f"Reply: `{reply}`", ""]
    for reply in spec.later:
        lines += [f"Later, to the client that sent it last: `{reply}`", ""]
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    return frame.new_parser(PROG, __doc__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(lambda options: print(page(), end=""), parser().parse_args(argv), PROG)


if __name__ == "__main__":
    sys.exit(main())
