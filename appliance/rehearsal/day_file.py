"""What a simulated day is made of: a TOML file such as days/honest.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Self, TypeVar

from appliance.errors import DataError, why_failed
from appliance.records import Emotion

Span = tuple[float, float]  # from the least to the most
Section = TypeVar("Section")


@dataclass(frozen=True, slots=True)
class FaceHabits:
    """What everybody's face does; days/honest.toml tells each number's meaning."""

    rest_share: float
    expression_s: Span
    wrong_share: float
    tilt_degrees: float
    tilt_s: Span
    hidden_share: float
    hidden_s: Span
    blink_every_s: Span


@dataclass(frozen=True, slots=True)
class DimLight:
    """How long the light is low, and how low."""

    dim_share: float
    contrast: float


@dataclass(frozen=True, slots=True)
class Poster:
    """A picture of a face on the wall."""

    side_px: int
    emotion: str


@dataclass(frozen=True, slots=True)
class Tv:
    """A TV that shows faces, from shot to shot."""

    share: float
    side_px: int
    face_share: float
    shot_s: Span


@dataclass(frozen=True, slots=True)
class OtherPeople:
    """Who comes besides the owner."""

    guests: int
    guest_minutes: Span
    passers_by: int
    passer_s: Span


@dataclass(frozen=True, slots=True)
class DayFile:
    """One file. name: of it, for people."""

    name: str
    hours: float
    face: FaceHabits
    light: DimLight
    poster: Poster
    tv: Tv
    people: OtherPeople

    @classmethod
    def load(cls, name: str) -> Self:
        """The day of this name in days/, or of this file. Raises DataError."""
        known = files("appliance.rehearsal") / "days" / f"{name}.toml"
        path = known if known.is_file() else Path(name)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls(
                name=Path(name).name,
                hours=float(content["hours"]),
                face=_section(FaceHabits, content["face"]),
                light=_section(DimLight, content["light"]),
                poster=_section(Poster, content["poster"]),
                tv=_section(Tv, content["tv"]),
                people=_section(OtherPeople, content["people"]),
            ).checked()
        except OSError as error:
            raise DataError(
                f"{name}: is no known day and no file that can be read: {why_failed(error)}; the"
                f" known days are {_known()}, and docs/rehearsal.md tells what such a file holds"
            ) from error
        except KeyError as error:
            raise DataError(f"{name}: lacks {error}; days/honest.toml has all names") from error
        except (ValueError, TypeError) as error:
            raise DataError(f"{name}: not the file of a day: {why_failed(error)}") from error

    def checked(self) -> Self:
        """Itself. Raises ValueError for what cannot be simulated."""
        if not 0.1 <= self.hours <= 24:
            raise ValueError("hours must be from 0.1 to 24")
        if not 0 <= self.people.guests <= 2:
            raise ValueError("people.guests must be 0, 1 or 2")
        if not (0 < self.face.rest_share < 1 and 0 <= self.face.hidden_share < 1):
            raise ValueError("the shares of [face] must be between 0 and 1")
        Emotion(self.poster.emotion)
        return self


def _known() -> str:
    days = (files("appliance.rehearsal") / "days").iterdir()
    return ", ".join(sorted(day.name.removesuffix(".toml") for day in days))


def _section(kind: type[Section], content: dict[str, Any]) -> Section:
    """A section with exactly its names. Raises KeyError and TypeError."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    unknown = set(content) - set(names)
    if unknown:
        raise ValueError(f"unknown names {', '.join(sorted(unknown))}")
    values = {name: content[name] for name in names}
    return kind(**{name: _value(value) for name, value in values.items()})


def _value(value: Any) -> Any:
    return tuple(map(float, value)) if isinstance(value, list) else value
