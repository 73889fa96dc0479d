"""The three little languages of a score: progressions, tunes and patterns.

All are text. "|" separates the bars; "%" repeats the bar before. Times are beats from the start of
the text.

progression  "I | vi IV | V7 . . I"   chords share their bar equally; "." holds the chord on
tune         "5:1 6:.5 #4 | 1':2 - ~"  scale degrees; ' and , shift by octaves; :beats holds until
                                      changed; "-" rests, "~" holds on, "!" stresses
pattern      "x--. 1235"              one character a step; the steps share their bar equally; "."
                                      rests, "-" holds on; the other characters mean what
                                      arrange.py says for each kind of player
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from music.theory import ALTERATIONS, Chord, parse_chord

_TOKEN = re.compile(r"(?:([b#]?)([1-7])([',]*)(!?)|([-~]))(?::([\d.]+|t))?")


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord and the beats it lasts for."""

    start: float
    end: float
    chord: Chord


@dataclass(frozen=True, slots=True)
class TuneNote:
    """One note of a tune. degree: 1 is the tonic of the player's octave, 0 the degree below it."""

    start: float
    duration: float
    degree: int
    alteration: int
    is_stressed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One stroke of a pattern."""

    start: float
    duration: float
    symbol: str


def parse_progression(text: str, tonic: int, meter: float) -> list[ChordSpan]:
    """Return the chords in order of time. A bar of "." alone holds the chord before.

    Raises ValueError for a chord that cannot be read, IndexError if "." comes before the first
    chord or "%" is the first bar, and ZeroDivisionError for an empty bar.
    """
    spans: list[ChordSpan] = []
    for bar, symbols in enumerate(_bars(text)):
        slot = meter / len(symbols)
        for index, symbol in enumerate(symbols):
            end = bar * meter + (index + 1) * slot
            if symbol == ".":
                spans[-1] = replace(spans[-1], end=end)
            else:
                spans.append(ChordSpan(end - slot, end, parse_chord(symbol, tonic)))
    return spans


def parse_tune(text: str, meter: float) -> list[TuneNote]:
    """Return the notes of a tune.

    Raises ValueError if a token cannot be read or a bar does not last for meter beats, and
    IndexError if "~" comes before the first note or "%" is the first bar.
    """
    notes: list[TuneNote] = []
    now, duration = 0.0, 1.0
    for bar, tokens in enumerate(_bars(text), start=1):
        for token in tokens:
            match = _TOKEN.fullmatch(token)
            if not match:
                raise ValueError(f"bar {bar}: cannot read {token!r}")
            duration = _duration(match[6], duration)
            if match[5] == "~":
                notes[-1] = replace(notes[-1], duration=notes[-1].duration + duration)
            elif match[2]:
                notes.append(_tune_note(match, now, duration))
            now += duration
        if abs(now - bar * meter) > 1e-6:
            raise ValueError(f"bar {bar} ends after {now:g} beats, not {bar * meter:g}")
    return notes


def parse_pattern(text: str, beats: float, meter: float) -> list[Step]:
    """Return the strokes of a pattern that repeats bar by bar for so many beats.

    Raises IndexError if "-" comes before the first stroke or "%" is the first bar, and
    ZeroDivisionError for an empty bar.
    """
    bars = ["".join(bar) for bar in _bars(text)]
    steps: list[Step] = []
    for bar in range(round(beats / meter)):
        symbols = bars[bar % len(bars)]
        step = meter / len(symbols)
        for index, symbol in enumerate(symbols):
            if symbol == "-":
                steps[-1] = replace(steps[-1], duration=steps[-1].duration + step)
            elif symbol != ".":
                steps.append(Step(bar * meter + index * step, step, symbol))
    return steps


def count_bars(text: str) -> int:
    """Return the number of bars in a text. Raises IndexError if the first bar is "%"."""
    return len(_bars(text))


def _bars(text: str) -> list[list[str]]:
    bars: list[list[str]] = []
    for bar in text.split("|"):
        words = bar.split()
        bars.append(bars[-1] if words == ["%"] else words)
    return bars


def _duration(text: str | None, current: float) -> float:
    if text is None:
        return current
    return 1 / 3 if text == "t" else float(text)


def _tune_note(match: re.Match[str], start: float, duration: float) -> TuneNote:
    sign, degree, octaves, stress = match[1], match[2], match[3], match[4]
    shift = 7 * (octaves.count("'") - octaves.count(","))
    return TuneNote(start, duration, int(degree) + shift, ALTERATIONS[sign], bool(stress))
