"""Notes played as people play them: stress, swing, rubato, and never quite on the beat.

The small deviations are drawn with a seed made from the names of the piece and the player, so the
same score is always the same performance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from math import floor
from random import Random

from music.arrange import Note, arrange
from music.layout import lay_out
from music.score import Player, Score

TIMING_S = 0.006  # standard deviation of an attack: heard as people, not as mistakes
FORCE = 0.035  # standard deviation of a velocity, as a fraction
SHORTEST_BEATS = 0.06
EARLIEST_BEATS = -0.2  # a first note may come before the beat


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note as played. start, end: beats of the piece; velocity: 1…127."""

    start: float
    end: float
    pitch: int
    velocity: int


def perform(score: Score) -> dict[str, list[PlayedNote]]:
    """Return what each player plays, by name and in order of time.

    Raises ValueError if the lines of the score do not fit (see arrange).
    """
    parts = arrange(score)
    return {player.name: _play(player, parts[player.name], score) for player in score.band}


def tempo_curve(score: Score) -> list[tuple[float, float]]:
    """Return every half beat of the piece with its tempo in quarter notes a minute.

    Raises the errors of lay_out.
    """
    passages = lay_out(score)
    curve = []
    for passage in passages:
        for half_beat in range(round((passage.end - passage.start) * 2)):
            beat = passage.start + half_beat / 2
            bpm = score.bpm * _phrasing(beat - passage.start, score)
            curve.append((beat, bpm * _slowing(passages[-1].end - beat, score)))
    return curve


def duration_s(score: Score) -> float:
    """Return how long the notes last, without the reverberation. Raises the errors of lay_out."""
    return sum(0.5 * 60 / bpm for _, bpm in tempo_curve(score))


def _play(player: Player, notes: list[Note], score: Score) -> list[PlayedNote]:
    chance = Random(f"{score.name}/{player.name}")
    beats_per_s = score.bpm / 60
    played = []
    for start, chord in groupby(notes, key=lambda note: note.start):
        late_s = chance.gauss(0, TIMING_S)
        for rank, note in enumerate(chord):
            delay = (late_s + rank * player.strum_s) * beats_per_s
            onset = max(EARLIEST_BEATS, _swung(start, score.swing) + delay)
            end = _swung(start + note.duration * player.length, score.swing)
            velocity = _velocity(player, note, score, chance)
            played.append(PlayedNote(onset, max(end, onset + SHORTEST_BEATS), note.pitch, velocity))
    return _without_overlaps(played)


def _swung(beat: float, swing: float) -> float:
    """Return where a beat falls when off-beat eighths come late by so many beats."""
    whole, part = floor(beat), beat % 1
    early_half = part * (0.5 + swing) / 0.5
    late_half = 1 - (1 - part) * (0.5 - swing) / 0.5
    return whole + (early_half if part < 0.5 else late_half)


def _velocity(player: Player, note: Note, score: Score, chance: Random) -> int:
    stress = 1.0 if player.plays == "drums" else _metre(note.start, score.meter)
    force = 127 * player.strength * note.loudness * stress * chance.gauss(1, FORCE)
    return min(127, max(12, round(force)))


def _metre(beat: float, meter: float) -> float:
    """Return the weight of a beat: most on the first of the bar, least between the beats."""
    if beat % meter < 0.01:
        return 1.06
    return 1.0 if beat % 1 < 0.01 else 0.94


def _without_overlaps(notes: list[PlayedNote]) -> list[PlayedNote]:
    """Return the notes, each ended before its pitch begins again; MIDI cannot tell two apart."""
    next_start: dict[int, float] = {}
    kept = []
    for note in sorted(notes, key=lambda note: note.start, reverse=True):
        end = min(note.end, next_start.get(note.pitch, note.end + 1) - 0.01)
        if end > note.start:
            kept.append(replace(note, end=end))
            next_start[note.pitch] = note.start
    return kept[::-1]


def _phrasing(beat: float, score: Score) -> float:
    """Return the share of the tempo: a parabola, least where a phrase of four bars begins and ends.

    The source is Todd (1985).
    """
    place = beat / (4 * score.meter) % 1
    return 1 - score.rubato * (2 * place - 1) ** 2


def _slowing(beats_left: float, score: Score) -> float:
    beats, factor = score.ritardando
    return 1 - (1 - factor) * max(0.0, 1 - beats_left / beats)
