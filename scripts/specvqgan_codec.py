"""Write a sound as codes of a codebook, in a small file, and turn such a file into sound again.

  specvqgan_codec encode song.mp3 song.hvq
  specvqgan_codec decode song.hvq again.wav

A sound of any length and format becomes 27 codes per second, each of a few bits: some hundred bits per second, at the
price of a sound that resembles the first one. It comes back mono, at 22050 Hz, and as long as it was.
"""

import argparse
import sys
from collections.abc import Sequence

from core.progress import show_progress
from scripts import frame
from scripts.flags import engine, models
from scripts.shared import foley_folder

PROG = "specvqgan_codec"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    actions = flags.add_subparsers(metavar="ACTION", required=True)
    encode = _action(actions, "encode", "write a sound as codes", _encode)
    encode.add_argument("sound", type=frame.path, help="a file with sound, of any format")
    encode.add_argument("codes", type=frame.path, help="the new file, such as NAME.hvq")
    decode = _action(actions, "decode", "turn codes into sound", _decode)
    decode.add_argument("codes", type=frame.path, help="a file that `encode` has written")
    decode.add_argument("sound", type=frame.path, help="the new file, such as NAME.wav")
    decode.set_defaults(error=decode.error)
    decode.add_argument(
        "--vocoder", type=frame.path, metavar="FOLDER",
        help="what turns spectrograms into sound: a folder of MelGAN's, with best_netG.pt and args.yml, or of ours "
        "(default: the model's own)",
    )  # fmt: skip
    return flags


def _action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str, work: object
            ) -> argparse.ArgumentParser:  # fmt: skip
    """The parser of an action, with the flags that both have."""
    flags: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text.capitalize()}.")
    flags.add_argument(
        "--model", metavar="NAME_OR_FOLDER",
        help="whose codebook to use: a model by name, or a folder: of a model, of a run of the original's "
        "(checkpoints, configs), or of ours (config.json, weights.safetensors). Default: the first that is found",
    )  # fmt: skip
    models.add(flags, models.FOLEY)
    engine.add(flags)
    frame.add_debug(flags, default=argparse.SUPPRESS)
    flags.set_defaults(work=work)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv)
    return frame.run(options.work, options, PROG)


def _encode(options: argparse.Namespace) -> None:
    frame.refuse_existing(options.codes)
    import specvqgan
    from core.audio import sound_files
    from specvqgan.codec import codec, token_file
    from specvqgan.mel.spectrogram import SAMPLE_RATE

    folder = foley_folder.locate(options.model, models.folders(options))
    codebook = specvqgan.load_codebook(foley_folder.part(folder, "codebook"), **engine.given(options))
    with show_progress("second", "encoding") as progress:
        tokens = codec.encode(sound_files.stream(options.sound, SAMPLE_RATE), codebook, progress)
    size = token_file.write(options.codes, tokens)
    alone = tokens.codes.size * tokens.bits
    print(
        f"{options.codes}: {size} bytes for {tokens.seconds:.2f} s, {_rate(8 * size, tokens.seconds)} "
        f"(codes alone {_rate(alone, tokens.seconds)}: {tokens.codes.size} of {tokens.bits} bits)"
    )


def _decode(options: argparse.Namespace) -> None:
    if options.sound.suffix.lower() != ".wav":
        options.error(f"the sound's name must end in .wav, not {options.sound.name!r}")
    frame.refuse_existing(options.sound)
    import specvqgan
    from core.audio import wav
    from specvqgan.codec import codec, token_file

    tokens = token_file.read(options.codes)
    folder = foley_folder.locate(options.model, models.folders(options))
    codebook = specvqgan.load_codebook(foley_folder.part(folder, "codebook"), **engine.given(options))
    place = options.vocoder or foley_folder.part(folder, "vocoder", "--vocoder")
    vocoder = specvqgan.load_vocoder(place, **engine.given(options))
    with show_progress("second", "decoding") as progress:
        blocks = codec.decode(tokens, codebook, vocoder, progress)
        length = wav.write_blocks(options.sound, blocks, vocoder.sample_rate)
    print(f"{options.sound}: {length / vocoder.sample_rate:.2f} s at {vocoder.sample_rate} Hz")


def _rate(bits: int, seconds: float) -> str:
    return f"{bits / seconds / 1000:.3f} kbit/s"


if __name__ == "__main__":
    sys.exit(main())
