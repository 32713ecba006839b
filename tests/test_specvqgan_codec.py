"""The codec: sounds of any length to a small file and back, whole, at the bitrate that it states."""

import shutil

import numpy as np
import pytest
import soundfile
import specvqgan_files as files

import specvqgan
from scripts import specvqgan_codec
from specvqgan.codec import codec, token_file
from specvqgan.codec.token_file import Tokens
from specvqgan.windows import windows


@pytest.fixture(scope="module")
def codebook():
    return specvqgan.load_codebook(files.run("codebook"))


@pytest.fixture(scope="module")
def vocoder():
    return specvqgan.load_vocoder(files.FOLDER / "melgan")


def in_blocks(wave, size=22050):
    return [wave[start : start + size] for start in range(0, len(wave), size)]


@pytest.mark.parametrize("length", [1, 9, 10, 11, 25, 100])
@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("margin", [0, 3])
def test_new_parts_of_windows_are_the_sequence(length, size, margin):
    whole = np.arange(length)[None]
    found, edges = [], []
    for window, begin, end in windows((whole[:, at : at + size] for at in range(0, length, size)), 10, margin):
        assert window.shape[1] == min(10, length)
        found.append(window[:, begin:end])
        edges.append((begin, window.shape[1] - end))
    assert (np.concatenate(found, axis=1) == whole).all()
    assert all(before >= margin for before, _ in edges[1:])
    assert all(after >= margin for _, after in edges[:-1])
    assert edges[0][0] == edges[-1][1] == 0


@pytest.mark.parametrize("name", ["clip_a", "short_6s", "long_12s", "speech_24k"])
def test_codes_of_a_spectrogram_are_the_originals(codebook, vocoder, name):
    known = files.arrays("codec/reference")
    if name == "speech_24k":
        mel = (known["speech_24k_spectrogram"] + 1) / 2
    else:
        from specvqgan.mel.spectrogram import spectrogram

        mel = spectrogram(files.clip(name))[:, :860]
    codes = codebook.encode(mel[None])
    assert (codes[0] == known[f"{name}_tokens"]).all()
    wave = vocoder.generate(codebook.decode(codes, clip=False))[0]
    assert len(wave) == known[f"{name}_wave_length"]
    np.testing.assert_allclose(wave[:2048], known[f"{name}_wave_first_2048"], rtol=0, atol=1e-4)


