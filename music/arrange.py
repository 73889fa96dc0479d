"""A score worked out into notes: who plays what, when and how loudly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from music.instruments import DRUMS
from music.layout import Passage, lay_out
from music.notation import ChordSpan, Step, count_bars, parse_pattern, parse_tune
from music.score import Player, Score
from music.theory import Chord, lead_voices

STROKES = {"x": 1.0, "X": 1.2, "o": 0.6}  # loudness: plain, stressed, ghosted
OCTAVES = {"up": 12, "unison": 0, "down": -12}
STRESS = 1.15  # loudness of a stressed note of a tune
TOLERANCE_BEATS = 1e-6  # keeps sums of thirds from falling into the neighbouring chord


@dataclass(frozen=True, slots=True)
class Note:
    """A note as written. start, duration: beats of the piece; loudness: 1 is the player's own."""

    start: float
    duration: float
    pitch: int
    loudness: float = 1.0


def arrange(score: Score) -> dict[str, list[Note]]:
    """Return the notes of each player by name, in order of time.

    Raises ValueError, which names the section and the player, if a line does not fit;
    ZeroDivisionError for an empty bar of a pattern; and the errors of lay_out and lead_voices.
    """
    passages = lay_out(score)
    spans = [span for passage in passages for span in passage.spans]
    parts = {}
    for player in score.band:
        context = _context(player, score, spans)
        notes = [note for passage in passages for note in _played(context, passage, score)]
        parts[player.name] = sorted(notes, key=lambda note: (note.start, note.pitch))
    return parts


@dataclass(frozen=True, slots=True)
class _Context:
    """What a player needs to know: all chords, their voicings, and the player to follow."""

    player: Player
    leader: Player
    spans: list[ChordSpan]
    voicings: list[tuple[int, ...]]

    def index(self, beat: float) -> int:
        """Return the index of the chord that sounds at a beat."""
        return bisect_right(self.spans, beat + TOLERANCE_BEATS, key=lambda span: span.start) - 1


def _context(player: Player, score: Score, spans: list[ChordSpan]) -> _Context:
    leader = next((other for other in score.band if other.name == player.follows), player)
    chords = [span.chord for span in spans] if player.plays == "chords" else []
    voicings = lead_voices(chords, player.centre, player.voices, is_open=player.is_open)
    return _Context(player, leader, spans, voicings)


def _played(context: _Context, passage: Passage, score: Score) -> list[Note]:
    """Return the notes of one player in one passage, at the level of the passage."""
    if context.player.name not in passage.section.lines:
        return []
    try:
        notes = list(_ROLES[context.player.plays](context, passage))
    except (ValueError, TypeError, KeyError, IndexError) as error:
        where = f"{score.emotion}/{score.name}: section {passage.name}: {context.player.name}"
        raise ValueError(f"{where}: {error}") from error
    return [replace(note, loudness=note.loudness * passage.level(note.start)) for note in notes]


def _tune(context: _Context, passage: Passage) -> Iterator[Note]:
    """Yield the tune as written, in the key of the passage and the octave of the player."""
    line = passage.section.text(context.player.name)
    bars, needed = count_bars(line), count_bars(passage.section.chords)
    if bars != needed:
        raise ValueError(f"the tune has {bars} bars and the chords {needed}")
    for note in parse_tune(line, passage.meter):
        pitch = passage.key.pitch(note.degree, context.player.octave, note.alteration)
        loudness = STRESS if note.is_stressed else 1.0
        yield Note(passage.start + note.start, note.duration, pitch, loudness)


def _follow(context: _Context, passage: Passage) -> Iterator[Note]:
    """Yield the leader's tune: "unison", an octave "up" or "down", or "below" it on chord tones."""
    line = passage.section.text(context.player.name)
    for note in _tune(replace(context, player=context.leader), passage):
        tones = context.spans[context.index(note.start)].chord.pitch_classes
        below = next(pitch for pitch in range(note.pitch - 3, 0, -1) if pitch % 12 in tones)
        yield replace(note, pitch=below if line == "below" else note.pitch + OCTAVES[line])


def _chords(context: _Context, passage: Passage) -> Iterator[Note]:
    """Yield the chords' voicings: "x" strikes all voices, a digit n strikes the n-th from below.

    A note held over a change of chord moves on to the next voicing.
    """
    for step in _steps(passage.section.text(context.player.name), passage):
        end = step.start + step.duration
        for index in range(context.index(step.start), context.index(end - 2 * TOLERANCE_BEATS) + 1):
            span = context.spans[index]
            start = max(step.start, span.start)
            until = span.end if context.player.rings else min(end, span.end)
            for pitch in _struck(context.voicings[index], step.symbol):
                yield Note(start, until - start, pitch, STROKES.get(step.symbol, 1.0))


def _bass(context: _Context, passage: Passage) -> Iterator[Note]:
    """Yield the bass line.

    1 is the bass note, 3 5 7 are the chord's tones above it, 8 is its octave, 4 is the fifth below
    it. "a" and "b" lead into the next chord from the semitone above and below.
    """
    for step in _steps(passage.section.text(context.player.name), passage):
        index = context.index(step.start)
        chord = context.spans[index].chord
        following = context.spans[min(index + 1, len(context.spans) - 1)].chord
        if step.symbol in "ab":
            pitch = _near(following.bass, context.player.centre) + (1 if step.symbol == "a" else -1)
        else:
            pitch = _near(chord.bass, context.player.centre) + _above_bass(chord, step.symbol)
        yield Note(step.start, step.duration, pitch)


def _drums(context: _Context, passage: Passage) -> Iterator[Note]:
    """Yield each drum's strokes: "x" is a plain stroke, "X" a stressed and "o" a ghosted one."""
    for drum, pattern in passage.section.patterns(context.player.name).items():
        for step in _steps(pattern, passage):
            yield Note(step.start, step.duration, DRUMS[drum], STROKES[step.symbol])


_ROLES: dict[str, Callable[[_Context, Passage], Iterator[Note]]] = {
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
    """Return the pitches of a stroke. Digits beyond the top voice go on in the octave above."""
    if symbol in STROKES:
        return voicing
    octave, voice = divmod(int(symbol) - 1, len(voicing))
    return (voicing[voice] + 12 * octave,)


def _near(pitch_class: int, centre: int) -> int:
    """Return the pitch of a class in the octave around a centre."""
    lowest = centre - 6
    return lowest + (pitch_class - lowest) % 12


def _above_bass(chord: Chord, symbol: str) -> int:
    """Return the semitones from the bass note to the tone that a digit of a pattern names."""
    _, *others = chord.pitch_classes
    tones = {"3": others[0], "5": others[min(1, len(others) - 1)], "7": others[-1]}
    if symbol in tones:
        return (tones[symbol] - chord.bass) % 12
    fifth_below = (tones["5"] - chord.bass) % 12 - 12
    return {"1": 0, "8": 12, "4": fifth_below}[symbol]
