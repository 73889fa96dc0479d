"""What a score tells the ear about its mood, as figures (README.md names the literature)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from statistics import fmean

from music.arrange import Note, arrange
from music.layout import Passage, lay_out
from music.notation import parse_tune
from music.perform import duration_s, perform
from music.score import Score


@dataclass(frozen=True, slots=True)
class Cues:
    """The cues of one piece, or the means over several."""

    bpm: float
    minor: float  # share of chords with a minor third among those with a third, by time
    pitch: float  # mean MIDI number of the tunes
    notes_per_s: float
    velocity: float  # mean, 1…127
    length: float  # of notes as played over as written: 0.5 staccato, 1 legato
    leap: float  # mean semitones between neighbours of a tune
    jump: float  # widest sudden step in level from one section to the next, 0…1
    chromatic: float  # share of the notes of the tunes that are outside the mode


def cues(score: Score) -> Cues:
    """Return the cues of a piece.

    Raises ValueError if no player has a tune, if the piece has fewer than two sections, or if its
    lines do not fit (see arrange), and ZeroDivisionError if no chord has a third.
    """
    parts, passages = arrange(score), lay_out(score)
    tunes = [parts[player.name] for player in score.band if player.plays == "tune"]
    attacks = [note for part in perform(score).values() for note in part]
    return Cues(
        bpm=score.bpm,
        minor=_minor(passages),
        pitch=fmean(note.pitch for tune in tunes for note in tune),
        notes_per_s=len(attacks) / duration_s(score),
        velocity=fmean(note.velocity for note in attacks),
        length=_length(score, parts),
        leap=fmean(
            abs(following.pitch - note.pitch)
            for tune in tunes
            for note, following in pairwise(tune)
        ),
        jump=max(
            abs(following.section.level[0] - passage.section.level[1])
            for passage, following in pairwise(passages)
        ),
        chromatic=_chromatic(score, passages),
    )


def mean_cues(scores: Sequence[Score]) -> Cues:
    """Return the means over several pieces, which all count alike. Raises the errors of cues."""
    rows = [astuple(cues(score)) for score in scores]
    return Cues(*(fmean(column) for column in zip(*rows, strict=True)))


def _minor(passages: list[Passage]) -> float:
    spans = [span for passage in passages for span in passage.spans]
    beats = {3: 0.0, 4: 0.0}  # by the third in semitones
    for span in spans:
        root, third = span.chord.pitch_classes[:2]
        if (third - root) % 12 in beats:
            beats[(third - root) % 12] += span.end - span.start
    return beats[3] / sum(beats.values())


def _length(score: Score, parts: dict[str, list[Note]]) -> float:
    melodic = [player for player in score.band if player.plays != "drums"]
    return fmean(
        1.0 if player.rings else player.length for player in melodic for _ in parts[player.name]
    )


def _chromatic(score: Score, passages: list[Passage]) -> float:
    tunes = {player.name for player in score.band if player.plays == "tune"}
    return fmean(
        note.alteration != 0
        for passage in passages
        for name in tunes & passage.section.lines.keys()
        for note in parse_tune(passage.section.text(name), passage.meter)
    )
