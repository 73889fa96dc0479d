"""The sections of a score at their places in time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from music.notation import ChordSpan, count_bars, parse_progression
from music.score import Score, Section
from music.theory import Key, parse_key


@dataclass(frozen=True, slots=True)
class Passage:
    """A section where it is played. All times are beats from the beginning of the piece."""

    name: str
    section: Section
    key: Key
    meter: float
    start: float
    end: float
    spans: tuple[ChordSpan, ...]

    def level(self, beat: float) -> float:
        """Return the loudness of the section at a beat, 0…1."""
        first, last = self.section.level
        return first + (last - first) * (beat - self.start) / (self.end - self.start)


def lay_out(score: Score) -> list[Passage]:
    """Return the sections one after the other, each with its key and chords.

    Raises ValueError, which names the section, if the key or a chord cannot be read, and the other
    errors of parse_progression.
    """
    passages: list[Passage] = []
    for name in score.form:
        start = passages[-1].end if passages else 0.0
        try:
            passages.append(_passage(name, score, start))
        except ValueError as error:
            raise ValueError(f"{score.emotion}/{score.name}: section {name}: {error}") from error
    return passages


def _passage(name: str, score: Score, start: float) -> Passage:
    section = score.sections[name]
    home = parse_key(score.key, score.mode)
    key = Key(home.tonic + section.shift, section.mode or home.mode)
    spans = tuple(
        replace(span, start=start + span.start, end=start + span.end)
        for span in parse_progression(section.chords, key.tonic, score.meter)
    )
    end = start + count_bars(section.chords) * score.meter
    return Passage(name, section, key, score.meter, start, end, spans)
