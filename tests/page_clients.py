"""Real clients of the page of a fake renderer: HTTP, WebSocket, MJPEG."""

import asyncio
import io
import json
from http.client import HTTPConnection

import aiohttp
import pytest
from page_renderer import FakeRenderer, number_in
from PIL import Image
from waiting import PATIENCE_S


@pytest.fixture(name="fake")
def a_fake_renderer():
    fake = FakeRenderer()
    yield fake
    fake.end()


def get(fake, path, **headers):
    """Status, headers and body of one request."""
    way = HTTPConnection("127.0.0.1", fake.port, timeout=PATIENCE_S)
    way.request("GET", path, headers=headers)
    answer = way.getresponse()
    body = answer.read()
    way.close()
    return answer.status, answer.headers, body


def read(jpeg):
    return number_in(Image.open(io.BytesIO(jpeg)))


class Client:
    """A WebSocket client that reports what it has seen only on request."""

    def __init__(self, socket):
        self.socket, self.status = socket, {}

    async def hear(self, kind, timeout=PATIENCE_S):
        """The next message that is one of this kind: "picture", "answer" or "status"."""
        while True:
            message = await asyncio.wait_for(self.socket.receive(), timeout)
            if message.type == aiohttp.WSMsgType.BINARY:
                if kind == "picture":
                    return read(message.data)
                continue
            received = json.loads(message.data)
            self.status |= received.get("status", {})
            if kind in received:
                return received

    async def see(self):
        """A picture's number; it is seen at once."""
        number = await self.hear("picture")
        await self.socket.send_json({"seen": True})
        return number

    async def ask(self, address, values, number=1):
        await self.socket.send_json({"ask": number, "address": address, "values": values})
        return await self.hear("answer")


def with_clients(fake, play, count=1, **headers):
    """Run `play` on so many connected clients."""

    async def run():
        async with aiohttp.ClientSession() as session:
            ways = [await session.ws_connect(f"{fake.url}ws", headers=headers) for _ in range(count)]
            return await play(*map(Client, ways))

    return asyncio.run(run())


def streaming(fake):
    way = HTTPConnection("127.0.0.1", fake.port, timeout=PATIENCE_S)
    way.request("GET", "/stream.mjpg")
    return way, way.getresponse()
