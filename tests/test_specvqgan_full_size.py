"""Codebook and vocoder at the size of the released ones, with weights from a recipe, compute what the originals do."""

from pathlib import Path

import numpy as np
import specvqgan_files as files

from specvqgan.codebook import weights as codebook_weights
from specvqgan.codebook.config import CodebookConfig
from specvqgan.codebook.model import Codebook
from specvqgan.codebook.network import CODES
from specvqgan.vocoder import weights as vocoder_weights
from specvqgan.vocoder.config import VocoderConfig
from specvqgan.vocoder.model import Vocoder

FULL = CodebookConfig((128, 128, 256, 256, 512), 2, (4,), 256, 1024, 256)


def test_the_codebook_of_1024_codes():
    arrays, known = files.full_size("full_codebook")
    arrays = codebook_weights.from_original(arrays, FULL)
    codebook = Codebook(FULL, arrays, Path("full"))
    z = codebook.embed(files.mel()[None, :, 6:854])[0]
    loss = 1.25 * np.square(arrays[CODES][known["tokens_row_major"]] - z.reshape(-1, FULL.code_size)).mean()
    assert abs(loss - known["vq_loss"]) < 1e-5 * loss
    np.testing.assert_allclose(z[..., :4].transpose(2, 0, 1), known["z_first_4_channels"], rtol=0, atol=6e-4)
    flat, table = z.reshape(-1, FULL.code_size).astype(np.float64), arrays[CODES].astype(np.float64)
    distances = (flat**2).sum(axis=1, keepdims=True) + (table**2).sum(axis=1) - 2.0 * flat @ table.T
    nearest = np.sort(distances, axis=1)
    np.testing.assert_allclose(nearest[:, 1] - nearest[:, 0], known["margins"], rtol=0, atol=5e-3)
    codes = codebook.encode(files.mel()[None, :, 6:854])[0].ravel()
    assert (codes == known["tokens_row_major"]).all()
    found = 2.0 * codebook.decode(codes.reshape(1, 5, 53), clip=False)[0] - 1.0
    np.testing.assert_allclose(found[:, ::8], known["reconstruction_every_8th_column"], rtol=0, atol=1e-4)
    np.testing.assert_allclose((found.mean(), found.std()), known["reconstruction_mean_std"], rtol=0, atol=1e-5)


def test_the_vocoder_of_512_channels():
    arrays, known = files.full_size("full_melgan")
    vocoder = Vocoder(VocoderConfig(), vocoder_weights.from_original(arrays, VocoderConfig()), Path("full"))
    first, last = known["mel_columns"]
    wave = vocoder.generate(files.mel()[None, :, first:last])[0]
    np.testing.assert_allclose(wave, known["wave"], rtol=0, atol=3e-5)
