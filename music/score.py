"""A score, as it stands in scores/<emotion>/<name>.toml, read once and checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from music.instruments import INSTRUMENTS, KITS
from music.theory import parse_key

SCORES = Path(__file__).parent / "scores"

_Table = dict[str, Any]  # as tomllib returns it; the dataclasses below give its entries their types


@dataclass(frozen=True, slots=True)
class Player:
    """One member of the band."""

    name: str
    instrument: str  # a name in instruments.py
    # What its lines in the sections are: a tune, a pattern on voiced chords or on their basses, a
    # table of drum patterns, or how to follow the tune of another player; see arrange.py.
    plays: Literal["tune", "chords", "bass", "drums", "follow"]
    follows: str = ""  # whose tune
    octave: int = 4  # of the tonic, for tunes; 4 holds middle C
    centre: int = 60  # MIDI number around which chords and basses stay
    voices: int = 3  # of each chord
    is_open: bool = False  # chords in open position
    strength: float = 0.7  # of the attack at level 1, 0…1: it sets loudness and brightness
    volume_db: float = 0.0  # in the mix, 0 or less
    pan: float = 0.0  # -1 left … 1 right
    reverb: float = 0.35  # 0 near … 1 far
    length: float = 0.95  # of a note, as a fraction of what is written: 0.4 staccato, 1 legato
    rings: bool = False  # notes of chords sound on until the chord changes, as with a pedal
    swells: bool = False  # long notes bloom and fall back, as bowed and blown ones do
    strum_s: float = 0.0  # from one note of a chord to the next


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of music with its own chords and lines."""

    chords: str
    lines: dict[str, str | dict[str, str]]  # by player; drummers have one pattern for each drum
    level: tuple[float, float] = (0.8, 0.8)  # loudness at its beginning and end, 0…1
    shift: int = 0  # semitones away from the key of the score
    mode: str = ""  # empty: the mode of the score

    def text(self, player: str) -> str:
        """Return the line of a player who is not a drummer.

        Raises KeyError if the player has no line here, TypeError if the line is a table.
        """
        line = self.lines[player]
        if not isinstance(line, str):
            raise TypeError("write one text; only a drummer has a table of patterns")
        return line

    def patterns(self, player: str) -> dict[str, str]:
        """Return a drummer's pattern for each drum.

        Raises KeyError if the player has no line here, TypeError if the line is a text.
        """
        line = self.lines[player]
        if not isinstance(line, dict):
            raise TypeError("write a table with a pattern for each drum")
        return line


@dataclass(frozen=True, slots=True)
class Score:
    """A whole piece."""

    name: str
    emotion: str
    title: str
    about: str  # one sentence for the listener
    genre: str
    key: str
    mode: str
    bpm: float  # beats are quarter notes
    meter: float  # beats in a bar
    form: tuple[str, ...]  # names of sections in the order in which they are played
    band: tuple[Player, ...]
    sections: dict[str, Section]
    swing: float = 0.0  # how late the off-beat eighths come, in beats: 0.17 is a triplet
    rubato: float = 0.0  # how much slower a phrase of four bars is at its ends than in its middle
    room: float = 0.5  # size of the reverberation, 0…1
    ritardando: tuple[float, float] = (8.0, 0.7)  # beats, and the share of the tempo at the end


def read_score(path: Path) -> Score:
    """Return the score in a file.

    Raises ValueError, which names the file and what to mend, and OSError if the file cannot be
    read.
    """
    try:
        return _score(path, tomllib.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path.parent.name}/{path.name}: {error}") from error


def read_scores(folder: Path = SCORES) -> list[Score]:
    """Return all scores, ordered by emotion and name. Raises the errors of read_score."""
    return [read_score(path) for path in sorted(folder.glob("*/*.toml"))]


def _score(path: Path, table: _Table) -> Score:
    band = tuple(Player(name=name, **entry) for name, entry in table.pop("band").items())
    sections = table.pop("section")
    names = {player.name for player in band}
    general: _Table = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    score = Score(
        name=path.stem,
        emotion=path.parent.name,
        band=band,
        sections={name: _section(name, sections, names) for name in sections},
        **general,
    )
    _check(score)
    return score


def _section(name: str, sections: _Table, players: set[str]) -> Section:
    """Return a section; with like = "A" it takes over what section A has and it does not state."""
    table = _inherited(name, sections)
    lines = {key: table.pop(key) for key in players & table.keys()}
    unknown = table.keys() - {field.name for field in fields(Section)}
    if unknown:
        raise ValueError(f"section {name}: nobody in the band is called {min(unknown)!r}")
    level = table.pop("level", 0.8)
    levels = tuple(level) if isinstance(level, list) else (level, level)
    played = {player: line for player, line in lines.items() if line}
    return Section(lines=played, level=levels, **table)


def _inherited(name: str, sections: _Table) -> _Table:
    """Return what a section states and what it takes over; its drums join those taken over."""
    own = dict(sections[name])
    if "like" not in own:
        return own
    base = _inherited(own.pop("like"), sections)
    joined = {key: base[key] | own[key] for key in base if isinstance(own.get(key), dict)}
    return base | own | joined


def _check(score: Score) -> None:
    parse_key(score.key, score.mode)
    for player in score.band:
        known = KITS if player.plays == "drums" else INSTRUMENTS
        if player.instrument not in known:
            raise ValueError(f"band.{player.name}: no instrument is called {player.instrument!r}")
    for name in score.form:
        if name not in score.sections:
            raise ValueError(f"form: there is no section {name!r}")
