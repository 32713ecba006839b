"""Serve the sampling tool: files, the state as JSON, commands, and what was sampled."""

import asyncio
import io
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from aiohttp import web

from core import errors
from core.text import megabytes, one_line
from core.web.page_thread import PageThread, add_files
from specvqgan.page import drawing
from specvqgan.page.session import PageSession

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
MOST_BYTES = 256 * 2**20
_MOST_COMMAND = 16 * 1024
_MOST_NAME = 120
# Films that may arrive at a time, and how long one may send nothing.
_MOST_ARRIVING, _PATIENCE_S = 2, 10.0
_REFUSAL = "this page needs the address with the token that the program printed"


class SamplingPage:
    """The page, in a thread of its own."""

    def __init__(self, session: PageSession) -> None:
        self._session = session
        self._page = PageThread(self._fill, MOST_BYTES)
        self._arriving = 0

    def start(self, host: str = "127.0.0.1", port: int = 0, token: Path | None = None) -> str:
        """Start serving; returns the address, with a token where other machines can reach it.

        Args:
            host: where to listen; by default this machine only.
            port: 0 for any free port.
            token: the file that keeps the token.

        Raises:
            OSError: the port is taken, or the host is not an address of this machine.
        """
        return self._page.start(host, port, token)

    def stop(self) -> None:
        """Stop serving."""
        self._page.stop()

    def _fill(self, app: web.Application) -> None:
        get, post, session = app.router.add_get, app.router.add_post, self._session
        get("/state", self._guarded(lambda request: _json(session.state())))
        get(
            "/sheet.jpg",
            self._guarded(lambda request: _body(session.clip.sheet if session.clip else None, "image/jpeg")),
        )
        get("/spectrogram.png", self._guarded(lambda request: _body(_picture(session), "image/png")))
        get("/sound.wav", self._guarded(lambda request: _body(_sound(session), "audio/wav")))
        post("/clip", self._clip)
        post("/sample", self._command(session.start, takes=True))
        post("/cancel", self._command(session.cancel))
        post("/save", self._command(session.save))
        post("/drop", self._command(session.close_clip))
        add_files(app, STATIC)

    def _guarded(self, answer: Callable[[web.Request], web.Response]) -> Callable[[web.Request], Any]:
        async def guarded(request: web.Request) -> web.Response:
            if not self._page.allows(request):
                return _error(_REFUSAL, 403)
            # Encoding takes a while, and another page waits meanwhile.
            return await asyncio.get_running_loop().run_in_executor(None, answer, request)

        return guarded

    def _command(self, function: Callable[..., Any], takes: bool = False) -> Callable[[web.Request], Any]:
        async def command(request: web.Request) -> web.Response:
            if not self._page.allows(request):
                return _error(_REFUSAL, 403)
            try:
                values = [await _object(request)] if takes else []
                await asyncio.get_running_loop().run_in_executor(None, function, *values)
            except (ValueError, OSError) as error:
                return _error(errors.sentence(error))
            return _json(self._session.state())

        return command

    async def _clip(self, request: web.Request) -> web.Response:
        """Take a film in the body of a request."""
        if not self._page.allows(request):
            return _error(_REFUSAL, 403)
        name = Path(request.query.get("name", "")).name[-_MOST_NAME:] or "clip"
        if self._arriving >= _MOST_ARRIVING:
            return _error("other films are arriving; try again when they are here", 503)
        self._arriving += 1
        # Its own name is never the name of a file.
        path = self._session.folder / secrets.token_hex(8)
        try:
            with path.open("wb") as file:
                async for part in _arriving(request, name, MOST_BYTES):
                    file.write(part)
            await asyncio.get_running_loop().run_in_executor(None, self._session.open, path, name)
        except (ValueError, OSError) as error:
            path.unlink(missing_ok=True)
            return _error(errors.sentence(error))
        finally:
            self._arriving -= 1
        return _json(self._session.state())


async def _arriving(request: web.Request, name: str, most: int) -> AsyncIterator[bytes]:
    """The body of a request, as it arrives.

    Raises:
        ValueError: it has more than `most` bytes, or stops arriving.
    """
    size = 0
    while True:
        try:
            part = await asyncio.wait_for(request.content.readany(), _PATIENCE_S)
        except asyncio.TimeoutError:
            raise ValueError(f"{name} did not arrive: nothing came for {_PATIENCE_S:g} s") from None
        if not part:
            return
        size += len(part)
        if size > most:
            raise ValueError(f"{name} has more than {megabytes(most)}")
        yield part


async def _object(request: web.Request) -> dict[str, Any]:
    """The JSON object in a request.

    Raises:
        ValueError: there is none, it is too long, or it does not arrive.
    """
    text = b"".join([part async for part in _arriving(request, "the command", _MOST_COMMAND)])
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ValueError(f"a command must be a JSON object, not {text[:60]!r}")
    return values


def _picture(session: PageSession) -> bytes | None:
    return drawing.spectrogram_png(session.sample.mel) if session.sample else None


def _sound(session: PageSession) -> bytes | None:
    if session.sample is None:
        return None
    memory = io.BytesIO()
    samples = np.clip(session.sample.wave, -1.0, 1.0)
    soundfile.write(memory, samples, session.model.sample_rate, format="WAV", subtype="PCM_16")
    return memory.getvalue()


def _json(value: Any) -> web.Response:
    return web.json_response(value)


def _error(reason: str, status: int = 400) -> web.Response:
    return web.json_response({"error": one_line(reason, 300)}, status=status)


def _body(content: bytes | None, kind: str) -> web.Response:
    if not content:
        return _error("there is nothing yet", 404)
    return web.Response(body=content, content_type=kind)
