"""Proof-reading of scores: what a player cannot play, and what hurts the ear by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from music.arrange import Note, arrange
from music.instruments import INSTRUMENTS
from music.layout import lay_out
from music.notation import ChordSpan
from music.score import Score

WIDEST_LEAP_SEMITONES = 16  # between neighbours of a tune


def complaints(score: Score) -> list[str]:
    """Return one line for each note that the composer should check.

    Raises ValueError if the lines of the score do not fit (see arrange).
    """
    parts = arrange(score)
    found = []
    for player in score.band:
        if player.plays == "drums":
            continue
        part = parts[player.name]
        about = [*_out_of_range(part, player.instrument)]
        if player.plays == "tune":
            about += [*_rubs(part, score), *_leaps(part)]
        found += [f"{player.name}, {line}" for line in about]
    return found


def _out_of_range(part: list[Note], instrument: str) -> Iterator[str]:
    known = INSTRUMENTS[instrument]
    for note in part:
        if not known.lowest <= note.pitch <= known.highest:
            yield f"beat {note.start:g}: {instrument} cannot play {note.pitch}"


def _rubs(part: list[Note], score: Score) -> Iterator[str]:
    """Yield a line for each note that rubs: on a beat, a semitone from a tone of the chord.

    Notes that move on by a step are left out.
    """
    spans = [span for passage in lay_out(score) for span in passage.spans]
    for note, following in pairwise([*part, Note(1e9, 1, 0)]):
        on_beat = note.start % 1 < 0.01 and note.duration >= 0.5
        resolves = abs(following.pitch - note.pitch) <= 2 and note.duration <= 2
        for span in _during(note, spans):
            if on_beat and not resolves and _is_rub(note.pitch, span):
                yield f"beat {note.start:g}: {note.pitch} rubs against {span.chord.symbol}"


def _during(note: Note, spans: list[ChordSpan]) -> Iterator[ChordSpan]:
    """Yield the chords that a note sounds with for half a beat or more."""
    for span in spans:
        if min(span.end, note.start + note.duration) - max(span.start, note.start) >= 0.5:
            yield span


def _is_rub(pitch: int, span: ChordSpan) -> bool:
    tones = span.chord.pitch_classes
    return pitch % 12 not in tones and any((pitch - tone) % 12 in {1, 11} for tone in tones)


def _leaps(part: list[Note]) -> Iterator[str]:
    for note, following in pairwise(part):
        is_joined = following.start - note.start - note.duration < 0.1
        if is_joined and abs(following.pitch - note.pitch) > WIDEST_LEAP_SEMITONES:
            yield f"beat {following.start:g}: leap of {following.pitch - note.pitch} semitones"
