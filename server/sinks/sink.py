"""What a sink is."""

from collections.abc import Sequence
from typing import Protocol

from server.osc.packet import Message
from server.sounds.rendered import Deliverable


class Sink(Protocol):
    """Delivers sounds to one client, in the form and at the rate that it wants."""

    def deliver(self, sounds: Sequence[Deliverable]) -> list[Message]:
        """Deliver all of the sounds or, if it fails, none.

        Returns:
            A reply for each that says where the sound is.

        Raises:
            OSError: they cannot be delivered.
            ValueError: a sound has values that are not finite.
        """

    def withdraw(self, replies: Sequence[Message]) -> None:
        """Take back what `deliver` has delivered, by its replies: the request was cancelled meanwhile."""
