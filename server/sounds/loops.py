"""The command that says where a note can be repeated while its key is held."""

import soundfile

from core.audio.sound_files import BadFileError, check_samples
from gansynth.loop import find_loop
from server.engine.request import Request
from server.osc.packet import Message
from server.sounds.result import Context, Result

_LONGEST_S = 60.0


def loop(context: Context, request: Request) -> Result:
    """Report the loop in a WAV file, in samples of that file; 0 0: there is none."""
    path = context.catalog.sound_file(request.command.values["path"])
    try:
        with soundfile.SoundFile(path) as file:
            wave = file.read(round(_LONGEST_S * file.samplerate), dtype="float32", always_2d=True).mean(axis=1)
            check_samples(path, wave)
            found = find_loop(wave, file.samplerate)
    except soundfile.LibsndfileError as error:
        raise BadFileError(f"{path} is not a readable sound file: {error.error_string.rstrip('.')}") from None
    place = (found.start, found.frames) if found else (0, 0)
    return Result(context.session, [Message("/sound/looped", (request.command.values["target"], *place))])
