"""Notes that are played live, over a real socket."""

import numpy as np
import pytest
import soundfile


def wave(reply):
    return soundfile.read(reply.args[1], dtype="float32")[0]


def ask(peer, *message):
    replies = peer.ask(*message)
    assert replies[-1].address == "/done", replies
    return replies


@pytest.fixture
def peer(server):
    """A client with a new timbre in the slot `live`."""
    peer = server.peer()
    ask(peer, "/sound/randomize_z", "live")
    return peer


def play(peer, pitch=40, *velocity, target="t"):
    head, audio, _ = ask(peer, "/sound/note", target, "live", pitch, *velocity)
    assert (head.address, audio.address) == ("/sound/head", "/sound/audio")
    return head, audio


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("rate", [0, 44100, 48000])
def test_the_whole_note_begins_with_its_head_bit_by_bit(peer, rate, level):
    ask(peer, "/notify", 0, rate, level)
    head, audio = play(peer)
    assert head.args[2] == len(wave(head)) < head.args[4] == audio.args[2] == len(wave(audio))
    assert wave(audio)[: head.args[2]].tobytes() == wave(head).tobytes()


@pytest.mark.parametrize("rate", [0, 48000])
def test_a_note_is_that_of_synthesize(peer, rate):
    ask(peer, "/notify", 0, rate)
    differences = []
    for _ in range(3):
        ask(peer, "/sound/randomize_z", "live")
        (_, audio), (other, _) = play(peer), ask(peer, "/sound/synthesize", "live", "t", 40)
        ours, theirs = wave(audio), wave(other)
        differences.append(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
    # This checkpoint is chaotic: now and then a timbre magnifies the last bits of a sum.
    assert np.median(differences) < 1e-4


def test_a_note_played_again_is_the_same(peer):
    (head, audio), (head2, audio2) = play(peer), play(peer)
    assert (wave(head2).tobytes(), wave(audio2).tobytes()) == (wave(head).tobytes(), wave(audio).tobytes())


def test_a_note_whose_files_are_gone_is_written_again(peer, server):
    first = [wave(reply) for reply in play(peer)]
    for path in server.spool.glob("*.wav"):
        path.unlink()
    assert [wave(reply).tobytes() for reply in play(peer)] == [each.tobytes() for each in first]


def test_a_softer_note_is_the_same_but_for_its_level(peer):
    _, loud = play(peer)
    _, soft = play(peer, 40, 64)
    assert np.allclose(wave(soft), wave(loud) * (64 / 127) ** 2, atol=1e-6 * np.abs(wave(loud)).max())


def test_another_timbre_in_the_slot_is_another_note(peer):
    _, before = play(peer)
    ask(peer, "/sound/randomize_z", "live")
    _, after = play(peer)
    assert not np.allclose(wave(before), wave(after))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (("/sound/note", "t", "live", 3), "has no pitch 3"),
        (("/sound/note", "t", "nobody", 40), "no slot 'nobody'"),
        (("/sound/note", "t", "live", 40, 0), "velocity must be in 1..127, not 0"),
        (("/sound/prepare", "live", 40, 3), "has no pitch 3"),
        (("/sound/prepare", "nobody"), "no slot 'nobody'"),
    ],
)
def test_what_cannot_be_played_is_named(peer, message, reason):
    (fail,) = peer.ask(*message)
    assert fail.address == "/fail" and reason in fail.args[2]


def test_a_hallucination_gives_way_to_notes_and_loses_nothing(server, peer):
    path = ("/sound/hallucinate_z", "trip", 12, 0.2, 0, 0.2, 0.2, 0.2, 40, "live", "b")
    ask(peer, "/sound/randomize_z", "b")
    alone = wave(ask(peer, *path)[-2])
    player = server.peer()
    peer.send(*path)
    assert peer.receive().address == "/progress"
    play(player, 41)
    replies = peer.receive_end()
    assert any(reply.address == "/progress" for reply in replies)
    assert wave(replies[-2]).tobytes() == alone.tobytes()


def test_each_part_of_a_path_has_its_pitch(peer):
    ask(peer, "/sound/randomize_z", "b")
    times = (1, 0.5, 0, 0.1, 0.2, 0.1)
    path = wave(ask(peer, "/sound/hallucinate_path", "p", *times, "live", 40, "b", 52)[-2])
    low, high = (wave(ask(peer, "/sound/hallucinate_z", "z", *times, pitch, "live", "b")[-2]) for pitch in (40, 52))
    ends = (slice(0, 6400), slice(16000, 22400))
    # One gain for the whole clip.
    for end, same, other in zip(ends, (low, high), (high, low), strict=True):
        close, far = (np.corrcoef(path[end], clip[end])[0, 1] for clip in (same, other))
        assert close > 0.9999 and far < 0.9
