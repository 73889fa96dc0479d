"""MIDI to finished tracks: FluidSynth plays, ffmpeg levels, limits and encodes."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from music.midi import write_midi
from music.score import Score

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")  # Debian: fluid-soundfont-gm, MIT licence
SAMPLE_RATE_HZ = 48_000
LOUDNESS_LUFS = -18.0  # ReplayGain 2's reference: programs that know it leave the tracks alone
TRUE_PEAK_DBTP = -1.5
LIMIT_DB = -3.0  # of the limiter: Opus overshoots by up to 1.5 dB
TOLERANCE_LU = 0.1
BIT_RATE = "60k"
SILENCE_DB = -60
R128_REFERENCE_LUFS = -23.0  # RFC 7845, 5.2.1
COPYRIGHT = "No rights reserved (CC0 1.0)"
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"


@dataclass(frozen=True, slots=True)
class Level:
    """Loudness in LUFS, loudness range in LU, true peak in dBTP, all after EBU R 128."""

    duration_s: float
    loudness: float
    range: float
    true_peak: float


def render(score: Score, cover_png: bytes, track: Path, work: Path) -> Level:
    """Write the finished track and return its level as decoded.

    cover_png: the bytes of a PNG file; work: a folder for the intermediate files. Raises ValueError
    if the lines of the score do not fit (see arrange), RuntimeError if fluidsynth or ffmpeg is
    missing or fails.
    """
    midi, raw = work / f"{score.name}.mid", work / f"{score.name}.wav"
    write_midi(score, midi)
    tags = _tags(score, cover_png) | {"SCORE_DIGEST": digest(midi)}
    _synthesize(midi, raw, score.room)
    gain_db = LOUDNESS_LUFS - measure(raw).loudness
    for _ in range(4):  # the limiter and Opus move the loudness a little
        _encode(raw, gain_db, tags, track)
        level = measure(track)
        if abs(level.loudness - LOUDNESS_LUFS) <= TOLERANCE_LU:
            break
        gain_db += LOUDNESS_LUFS - level.loudness
    return level


def digest(midi: Path) -> str:
    """Return 16 hexadecimal digits that tie a track to the score from which it was made.

    Raises OSError if the MIDI file cannot be read.
    """
    return hashlib.sha256(midi.read_bytes()).hexdigest()[:16]


def measure(track: Path) -> Level:
    """Return the level of an audio file.

    Raises RuntimeError if ffmpeg is missing or fails, ValueError or IndexError if its report has
    another form.
    """
    output = _run("ffmpeg", "-hide_banner", "-nostats", "-i", track, "-map", "0:a",
                  "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-")  # fmt: skip
    hours, minutes, seconds = re.findall(r"Duration: (\d+):(\d+):([\d.]+)", output)[0]
    duration_s = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    summary = output[output.rindex("Summary:") :]
    values = [re.findall(rf"{name}:\s+(\S+) ", summary)[0] for name in ("I", "LRA", "Peak")]
    return Level(duration_s, *(float(value) for value in values))


def _synthesize(midi: Path, wav: Path, room: float) -> None:
    options = {
        "synth.reverb.active": 1,
        "synth.reverb.room-size": room,
        "synth.reverb.damp": 0.35,
        "synth.reverb.width": 0.8,
        "synth.reverb.level": 0.6,
        "synth.chorus.active": 0,
        "synth.polyphony": 512,
    }
    settings = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    _run("fluidsynth", "-ni", "-q", "-g", "0.5", "-r", SAMPLE_RATE_HZ, *settings,
         "-T", "wav", "-O", "float", "-F", wav, SOUND_FONT, midi)  # fmt: skip


def _encode(wav: Path, gain_db: float, tags: dict[str, str], track: Path) -> None:
    """Cut silence, level, limit and encode, bit-exact: without date and random serial number."""
    cut = f"silenceremove=start_periods=1:start_threshold={SILENCE_DB}dB"
    filters = [
        f"volume={gain_db:.3f}dB",
        cut, "areverse", cut, "afade=d=0.4", "areverse",
        # At four times the rate the limiter sees the peaks between samples.
        "aresample=192000", f"alimiter=limit={LIMIT_DB}dB:attack=4:release=60:level=false",
        f"aresample={SAMPLE_RATE_HZ}",
    ]  # fmt: skip
    pairs = [f"{name}={value}" for name, value in tags.items()]
    metadata = [word for pair in pairs for word in ("-metadata:s:a", pair)]
    track.parent.mkdir(exist_ok=True)
    _run("ffmpeg", "-hide_banner", "-y", "-i", wav, "-af", ",".join(filters), *metadata,
         "-c:a", "libopus", "-b:a", BIT_RATE, "-vbr", "constrained", "-application", "audio",
         "-fflags", "+bitexact", "-flags:a", "+bitexact", track)  # fmt: skip


def _tags(score: Score, cover_png: bytes) -> dict[str, str]:
    gain = round((R128_REFERENCE_LUFS - LOUDNESS_LUFS) * 256)
    return {
        "TITLE": score.title,
        "ARTIST": "Emotional Jukebox",
        "ALBUM": f"Starter Music: {score.emotion.capitalize()}",
        "GENRE": score.genre,
        "MOOD": score.emotion,
        "DESCRIPTION": score.about,
        "DATE": "2026",
        "COPYRIGHT": COPYRIGHT,
        "LICENSE": LICENCE,
        "R128_TRACK_GAIN": str(gain),
        "METADATA_BLOCK_PICTURE": _picture_block(cover_png),
    }


def _picture_block(png: bytes) -> str:
    """Return a picture as Ogg carries it: FLAC's picture block (RFC 9639, 8.8) in base64."""
    width, height = struct.unpack(">II", png[16:24])
    kind, front_cover = b"image/png", 3
    block = struct.pack(">II", front_cover, len(kind)) + kind
    block += struct.pack(">IIIII", 0, width, height, 24, 0) + struct.pack(">I", len(png)) + png
    return base64.b64encode(block).decode()


def _run(*command: object) -> str:
    """Return what a program wrote to stderr. Raises RuntimeError if it is missing or fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise RuntimeError(f"{words[0]} is missing: apt-get install {words[0]}") from error
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{words[0]} failed: {error.stderr[-400:]}") from error
    return done.stderr
