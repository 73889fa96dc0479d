"""Keys, chords, and how one chord moves to the next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Semitones above the tonic of the seven degrees.
MODES = {
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
ALTERATIONS = {"": 0, "#": 1, "b": -1}

_PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_QUALITIES = {  # semitones above the root; "m" stands for a small numeral
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "mmaj7": (0, 3, 7, 11),
    "9": (0, 4, 7, 10, 2),
    "m9": (0, 3, 7, 10, 2),
    "maj9": (0, 4, 7, 11, 2),
    "7b9": (0, 4, 7, 10, 1),
    "7#5": (0, 4, 8, 10),
    "add9": (0, 4, 7, 2),
    "madd9": (0, 3, 7, 2),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "7sus4": (0, 5, 7, 10),
    "maj7#11": (0, 4, 6, 11),
    "+": (0, 4, 8),
    "mo": (0, 3, 6),
    "mo7": (0, 3, 6, 9),
    "mø7": (0, 3, 6, 10),
}
_SYMBOL = re.compile(r"([b#]?)(VII|VI|IV|V|III|II|I)(.*?)(?:/([b#]?)([1-7]))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic in semitones above C, beyond 0…11 where a section is shifted, and a mode."""

    tonic: int
    mode: str

    def pitch(self, degree: int, octave: int, alteration: int = 0) -> int:
        """Return the MIDI number of a degree: 1 is the tonic, 8 is the tonic above it.

        Octave 4 holds middle C. Raises KeyError if MODES does not hold the key's mode.
        """
        octaves, step = divmod(degree - 1, 7)
        return 12 * (octave + 1 + octaves) + self.tonic + MODES[self.mode][step] + alteration


@dataclass(frozen=True, slots=True)
class Chord:
    """Pitch classes, root first, and the one in the bass."""

    symbol: str
    pitch_classes: tuple[int, ...]
    bass: int


def parse_key(tonic: str, mode: str) -> Key:
    """Return a key from "F#" and "dorian". Raises ValueError for other names."""
    if tonic[:1] not in _PITCH_CLASSES or tonic[1:] not in ALTERATIONS:
        raise ValueError(f"key {tonic!r}: write a letter A…G and perhaps # or b")
    if mode not in MODES:
        raise ValueError(f"mode {mode!r}: write one of {', '.join(MODES)}")
    return Key((_PITCH_CLASSES[tonic[0]] + ALTERATIONS[tonic[1:]]) % 12, mode)


def parse_chord(symbol: str, tonic: int) -> Chord:
    """Return a chord from a Roman numeral: "ii7", "bVImaj7", "V7/7" with degree 7 in the bass.

    Numerals and bass degrees count from the major scale whatever the mode, so that a symbol always
    means the same chord. Raises ValueError for a symbol it cannot read.
    """
    match = _SYMBOL.fullmatch(symbol)
    if not match:
        raise ValueError(f"chord {symbol!r}: write a Roman numeral, such as ii7, bVI or V7/7")
    sign, numeral, suffix, bass_sign, bass_degree = match.groups(default="")
    quality = ("m" if numeral.islower() else "") + suffix
    if quality not in _QUALITIES:
        raise ValueError(f"chord {symbol!r}: {suffix!r} is not a known quality of {numeral}")
    root = _above(tonic, sign, _NUMERALS.index(numeral.upper()))
    pitch_classes = tuple((root + interval) % 12 for interval in _QUALITIES[quality])
    bass = _above(tonic, bass_sign, int(bass_degree) - 1) if bass_degree else root
    return Chord(symbol, pitch_classes, bass)


def lead_voices(
    chords: Sequence[Chord], centre: int, voices: int, *, is_open: bool
) -> list[tuple[int, ...]]:
    """Return one voicing for each chord, lowest voice first, each moving as little as it can.

    centre: the MIDI number around which the voices stay; is_open: drop the second voice from the
    top by an octave, as guitars and string sections are voiced. Raises ValueError if a chord cannot
    be spread over so many voices.
    """
    voicings: list[tuple[int, ...]] = []
    for chord in chords:
        previous = voicings[-1] if voicings else (centre,) * voices
        choices = _voicings(chord, centre, voices, is_open=is_open)
        voicings.append(min(choices, key=lambda choice: _cost(choice, previous, centre)))
    return voicings


def _above(tonic: int, sign: str, step: int) -> int:
    return (tonic + MODES["major"][step] + ALTERATIONS[sign]) % 12


def _voicings(chord: Chord, centre: int, voices: int, *, is_open: bool) -> list[tuple[int, ...]]:
    """Return every stacking of the chord's tones that begins within an octave of the centre."""
    tones = _most_telling(chord.pitch_classes, voices)
    choices = []
    for lowest in range(centre - 12, centre + 6):
        if lowest % 12 not in tones:
            continue
        stack = [pitch for pitch in range(lowest, lowest + 25) if pitch % 12 in tones][:voices]
        if is_open and voices > 2:
            stack[-2] -= 12
        choices.append(tuple(sorted(stack)))
    return choices


def _most_telling(pitch_classes: tuple[int, ...], voices: int) -> tuple[int, ...]:
    """Return the tones to keep for fewer voices: the fifth is dropped first, then the root."""
    if len(pitch_classes) <= voices:
        return pitch_classes
    root, third, fifth, *colours = pitch_classes
    by_importance = [third, *colours, root, fifth]
    return tuple(by_importance[:voices])


def _cost(choice: tuple[int, ...], previous: tuple[int, ...], centre: int) -> float:
    """Return the semitones moved, plus a pull to the centre, plus a fine for a rub on top."""
    motion = sum(abs(new - old) for new, old in zip(choice, previous, strict=True))
    drift = abs(sum(choice) / len(choice) - centre)
    rub = 4 if choice[-1] - choice[-2 if len(choice) > 1 else 0] == 1 else 0
    return motion + 1.5 * drift + rub
