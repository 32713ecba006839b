"""Requests of clients behind a bridge, and the replies to them, with the files that they name."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import checks, errors
from server.engine.request import fail
from server.osc.clients import Address
from server.osc.packet import Message, PacketError, decode, encode
from server.remote.channel import BULK, LIVE, NOW
from server.remote.files import LIVE_BYTES, FileLost, sending
from server.remote.paths import PATHS, path_argument
from server.remote.peer import Peer, RemoteHost
from server.remote.wire import Kind, Part
from server.sinks.wav_spool import WavSpool

log = logging.getLogger(__name__)

Handle = Callable[[bytes, Address], None]
Send = Callable[[Message, Address], None]
SpoolOf = Callable[[Address], WavSpool]

_MOST_PROGRESS = 1024


class RemoteRequests:
    """Between bridges and the dispatcher. Used by the thread of the port only."""

    def __init__(
        self, spool: WavSpool, pictures: Path, handle: Handle, send: Send, room: SpoolOf | None = None
    ) -> None:
        """Connect.

        Args:
            spool: where WAV files are, and recordings go that clients send.
            pictures: where pictures and videos are.
            handle: gets every datagram, with the address of its client.
            send: sends a reply to a client.
            room: the spool of a client's room; None: the whole one.
        """
        self._spool, self._handle, self._send = spool, handle, send
        self._room: SpoolOf = room or (lambda client: spool)
        self._pictures = pictures.absolute()

    def request(self, peer: Peer, part: Part) -> None:
        """Dispatch a message of a client behind a bridge.

        Raises:
            ValueError: a bridge does not send this.
        """
        address, request = _sender(peer, part.fields)
        items = list(decode(part.payload))
        if len(items) != 1:
            raise ValueError(f"a bridge sends one OSC message at a time, not {len(items)}")
        item = items[0]
        if isinstance(item, PacketError):
            return self._handle(part.payload, address)
        try:
            item, given = self._with_file(peer, item, part.fields, self._room(address).folder)
        except (FileLost, OSError, ValueError) as error:
            target = str(item.args[0]) if item.args else "-"
            return self._send(fail(item.address, target, errors.sentence(error)), address)
        whole = not (item.address == "/image/record" and item.args[:1] == ("start",))
        host = replace(request, given=given, whole=whole)
        self._handle(encode(item) if given else part.payload, (host, *address[1:]))

    def _with_file(
        self, peer: Peer, item: Message, fields: Mapping[str, Any], folder: Path
    ) -> tuple[Message, tuple[Any, ...]]:
        """The message with a path on this machine in place of the client's; what was replaced.

        Raises:
            FileLost, ValueError: the file did not arrive, or is not here.
        """
        place, described = path_argument(item.address), fields.get("file")
        if place is None or len(item.args) <= place:
            return item, ()
        if not isinstance(described, dict):
            raise ValueError(f"{item.args[place]!r:.80} is not a file of the client's")
        if "sha256" in described or "lost" in described:
            path = _moved(peer.arrived(described), folder)
        else:
            path = folder / Path(str(described.get("name"))).name
            if not path.is_file():
                raise ValueError(f"{path.name} is not on the server any longer")
        args = (*item.args[:place], path.as_posix(), *item.args[place + 1 :])
        return Message(item.address, args), ((path.as_posix(), str(item.args[place])),)

    def reply(self, peer: Peer, message: Message, to: Address) -> None:
        """Let a reply, and the file that it names, wait for its line.

        Raises:
            ChannelFull: too much waits for it.
        """
        client = to[0]
        if message.address == "/progress" and peer.channel.waiting > _MOST_PROGRESS:
            return
        message = _as_given(message, client.given)
        fields = {"id": client.request, "to": [client.host, *to[1:]]}
        path = self._file_of(message) if client.whole else None
        peer.channel.push(("request", client.request), *self._parts(peer, message, fields, path))

    def again(self, peer: Peer, part: Part) -> None:
        """Send a reply again, and the file that it names, which the bridge has lost.

        Raises:
            ChannelFull: too much waits for its line.
            ValueError: it is not a reply with a file of ours.
        """
        number = checks.whole("id", part.fields.get("id"), 0, 2**53)
        message = next(decode(part.payload), None)
        path = None if message is None or isinstance(message, PacketError) else self._ours(message)
        if path is None:
            raise ValueError("a bridge may ask again only for a reply that names a file")
        fields = {"id": number, "to": part.fields.get("to"), "again": True}
        peer.channel.push(("request", number), *self._with_its_file(peer, fields, part.payload, path))

    def _parts(
        self, peer: Peer, message: Message, fields: dict[str, Any], path: Path | None
    ) -> tuple[Sequence[Part] | Iterator[Part], int]:
        """The messages that carry a reply, and their lane."""
        try:
            payload = encode(message)
        except ValueError as error:
            log.warning("%s could not be sent: %s", message.address, error)
            payload = encode(fail(message.address, "-", str(error)))
        if path is None:
            return [Part(Kind.OSC, fields, payload)], NOW
        if peer.has(path):
            return [Part(Kind.OSC, {**fields, "file": {"name": path.name}}, payload)], NOW
        return self._with_its_file(peer, fields, payload, path)

    def _with_its_file(
        self, peer: Peer, fields: dict[str, Any], payload: bytes, path: Path
    ) -> tuple[Iterator[Part], int]:
        """The messages that carry a reply and its file, and their lane."""
        live = path.suffix == ".wav" and path.is_file() and path.stat().st_size <= LIVE_BYTES

        def last(described: dict[str, Any]) -> Part:
            if "sha256" in described:
                peer.delivered(path.name)
            return Part(Kind.OSC, {**fields, "file": described}, payload)

        return sending(path, path.name, last), LIVE if live else BULK

    def _file_of(self, message: Message) -> Path | None:
        """The file here that a reply names; None: it names none."""
        path = self._ours(message)
        return path if path and path.is_file() else None

    def _ours(self, message: Message) -> Path | None:
        """The path of a reply in the folders of sounds and pictures here; None: it has none."""
        place = PATHS.get(message.address)
        if place is None or len(message.args) <= place:
            return None
        path = Path(str(message.args[place]))
        return path if path.parent == self._pictures or self._spool.has(path) else None


def _moved(path: Path, folder: Path) -> Path:
    """A file that was moved into a folder of the same file system."""
    if path.parent == folder:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    return path.rename(folder / path.name)


def _sender(peer: Peer, fields: Mapping[str, Any]) -> tuple[Address, RemoteHost]:
    """The address of a client behind a bridge, and its host.

    Raises:
        ValueError: the fields have none.
    """
    number, sender = checks.whole("id", fields.get("id"), 0, 2**53), fields.get("sender")
    if not isinstance(sender, list) or not 2 <= len(sender) <= 4 or not isinstance(sender[0], str):
        raise ValueError(f"a sender must be a host and a port, not {sender!r:.60}")
    port, *rest = (checks.whole("port", value, 0, 2**32) for value in sender[1:])
    host = RemoteHost(peer.key, peer.session, sender[0], number)
    return (host, port, *rest), host


def _as_given(message: Message, given: tuple[tuple[str, str], ...]) -> Message:
    """A reply with the client's own words for paths."""
    for path, word in given:
        args = [value.replace(path, word) if isinstance(value, str) else value for value in message.args]
        message = Message(message.address, tuple(args))
    return message
