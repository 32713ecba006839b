"""A server's two sockets, for renderers: what it says is what `hallu serve` would say."""

import os
import select
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import zmq
from waiting import PATIENCE_S

from core.audio.features import FEATURE_RATE
from renderer.ipc import messages

ROOT = Path(__file__).parent.parent


def a_sound(target="trip", duration_s=4.0, count=5, size=64, seed=0):
    """Fields and arrays of a `made`: a hallucination that beats twice a second and goes up by fourths."""
    rng = np.random.default_rng(seed)
    moments = 1 + int(duration_s * FEATURE_RATE)
    since_beat = np.arange(moments) % (FEATURE_RATE // 2)
    chroma = np.zeros((moments, 12))
    chroma[np.arange(moments), (5 * (np.arange(moments) // FEATURE_RATE)) % 12] = 1.0
    fields = {"target": target, "kind": "hallucination", "duration_s": duration_s, "sample_rate": 16000, "pitch": 32}
    arrays = {
        "key_times_s": np.linspace(0.0, 0.8 * duration_s, count),
        "keys": rng.standard_normal((count, size)),
        "loudness": np.exp(-since_beat / 10.0),
        "onsets": (since_beat == 0) * 1.0,
        "chroma": chroma,
    }
    return fields, arrays


def made(*args, **options):
    """The same as it arrives."""
    fields, arrays = a_sound(*args, **options)
    return messages.decode(messages.encode("sound", fields, **arrays))


class Server:
    """Publishes and collects on loopback, and knows which commands are open."""

    def __init__(self):
        self.context = zmq.Context()
        for _ in range(50):
            self.publisher = self.context.socket(zmq.PUB)
            port = self.publisher.bind_to_random_port("tcp://127.0.0.1", min_port=20_000, max_port=60_000)
            self.receiver = self.context.socket(zmq.PULL)
            try:
                self.receiver.bind(f"tcp://127.0.0.1:{port + 1}")
            except zmq.ZMQError:
                continue
            self.address = f"tcp://127.0.0.1:{port}"
            break
        self._numbers = 0

    def send(self, topic, fields=None, **arrays):
        self.publisher.send_multipart(messages.encode(topic, fields, **arrays))

    def receive(self, topic, patience_s=PATIENCE_S):
        """The next event of this topic."""
        end = time.monotonic() + patience_s
        while (left := end - time.monotonic()) > 0:
            if self.receiver.poll(int(1000 * left) + 1):
                event = messages.decode(self.receiver.recv_multipart())
                if event.topic == topic:
                    return event
        raise AssertionError(f"no {topic} within {patience_s} s")

    def welcome(self):
        """Wait for hello, and answer it until the answer has arrived."""
        self.receive("hello")
        while True:
            self.send("welcome")
            try:
                self.receive("hello", 0.6)
            except AssertionError:
                return self

    def ask(self, address, **values):
        """Replies and error of a command."""
        self._numbers += 1
        self.send("command", {"id": self._numbers, "address": address, "values": values})
        while True:
            event = self.receive("reply")
            if event.fields["id"] == self._numbers:
                return event.fields["replies"], event.fields["error"]

    def close(self):
        self.context.destroy(linger=0)


class Process:
    """A `python -m renderer` that speaks to a Server."""

    def __init__(self, server, models, out, *flags, **options):
        command = [sys.executable, "-m", "renderer", "--server", server.address, "--models", str(models)]
        command += ["--out", str(out), "--settings", f"{out}_settings.json", "--page-port", "0", *map(str, flags)]
        self.popen = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def page(self):
        """Host and port of the page, as it says when it serves."""
        assert select.select([self.popen.stdout], [], [], PATIENCE_S)[0]
        line = self.popen.stdout.readline().decode()
        assert line.startswith("page http://"), line
        host, _, port = line.split("//")[1].strip("/\n").partition(":")
        return host, int(port)

    def terminate(self):
        """End it as init would; its exit status and what it said."""
        self.popen.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, patience_s=PATIENCE_S):
        errors = self.popen.communicate(timeout=patience_s)[1].decode()
        return self.popen.returncode, errors

    def kill(self):
        if self.popen.poll() is None:
            os.kill(self.popen.pid, signal.SIGKILL)
        self.popen.communicate()


def get(place, path):
    """Status and body of a page's file."""
    connection = HTTPConnection(*place, timeout=PATIENCE_S)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body
