"""Arguments and replies that several commands share."""

from core.commands.arguments import Arg

PROGRESS = "/progress address target done total"

SLOT = Arg("slot", "name", "a named latent vector on the server")
TARGET = Arg("target", "name", "any symbol of the client's choice; it comes back in the replies")
EDIT = Arg("edit", "float", "how far along a direction, in standard deviations; the strongest first", -1000.0, 1000.0)