def test_a_long_sound_keeps_its_tail_and_its_length(codebook, vocoder):
    wave = files.clip("long_12s")
    tokens = codec.encode(in_blocks(wave), codebook)
    assert tokens.codes.shape == (5, -(-(1 + len(wave) // 256) // 16))
    found = np.concatenate(list(codec.decode(tokens, codebook, vocoder)))
    assert len(found) == len(wave)


def test_codes_do_not_depend_on_the_blocks(codebook):
    wave = files.clip("long_12s")
    one, other = codec.encode([wave], codebook), codec.encode(in_blocks(wave, 3000), codebook)
    assert (one.codes == other.codes).all()


def test_a_window_of_a_long_sound_has_the_codes_that_it_has_alone(codebook):
    from specvqgan.mel.spectrogram import spectrogram

    wave = files.clip("long_12s")
    alone = codebook.encode(spectrogram(wave)[None, :, :848])[0]
    assert (codec.encode([wave], codebook).codes[:, :49] == alone[:, :49]).all()


def test_windows_fade_into_each_other(codebook):
    tokens = codec.encode([np.concatenate([files.clip("long_12s"), files.clip("clip_a")])], codebook)
    found = np.concatenate(list(codec.decode_mel(tokens, codebook)), axis=1)
    assert found.shape[1] == 16 * tokens.codes.shape[1]
    one, other = (codebook.decode(tokens.codes[None, :, at : at + 53])[0] for at in (0, 45))
    assert (found[:, : 45 * 16] == one[:, : 45 * 16]).all()
    start, end = 45 * 16, 53 * 16
    np.testing.assert_allclose(found[:, start], one[:, start], rtol=0, atol=0.01)
    middle = (one[:, start + 64] + other[:, 64]) / 2
    np.testing.assert_allclose(found[:, start + 64], middle, rtol=0, atol=0.01)
    np.testing.assert_allclose(found[:, end - 1], other[:, end - start - 1], rtol=0, atol=0.01)


@pytest.mark.parametrize("samples", [1, 100, 4096, 30000])
def test_a_short_sound_comes_back_as_long_as_it_was(codebook, vocoder, samples):
    tokens = codec.encode([files.clip("clip_a")[:samples]], codebook)
    assert sum(map(len, codec.decode(tokens, codebook, vocoder))) == samples


def example(count=1000, samples=100_000):
    columns = token_file.column_count(samples, 16)
    codes = np.random.default_rng(0).integers(count, size=(5, columns))
    return Tokens(codes, 16, count, samples, b"8 bytes.")


@pytest.mark.parametrize("count", [2, 64, 100, 1000, 1024, 1025, 65536])
def test_a_file_holds_what_was_written_in_as_few_bits_as_codes_need(tmp_path, count):
    tokens = example(count)
    size = token_file.write(tmp_path / "a.hvq", tokens)
    known = files.arrays("codec/reference").get(f"bits_of_{count}_codes")
    assert known is None or tokens.bits == known
    assert size == (tmp_path / "a.hvq").stat().st_size == 32 + -(-tokens.codes.size * tokens.bits // 8)
    found = token_file.read(tmp_path / "a.hvq")
    assert (found.codes == tokens.codes).all()
    assert (found.samples, found.count, found.codebook) == (100_000, count, b"8 bytes.")


def test_every_change_of_a_file_is_noticed(tmp_path):
    path = tmp_path / "a.hvq"
    token_file.write(path, example(samples=3000))
    content = path.read_bytes()
    damaged = [
        content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :]
        for place in range(len(content))
    ]
    damaged += [content[:size] for size in (0, 3, 31, 32, len(content) - 1)] + [content + b"\0"]
    for one in damaged:
        path.write_bytes(one)
        with pytest.raises(ValueError, match=r"a.hvq is (damaged|not a file of codes)"):
            token_file.read(path)


def test_a_file_that_is_cut_in_its_header_is_damaged(tmp_path):
    token_file.write(tmp_path / "a.hvq", example(samples=3000))
    (tmp_path / "cut.hvq").write_bytes((tmp_path / "a.hvq").read_bytes()[:20])
    with pytest.raises(ValueError, match=r"cut\.hvq is damaged: it has 20 bytes, fewer than its header of 32"):
        token_file.read(tmp_path / "cut.hvq")


def test_a_file_that_claims_to_be_endless_takes_no_memory(tmp_path):
    path = tmp_path / "a.hvq"
    token_file.write(path, example(samples=3000))
    content = bytearray(path.read_bytes())
    content[12:20] = b"\xff" * 8
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"its codes have \d+ bytes instead of \d+"):
        token_file.read(path)


def test_another_codebook_is_refused(codebook, vocoder):
    with pytest.raises(ValueError, match="another codebook than"):
        codec.decode(example(), codebook, vocoder)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a stereo file of 24 kHz, encoded by the command."""
    folder = tmp_path_factory.mktemp("codec")
    speech, rate = soundfile.read(files.FOLDER / "codec" / "speech_24k.flac", dtype="float32")
    soundfile.write(folder / "speech.ogg", np.stack([speech, speech], axis=1), rate)
    return folder


def run(*words):
    return specvqgan_codec.main([str(word) for word in words])


def test_the_command_encodes_and_decodes_any_sound(place, capsys):
    model = ("--model", files.run("codebook"))
    assert run("encode", place / "speech.ogg", place / "speech.hvq", *model) == 0
    size = (place / "speech.hvq").stat().st_size
    said = capsys.readouterr().out
    assert f"{size} bytes" in said
    assert f"{8 * size / 2.0 / 1000:.3f} kbit/s" in said
    words = (place / "speech.hvq", place / "back.wav", *model, "--vocoder", files.FOLDER / "melgan")
    assert run("decode", *words) == 0
    back, rate = soundfile.read(place / "back.wav")
    assert (len(back), rate) == (44100, 22050)


def test_the_command_overwrites_nothing(place, capsys):
    (place / "there.hvq").write_text("precious")
    assert run("encode", place / "speech.ogg", place / "there.hvq", "--model", files.run("codebook")) == 1
    assert (place / "there.hvq").read_text() == "precious"
    assert "exists already" in capsys.readouterr().err


def test_the_command_names_what_it_cannot_read(place, capsys):
    (place / "note.txt").write_text("no sound")
    assert run("encode", place / "note.txt", place / "note.hvq", "--model", files.run("codebook")) == 1
    assert "note.txt is not a readable sound file" in capsys.readouterr().err
    soundfile.write(place / "nothing.wav", np.zeros(0), 22050)
    assert run("encode", place / "nothing.wav", place / "note.hvq", "--model", files.run("codebook")) == 1
    assert "nothing.wav has no samples" in capsys.readouterr().err


def test_the_command_writes_no_wav_under_another_kind_of_name(place, capsys):
    with pytest.raises(SystemExit) as end:
        run("decode", place / "speech.hvq", place / "back.mp3")
    assert end.value.code == 2 and "must end in .wav, not 'back.mp3'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A models folder with a whole model: the original's files, and foley.json."""
    folder = tmp_path_factory.mktemp("models") / "specvqgan" / "small"
    shutil.copytree(files.run("codebook"), folder / "codebook")
    shutil.copytree(files.run("nofeats"), folder / "transformer")
    shutil.copytree(files.FOLDER / "melgan", folder / "vocoder")
    (folder / "foley.json").write_text('{"seconds": 9.85}')
    return folder.parent.parent


def test_without_a_model_the_first_that_is_found_is_used(place, models, capsys):
    where = ("--models", models)
    assert run("encode", place / "speech.ogg", place / "found.hvq", *where) == 0
    assert run("decode", place / "found.hvq", place / "found.wav", *where, "--model", "small") == 0
    assert soundfile.info(place / "found.wav").frames == 44100


def test_the_list_of_models_has_it(models, capsys):
    from scripts import hallu_models

    assert hallu_models.main(["--models", str(models)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("small"))
    assert line.split()[1:3] == ["9.85", "0"]


def test_an_unknown_model_is_named_with_those_there_are(place, models, capsys):
    assert run("encode", place / "speech.ogg", place / "no.hvq", "--models", models, "--model", "smal") == 1
    assert "no model of sounds for pictures 'smal' in the models folders (--models); found: small" in (
        capsys.readouterr().err
    )


def test_a_folder_of_a_codebook_alone_needs_a_vocoder(place, models, capsys):
    codebook = models / "specvqgan" / "small" / "codebook"
    assert run("encode", place / "speech.ogg", place / "alone.hvq", "--model", codebook) == 0
    assert run("decode", place / "alone.hvq", place / "alone.wav", "--model", codebook) == 1
    assert "has no vocoder; name one with --vocoder" in capsys.readouterr().err
