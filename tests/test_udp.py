"""The UDP socket, and dispatching over it; no model."""

import threading
from contextlib import closing

import pytest
from conftest import Peer
from parts import need_ipv6
from waiting import until

from server.osc.client import Client
from server.osc.dispatcher import Dispatcher
from server.osc.packet import MAX_DATAGRAM, Message
from server.osc.udp import OscSocket
from server.rooms.host import LocalHost
from server.rooms.registry import Rooms


@pytest.fixture
def osc():
    """A socket that collects what it receives: (socket, port, list)."""
    socket, received = OscSocket("127.0.0.1", 0), []
    thread = threading.Thread(target=socket.serve, args=(lambda data, sender: received.append((data, sender)),))
    thread.start()
    yield socket, int(socket.name.rpartition(":")[2]), received
    socket.stop()
    thread.join()
    socket.close()


def test_the_largest_datagram_arrives_whole(osc):
    _, port, received = osc
    data = b"/" + b"x" * (MAX_DATAGRAM - 1)
    Peer(port).send_bytes(data)
    until(lambda: received)
    assert received[0][0] == data


def test_datagrams_keep_their_order(osc):
    _, port, received = osc
    peer = Peer(port)
    for number in range(500):
        peer.send_bytes(str(number).encode())
    until(lambda: len(received) == 500)
    assert [int(data) for data, _ in received] == list(range(500))


def test_replies_go_to_the_sender(osc):
    socket, port, received = osc
    peer = Peer(port)
    peer.send("/hello")
    until(lambda: received)
    socket.send(Message("/answer", (1,)), received[0][1])
    assert peer.receive() == ("/answer", [1])


def test_localhost_may_be_ipv6(osc):
    need_ipv6()
    socket, port, received = osc
    with Client("::1", port, 5) as client:
        threading.Thread(target=lambda: until(lambda: received) and answer_all(socket, received)).start()
        assert [reply.address for reply in client.ask("/hello")] == ["/done"]


def answer_all(socket, received):
    for _, sender in received:
        socket.send(Message("/done", ("/hello",)), sender)


def test_a_port_taken_on_ipv6_does_not_matter():
    need_ipv6()
    with closing(OscSocket("::1", 0)) as other, closing(OscSocket("127.0.0.1", port_of(other))) as osc:
        assert osc.name == f"127.0.0.1:{port_of(other)}"


def port_of(osc):
    return int(osc.name.rpartition(":")[2])


def test_a_client_that_cannot_be_reached_is_no_error(osc, caplog):
    socket, _, _ = osc
    socket.send(Message("/answer"), ("127.0.0.1", 0))
    assert "/answer" in caplog.text


def test_a_handler_that_raises_does_not_stop_the_socket():
    def handle(data, sender):
        received.append(data)
        raise RuntimeError("broken handler")

    socket, received = OscSocket("127.0.0.1", 0), []
    thread = threading.Thread(target=socket.serve, args=(handle,))
    thread.start()
    peer = Peer(int(socket.name.rpartition(":")[2]))
    peer.send_bytes(b"one")
    peer.send_bytes(b"two")
    until(lambda: len(received) == 2)
    socket.stop()
    thread.join()
    socket.close()


def test_a_port_in_use_is_named(osc):
    _, port, _ = osc
    with pytest.raises(OSError, match=f"127.0.0.1:{port}"):
        OscSocket("127.0.0.1", port)


class NoEngine:
    def submit(self, request):
        request.fail("no engine here")


class NoSpool:
    def room(self, name):
        return self

    def sink(self, preferences):
        return None


def dispatcher_of(socket):
    return Dispatcher(Rooms([LocalHost(NoEngine(), None, NoSpool())]), None, socket.send)


def test_two_servers_do_not_answer_each_other_for_ever():
    sockets, received = [OscSocket("127.0.0.1", 0) for _ in range(2)], []

    def handler(dispatcher):
        return lambda data, sender: received.append(data) or dispatcher.handle(data, sender)

    threads = [threading.Thread(target=socket.serve, args=(handler(dispatcher_of(socket)),)) for socket in sockets]
    for thread in threads:
        thread.start()
    other = ("127.0.0.1", int(sockets[1].name.rpartition(":")[2]))
    for bad in ("/unknown", "/sound/load", "/sound/unload"):
        sockets[0].send(Message(bad), other)
    # Three messages and their three answers, and then silence.
    until(lambda: len(received) >= 6)
    threading.Event().wait(0.3)
    for socket, thread in zip(sockets, threads, strict=True):
        socket.stop()
        thread.join()
        socket.close()
    assert len(received) == 6


def test_text_of_pd_is_logged_once_and_refused(osc, caplog):
    socket, port, _ = osc
    peer, dispatcher = Peer(port, 5), dispatcher_of(socket)
    for _ in range(2):
        dispatcher.handle(b"/sound/load fluid;\n", peer.socket.getsockname())
        assert "use [netsend -u -b], with [oscformat] before it" in peer.receive().args[2]
    assert caplog.text.count("netsend -u -b") == 1
