"""The line between a bridge and a server without a line: blocks without loss, order, windows, files."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audio import wav
from core.commands.reading import read
from server.osc.packet import Message, decode, encode
from server.remote import wire
from server.remote.channel import BULK, LIVE, MOST_WAITING, NOW, WINDOW, Channel, ChannelFull, Gap
from server.remote.files import FileLost, IncomingFiles, sending
from server.remote.home_files import HomeFiles
from server.remote.home_replies import HomeReplies
from server.remote.open_requests import OpenRequests
from server.remote.packing import BLOCK, pack, unpack
from server.remote.paths import PATHS, path_argument
from server.remote.peer import Peer, RemoteHost
from server.remote.requests import RemoteRequests
from server.remote.wire import Kind, Part
from server.sinks.wav_spool import WavSpool


@settings(deadline=None)
@given(st.binary(max_size=2000), st.integers(0, 70))
def test_any_block_comes_out_as_it_went_in(block, lead):
    assert unpack(pack(block, min(lead, len(block)))) == block
    assert unpack(pack(block, None)) == block


@settings(deadline=None)
@given(st.lists(st.floats(width=32), max_size=400))
def test_any_floats_keep_every_bit(values):
    block = np.array(values, "<f4").tobytes()
    assert unpack(pack(block)) == block


def test_a_note_takes_fewer_bytes(magenta):
    # Random weights make loud noise, the worst case; a voice that was trained gains more.
    wave = magenta.generate(np.zeros((1, magenta.latent_size), np.float32), [magenta.pitches[0]])[0]
    block = wave.astype("<f4").tobytes()[:BLOCK]
    assert len(pack(block)) < 0.95 * len(block)


@pytest.mark.parametrize("packed", [b"", b"x123", b"w", b"w\x05", b"wzzzz", b"bzzzz", b"r" + bytes(BLOCK + 1)])
def test_a_damaged_block_is_refused(packed):
    with pytest.raises(ValueError, match="block"):
        unpack(packed)


def test_a_block_that_unpacks_to_gigabytes_is_refused():
    import zlib

    with pytest.raises(ValueError, match="block"):
        unpack(b"b" + zlib.compress(bytes(100 << 20), 9))


def osc(word):
    return Part(Kind.OSC, {"word": word})


def taken(channel):
    """What a channel sends now: the words of messages, and their numbers."""
    found = []
    while (frames := channel.take()) is not None:
        part, number, _ = wire.decode(frames)
        found.append((part.fields.get("word", len(part.payload)), number))
    return found


def test_replies_go_before_blocks_of_long_sounds():
    channel = Channel()
    channel.push("long", [Part(Kind.FILE, {}, bytes(1000))] * 2, BULK)
    channel.push("note", [osc("head")], LIVE)
    channel.push("status", [osc("status")], NOW)
    assert taken(channel) == [("status", 1), ("head", 2), (1000, 3), (1000, 4)]


def test_one_flow_keeps_its_order():
    channel = Channel()
    channel.push("one", [Part(Kind.FILE, {}, bytes(10)), osc("audio")], BULK)
    channel.push("one", [osc("done")], NOW)
    assert [word for word, _ in taken(channel)] == [10, "audio", "done"]


def test_long_sounds_take_turns():
    channel = Channel()
    for name in ("a", "b"):
        channel.push(name, [osc(f"{name}1"), osc(f"{name}2")], BULK)
    assert [word for word, _ in taken(channel)] == ["a1", "b1", "a2", "b2"]


def test_a_peer_that_confirms_nothing_gets_a_window_and_no_more():
    channel = Channel()
    channel.push("long", (Part(Kind.FILE, {}, bytes(BLOCK)) for _ in range(10_000)), BULK)
    assert len(taken(channel)) * BLOCK <= WINDOW + BLOCK
    channel.confirm(3)
    assert len(taken(channel)) == 3


def test_what_waits_is_bounded():
    channel = Channel()
    with pytest.raises(ChannelFull):
        for number in range(MOST_WAITING + 1):
            channel.push(number, [osc("x")])


def test_what_was_not_confirmed_is_sent_again_with_its_numbers():
    channel = Channel()
    channel.push("a", [osc("1"), osc("2"), osc("3")])
    taken(channel)
    channel.confirm(1)
    assert [wire.decode(frames)[1] for frames in channel.again()] == [2, 3]


def test_a_message_that_comes_twice_counts_once_and_a_gap_is_noticed():
    channel = Channel()
    assert [channel.accept(number) for number in (1, 2, 2, 1, 3, 0)] == [True, True, False, False, True, True]
    with pytest.raises(Gap):
        channel.accept(5)
    assert channel.arrived == 3


def carried(path, incoming, damage=lambda part: part):
    """Let a file travel; its path there."""
    *blocks, last = map(damage, sending(path, path.name, lambda found: Part(Kind.OSC, {"file": found})))
    for part in blocks:
        incoming.add(part.fields, part.payload)
    return incoming.finish(last.fields["file"])


@pytest.fixture
def incoming(tmp_path):
    (tmp_path / "there").mkdir()
    return IncomingFiles(lambda name, size: tmp_path / "there" / name)


@pytest.mark.parametrize("samples", [0, 1, 20_000, 123_457])
def test_a_wav_file_arrives_bit_by_bit(tmp_path, incoming, samples):
    path = tmp_path / "hallu-0123456789abcdef.wav"
    wav.write(path, np.random.default_rng(0).standard_normal(samples), 16000)
    assert carried(path, incoming).read_bytes() == path.read_bytes()
    assert len(list((tmp_path / "there").iterdir())) == 1


def test_a_block_that_was_changed_on_the_way_loses_the_file(tmp_path, incoming):
    path = tmp_path / "a.wav"
    wav.write(path, np.ones(100), 16000)

    def damage(part):
        return Part(part.kind, part.fields, b"r" + bytes(458)) if part.kind is Kind.FILE else part

    with pytest.raises(FileLost, match="did not arrive as it was sent"):
        carried(path, incoming, damage)
    assert not list((tmp_path / "there").iterdir())


def test_a_file_that_is_gone_says_so(tmp_path, incoming):
    with pytest.raises(FileLost, match=r"there is no .*a\.wav"):
        carried(tmp_path / "a.wav", incoming)


@pytest.mark.parametrize("name", ["../a.wav", "/etc/passwd", "", ".hidden", "a/b.wav", "x" * 200])
def test_a_name_with_a_folder_is_refused(incoming, name):
    incoming.add({"file": 1, "name": name, "size": 1}, pack(b"1"))
    with pytest.raises(FileLost, match="must be plain"):
        incoming.finish({"file": 1, "name": name, "size": 1, "sha256": ""})


def test_the_table_says_what_is_a_path():
    assert (path_argument("/sound/match"), path_argument("/sound/loop"), path_argument("/sound/load")) == (1, 1, None)
    assert (PATHS["/sound/audio"], PATHS["/sound/segment"], PATHS["/image/file"]) == (1, 2, 0)


@pytest.mark.parametrize("frames", [[b""], [b"1", b"{}", b""], [bytes(17), b"[]", b""], [bytes(17), b"{", b""]])
def test_what_is_not_a_message_is_refused(frames):
    with pytest.raises(ValueError, match="message"):
        wire.decode(frames)


def test_a_reply_does_not_overtake_the_sound_that_it_shares(tmp_path):
    """Two clients ask for one note at once: the second has its sound too."""
    spool = WavSpool(tmp_path)
    (file,) = spool.write([np.ones(3 * BLOCK, np.float32)], 16000)
    peer = Peer("session", "", b"", spool)
    requests = RemoteRequests(spool, tmp_path, lambda datagram, sender: None, lambda message, to: None)
    for number in (1, 2):
        audio = Message("/sound/audio", ("n", file.path, file.frames, file.sample_rate))
        requests.reply(peer, audio, (RemoteHost("", "session", "home", number), 5000))
    home = HomeFiles(WavSpool(tmp_path / "home"), tmp_path)
    arrived = []
    while (frames := peer.channel.take()) is not None:
        part, number, _ = wire.decode(frames)
        peer.channel.confirm(number)
        if part.kind is Kind.FILE:
            home.incoming.add(part.fields, part.payload)
        else:
            arrived.append(home.arrived(part.fields["file"]).read_bytes())
    assert arrived == [Path(file.path).read_bytes()] * 2


CLIENT = ("home", 5000)


@pytest.fixture
def at_home(tmp_path):
    """Replies of request 1, which have come home; what its client gets; what is asked for again."""
    requests, got, asked = OpenRequests(), [], []
    requests.add(read("/sound/note", ("n", "z", 24)), CLIENT)
    files = HomeFiles(WavSpool(tmp_path / "home"), tmp_path)
    replies = HomeReplies(
        files,
        requests,
        lambda datagram, to: got.extend(message.address for message in decode(datagram)),
        lambda: Message("/status.line"),
        str,
        lambda name, part: asked.append((name, part)),
    )
    return (
        lambda address, *args, **fields: replies.take(
            Part(Kind.OSC, {"id": 1, "to": list(CLIENT), **fields}, encode(Message(address, args)))
        ),
        got,
        asked,
    )


SOUND = "hallu-0123456789abcdef.wav"


def test_replies_after_a_sound_that_is_sent_again_wait_for_it(at_home):
    take, got, asked = at_home
    take("/sound/audio", "n", SOUND, 1, 16000, file={"name": SOUND})
    take("/done", "/sound/note", "n")
    assert (got, [name for name, _ in asked]) == ([], [SOUND])
    empty = {"file": 7, "name": SOUND, "size": 0, "sha256": hashlib.sha256().hexdigest()}
    take("/sound/audio", "n", SOUND, 1, 16000, file=empty, again=True)
    assert got == ["/sound/audio", "/done"]


def test_a_sound_that_is_lost_again_ends_its_request_once(at_home):
    take, got, _ = at_home
    take("/sound/audio", "n", SOUND, 1, 16000, file={"name": SOUND})
    take("/done", "/sound/note", "n")
    take("/sound/audio", "n", SOUND, 1, 16000, file={"file": 7, "name": SOUND, "lost": "the disk is full"}, again=True)
    assert got == ["/fail"]


def test_only_a_sound_of_the_server_is_sent_again(tmp_path):
    peer = Peer("session", "", b"", WavSpool(tmp_path / "spool"))
    requests = RemoteRequests(WavSpool(tmp_path / "spool"), tmp_path, lambda *found: None, lambda *found: None)
    wanted = encode(Message("/sound/audio", ("n", "/etc/passwd", 1, 16000)))
    with pytest.raises(ValueError, match="names a file"):
        requests.again(peer, Part(Kind.FORGET, {"id": 1, "to": list(CLIENT)}, wanted))
