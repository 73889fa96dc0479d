"""Make the start chime again: three bells, a major triad going up, two seconds.

python -m music.chime

The chime is softer than the music. The program writes music/chime/chime.opus and needs ffmpeg.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from music.render import COPYRIGHT, LICENCE, SAMPLE_RATE_HZ

CHIME = Path(__file__).parent / "chime" / "chime.opus"
NOTES = ((0.0, 523.25), (0.18, 659.26), (0.36, 783.99))  # seconds, hertz: C5 E5 G5
# A tube bell's partials: frequency over the note's, loudness, seconds to fade to a third.
PARTIALS = ((1.0, 1.0, 0.6), (2.0, 0.35, 0.35), (2.76, 0.2, 0.2), (5.4, 0.08, 0.08))
LENGTH_S = 2.2
ATTACK_S = 0.006
PEAK = 0.3
# In 1/256 dB. MPD adds 5 dB from R 128's level to ReplayGain's, without a tag, too.
AS_IT_IS = str(-5 * 256)


def samples() -> npt.NDArray[np.float32]:
    """Return the chime in mono: float32 (samples,), each sample from -1 to 1."""
    time_s = np.arange(int(LENGTH_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    sound: npt.NDArray[np.float64] = np.zeros_like(time_s)  # (samples,)
    for start_s, hertz in NOTES:
        since_s = np.clip(time_s - start_s, 0.0, None)
        for ratio, loudness, fade_s in PARTIALS:
            ring = np.sin(2 * np.pi * hertz * ratio * since_s) * np.exp(-since_s / fade_s)
            sound += loudness * ring * np.minimum(1.0, since_s / ATTACK_S)
    loudest = float(np.abs(sound).max())
    fade_out = np.minimum(1.0, (LENGTH_S - time_s) / 0.3)
    return (PEAK * fade_out * sound / loudest).astype(np.float32)


def main() -> int:
    """Write the chime's file and return the exit code, 0.

    Raises FileNotFoundError if ffmpeg is missing, CalledProcessError if ffmpeg fails, and OSError
    if the folder cannot be made.
    """
    CHIME.parent.mkdir(exist_ok=True)
    tags = {"TITLE": "Chime", "ARTIST": "Emotional Jukebox", "COPYRIGHT": COPYRIGHT,
            "LICENSE": LICENCE, "R128_TRACK_GAIN": AS_IT_IS}  # fmt: skip
    words = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-f", "f32le", "-ac", "1"]
    words += ["-ar", str(SAMPLE_RATE_HZ), "-i", "-"]
    words += [word for tag in tags.items() for word in ("-metadata:s:a", "=".join(tag))]
    words += ["-c:a", "libopus", "-b:a", "64k", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
    subprocess.run([*words, str(CHIME)], input=samples().tobytes(), check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
