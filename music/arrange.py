"""A score worked out into notes: who plays what, when and how loudly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from music.instruments import DRUMS
from music.layout import Passage, lay_out
from music.notation import ChordSpan, Step, count_bars, parse_pattern, parse_tune
from music.score import Player, Score
from music.theory import Chord, lead_voices

STROKES = {"x": 1.0, "X": 1.2, "o": 0.6}  # loudness: plain, stressed, ghosted
OCTAVES = {"up": 12, "unison": 0, "down": -12}
STRESS = 1.15  # loudness of a stressed note of a tune
A_MOMENT = 1e-6  # beats; keeps sums of thirds from falling into the neighbouring chord


@dataclass(frozen=True, slots=True)
class Note:
    """A note as written. start, duration: beats of the piece; loudness: 1 is the player's own."""

    start: float
    duration: float
    pitch: int
    loudness: float = 1.0


def arrange(score: Score) -> dict[str, list[Note]]:
    """The notes of each player, in time. Raises ValueError naming the line that does not fit."""
    passages = lay_out(score)
    spans = [span for passage in passages for span in passage.spans]
    parts = {}
    for player in score.band:
        desk = _desk(player, score, spans)
        notes = [note for passage in passages for note in _played(desk, passage, score)]
        parts[player.name] = sorted(notes, key=lambda note: (note.start, note.pitch))
    return parts


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a player has in front of it: all chords, how to voice them, and whom to follow."""

    player: Player
    leader: Player
    spans: list[ChordSpan]
    voicings: list[tuple[int, ...]]

    def index(self, beat: float) -> int:
        """Which chord sounds at a beat."""
        return bisect_right(self.spans, beat + A_MOMENT, key=lambda span: span.start) - 1


def _desk(player: Player, score: Score, spans: list[ChordSpan]) -> _Desk:
    leader = next((other for other in score.band if other.name == player.follows), player)
    chords = [span.chord for span in spans] if player.plays == "chords" else []
    voicings = lead_voices(chords, player.centre, player.voices, is_open=player.is_open)
    return _Desk(player, leader, spans, voicings)


def _played(desk: _Desk, passage: Passage, score: Score) -> list[Note]:
    """The notes of one player in one passage, at the level of the passage."""
    line = passage.section.lines.get(desk.player.name)
    if line is None:
        return []
    try:
        notes = list(_ROLES[desk.player.plays](desk, passage, line))
    except (ValueError, KeyError, IndexError) as error:
        where = f"{score.emotion}/{score.name}: section {passage.name}: {desk.player.name}"
        raise ValueError(f"{where}: {error}") from error
    return [replace(note, loudness=note.loudness * passage.level(note.start)) for note in notes]


def _tune(desk: _Desk, passage: Passage, line: str) -> Iterator[Note]:
    """The tune as written, in the key of the passage and the octave of the player."""
    bars, needed = count_bars(line), count_bars(passage.section.chords)
    if bars != needed:
        raise ValueError(f"the tune has {bars} bars and the chords {needed}")
    for note in parse_tune(line, passage.meter):
        pitch = passage.key.pitch(note.degree, desk.player.octave, note.alteration)
        loudness = STRESS if note.is_stressed else 1.0
        yield Note(passage.start + note.start, note.duration, pitch, loudness)


def _follow(desk: _Desk, passage: Passage, line: str) -> Iterator[Note]:
    """The leader's tune in "unison", an octave "up" or "down", or "below" it on chord tones."""
    leader = replace(desk, player=desk.leader)
    for note in _tune(leader, passage, str(passage.section.lines[desk.leader.name])):
        tones = desk.spans[desk.index(note.start)].chord.pitch_classes
        below = next(p for p in range(note.pitch - 3, 0, -1) if p % 12 in tones)
        yield replace(note, pitch=below if line == "below" else note.pitch + OCTAVES[line])


def _chords(desk: _Desk, passage: Passage, line: str) -> Iterator[Note]:
    """The chords' voicings: "x" strikes all voices, a digit the n-th from below.

    A note held over a change of chord moves on to the next voicing.
    """
    for step in _steps(line, passage):
        end = step.start + step.duration
        for index in range(desk.index(step.start), desk.index(end - 2 * A_MOMENT) + 1):
            span = desk.spans[index]
            start = max(step.start, span.start)
            until = span.end if desk.player.rings else min(end, span.end)
            for pitch in _struck(desk.voicings[index], step.symbol):
                yield Note(start, until - start, pitch, STROKES.get(step.symbol, 1.0))


def _bass(desk: _Desk, passage: Passage, line: str) -> Iterator[Note]:
    """1 is the bass note, 3 5 7 are the chord's tones above it, 8 its octave, 4 the fifth below it.

    "a" and "b" lead into the next chord from the semitone above and below.
    """
    for step in _steps(line, passage):
        index = desk.index(step.start)
        chord = desk.spans[index].chord
        following = desk.spans[min(index + 1, len(desk.spans) - 1)].chord
        if step.symbol in "ab":
            pitch = _near(following.bass, desk.player.centre) + (1 if step.symbol == "a" else -1)
        else:
            pitch = _near(chord.bass, desk.player.centre) + _above_bass(chord, step.symbol)
        yield Note(step.start, step.duration, pitch)


def _drums(_desk: _Desk, passage: Passage, line: dict[str, str]) -> Iterator[Note]:
    """A pattern for each drum: "x" plain, "X" stressed and "o" ghosted strokes."""
    for drum, pattern in line.items():
        for step in _steps(pattern, passage):
            yield Note(step.start, step.duration, DRUMS[drum], STROKES[step.symbol])


_ROLES: dict[str, Callable[[_Desk, Passage, Any], Iterator[Note]]] = {
    "tune": _tune,
    "follow": _follow,
    "chords": _chords,
    "bass": _bass,
    "drums": _drums,
}


def _steps(pattern: str, passage: Passage) -> list[Step]:
    steps = parse_pattern(pattern, passage.end - passage.start, passage.meter)
    return [replace(step, start=passage.start + step.start) for step in steps]


def _struck(voicing: tuple[int, ...], symbol: str) -> tuple[int, ...]:
    """The pitches of a stroke. Digits beyond the top voice go on in the octave above."""
    if symbol in STROKES:
        return voicing
    octave, voice = divmod(int(symbol) - 1, len(voicing))
    return (voicing[voice] + 12 * octave,)


def _near(pitch_class: int, centre: int) -> int:
    """The pitch of a class in the octave around a centre."""
    lowest = centre - 6
    return lowest + (pitch_class - lowest) % 12


def _above_bass(chord: Chord, symbol: str) -> int:
    """Semitones from the bass note to what a digit of a bass pattern asks for."""
    _, *others = chord.pitch_classes
    tones = {"3": others[0], "5": others[min(1, len(others) - 1)], "7": others[-1]}
    if symbol in tones:
        return (tones[symbol] - chord.bass) % 12
    fifth_below = (tones["5"] - chord.bass) % 12 - 12
    return {"1": 0, "8": 12, "4": fifth_below}[symbol]
