"""Sounds to codes and back, window by window: any length, its end included, in memory that does not grow with it.

A codebook was trained on spectrograms of one width, and its networks look at all of one. So a longer sound is taken in
overlapping windows of that width. Of each window the codes that are far from its edges count; what is decoded fades
from one window into the next.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from core.audio import wav
from core.progress import Progress, ignore
from specvqgan.codebook.model import Codebook
from specvqgan.codec.token_file import Tokens
from specvqgan.mel import spectrogram
from specvqgan.mel.spectrogram import SAMPLE_RATE
from specvqgan.vocoder.model import Vocoder
from specvqgan.windows import windows

# Columns before and after what counts of a window.
_MARGIN = 4


def encode(blocks: Iterable[np.ndarray], codebook: Codebook, progress: Progress = ignore) -> Tokens:
    """The codes of a sound.

    Args:
        blocks: of the sound, float32 [samples] at 22050 Hz.
        codebook: of 80 bands.
        progress: counts the seconds that are done.

    Raises:
        ValueError: there are no samples, or one is not finite; or the codebook is of other spectrograms.
    """
    _check(codebook)
    counted = _Counted(blocks)
    stride, found = codebook.config.stride, []
    width, margin = _sizes(codebook)
    mels = _filled(spectrogram.stream(counted), stride)
    for window, begin, end in windows(mels, width * stride, margin * stride):
        codes = codebook.encode(window[None])[0, :, begin // stride : end // stride]
        found.append(codes.astype(np.uint16))
        progress(counted.samples // SAMPLE_RATE, 0)
    if not found:
        raise ValueError("there are no samples in the sound")
    codes = np.concatenate(found, axis=1)
    identity = bytes.fromhex(codebook.checksum)[:8]
    return Tokens(codes, stride, codebook.config.codes, counted.samples, identity)


def decode(tokens: Tokens, codebook: Codebook, vocoder: Vocoder, progress: Progress = ignore) -> Iterator[np.ndarray]:
    """The sound of codes, in blocks float32 [samples] at 22050 Hz: as many samples as were encoded.

    Raises:
        ValueError: another codebook made the codes, or the vocoder is for other spectrograms.
    """
    _check(codebook)
    if bytes.fromhex(codebook.checksum)[:8] != tokens.codebook:
        raise ValueError(f"another codebook than {codebook.name} made these codes; decode them with that one")
    if (vocoder.config.mels, vocoder.config.hop) != (spectrogram.MELS, spectrogram.HOP):
        raise ValueError(
            f"the vocoder {vocoder.name} takes {vocoder.config.mels} bands and gives {vocoder.config.hop} samples for "
            f"a frame; it must be {spectrogram.MELS} and {spectrogram.HOP}"
        )
    return _sound(tokens, codebook, vocoder, progress)


def decode_mel(tokens: Tokens, codebook: Codebook) -> Iterator[np.ndarray]:
    """The spectrogram of codes, in pieces float32 [80, frames]; windows fade into each other where they overlap."""
    width, margin = _sizes(codebook)
    stride = codebook.config.stride
    parts = (tokens.codes[:, start : start + width] for start in range(0, tokens.codes.shape[1], width))
    last, done, counted = np.zeros((codebook.config.mels, 0), np.float32), 0, 0
    for window, begin, end in windows(parts, width, margin):
        mel = codebook.decode(window[None])[0]
        # Where it begins in what the last window gave.
        place = (counted - begin) * stride - done
        yield last[:, :place]
        both = last.shape[1] - place
        rise = (np.arange(both, dtype=np.float32) + 0.5) / max(both, 1)
        mel[:, :both] = (1 - rise) * last[:, place:] + rise * mel[:, :both]
        last, done, counted = mel, done + place, counted + end - begin
    yield last


def _sound(tokens: Tokens, codebook: Codebook, vocoder: Vocoder, progress: Progress) -> Iterator[np.ndarray]:
    done = 0
    for wave in vocoder.stream(decode_mel(tokens, codebook)):
        part = wave[: tokens.samples - done]
        done += len(part)
        progress(done // SAMPLE_RATE, tokens.samples // SAMPLE_RATE)
        if len(part):
            yield part


class _Counted:
    """Blocks, cut into small ones, of which it counts the samples."""

    def __init__(self, blocks: Iterable[np.ndarray]) -> None:
        self._blocks, self.samples = blocks, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        for whole in self._blocks:
            for block in wav.blocks(whole):
                self.samples += len(block)
                yield block


def _filled(mels: Iterable[np.ndarray], stride: int) -> Iterator[np.ndarray]:
    """Pieces of a spectrogram, followed by silence to the end of the last column."""
    frames = 0
    for mel in mels:
        frames += mel.shape[1]
        yield mel
    if missing := -frames % stride:
        yield np.zeros((spectrogram.MELS, missing), np.float32)


def _sizes(codebook: Codebook) -> tuple[int, int]:
    """Columns of a window, and of each of its margins."""
    width = codebook.config.columns
    return width, min(_MARGIN, (width - 1) // 2)


def _check(codebook: Codebook) -> None:
    if codebook.config.mels != spectrogram.MELS:
        bands = codebook.config.mels
        raise ValueError(f"the codebook {codebook.name} is of spectrograms with {bands} bands, not {spectrogram.MELS}")
