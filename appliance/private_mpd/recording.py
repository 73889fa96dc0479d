"""The WAV file into which a private MPD may record."""

from __future__ import annotations

import struct
from pathlib import Path

from appliance.errors import PlayerError

RECORDING_FORMAT = (48000, 16, 2)  # rate, bits, channels


def recording_file(output: str) -> Path | None:
    """The file of record:FILE.wav, None for other outputs. Raises PlayerError if it is not .wav."""
    kind, _, name = output.partition(":")
    if kind != "record":
        return None
    if not name.lower().endswith(".wav"):
        raise PlayerError(f"{output}: a recording is a WAV file; name it record:FILE.wav")
    return Path(name).absolute()


def begin_recording(file: Path) -> None:
    """Write a WAV header of unknown length, so that even an incomplete recording can be played.

    Raises PlayerError if the file cannot be written.
    """
    try:
        file.write_bytes(wav_header(0xFFFFFFFF - 36))
    except OSError as error:
        raise PlayerError(f"cannot record to {file}: {error.strerror}") from error


def end_recording(file: Path) -> None:
    """Write the true length into the header. Raises OSError if the file is gone."""
    with file.open("r+b") as wav:
        wav.write(wav_header(file.stat().st_size - 44))


def wav_header(data_bytes: int) -> bytes:
    """The 44 bytes before 16-bit PCM: RIFF, fmt and data chunks, little-endian."""
    rate, bits, channels = RECORDING_FORMAT
    frame_bytes = channels * bits // 8
    bytes_per_second = rate * frame_bytes
    pcm = (1, channels, rate, bytes_per_second, frame_bytes, bits)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, *pcm)
    riff = struct.pack("<4sI4s", b"RIFF", data_bytes + 36, b"WAVE")
    return riff + form + struct.pack("<4sI", b"data", data_bytes)
