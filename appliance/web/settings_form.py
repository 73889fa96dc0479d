"""jukebox.toml as a form: a field for each typed setting, and back."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.config.writing import as_dict
from appliance.settings import Between, DailyHours, Key, Settings, keys, sections

Place = tuple[str, str]  # section and key
Form = Mapping[str, str]

FORGET = ".forget"  # ends the name of the tick that empties a secret
# What people call the sections; languages/*.po translates it.
TITLES = {
    "camera": "The camera",
    "faces": "Finding faces",
    "emotion": "Reading faces",
    "gender": "Men and women",
    "mood": "The mood",
    "music": "How the music follows",
    "strategies": "One way for each mood",
    "listener": "Who touches the player",
    "volume": "Volume",
    "playlists": "Playlists of the moods",
    "mpd": "The music player",
    "store": "The diary",
    "control": "Other programs",
    "web": "This page",
    "home": "The home",
    "rooms": "Several rooms",
    "gpio": "Light and button",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A setting as it is shown. typed: what stands in the field.

    in_force: the value that the running jukebox has instead; "" where that is no other. problem:
    what is wrong with what was typed.
    """

    key: Key
    typed: str
    in_force: str
    problem: str

    @property
    def name(self) -> str:
        """Its name in the form, such as mood.dwell_s."""
        return str(self.key)

    @property
    def kind(self) -> str:
        """How it is shown: choice, number, lines, secret or text."""
        if self.key.choices:
            return "choice"
        if isinstance(self.key.limit, Between):
            return "number"
        if self.key.secret:
            return "secret"
        return "lines" if isinstance(self.key.default, tuple) else "text"

    @property
    def choices(self) -> list[str]:
        """What can be chosen, as typed."""
        return [shown(choice) for choice in self.key.choices]

    @property
    def limits(self) -> str:
        """The smallest and the largest number; "" where there are none."""
        match self.key.limit:
            case Between(low, high):
                return f"{low:g} – {high:g}"
            case DailyHours():
                return "22:00-07:00"
        return ""

    @property
    def default(self) -> str:
        """What counts where the file does not say."""
        return "" if self.key.secret else shown(self.key.default).replace("\n", ", ")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the file. title: for people. meaning: its line there."""

    name: str
    title: str
    meaning: str
    fields: list[Field]


def form_sections(
    typed: Form, in_force: Mapping[str, Mapping[str, Any]], problems: Mapping[tuple[str, ...], str]
) -> list[Section]:
    """The whole form. in_force: as the control socket has it; empty if no jukebox runs."""
    return [
        Section(
            name,
            TITLES[name],
            inspect.getdoc(sections()[name]) or "",
            [_field(key, typed, in_force.get(name, {}), problems) for key in table.values()],
        )
        for name, table in keys().items()
    ]


def typed_of(settings: Settings) -> dict[str, str]:
    """What stands in each field for these settings; a secret is never shown."""
    found = as_dict(settings, show_secrets=True)
    return {
        str(key): "" if key.secret else shown(found[section][key.name])
        for section, table in keys().items()
        for key in table.values()
    }


def changes(form: Form, settings: Settings) -> dict[Place, Any]:
    """What the form changes in these settings: the values as TOML holds them, allowed or not."""
    before = typed_of(settings)
    found: dict[Place, Any] = {}
    for section, table in keys().items():
        for key in table.values():
            name = str(key)
            typed = normalised(form.get(name, before[name]))
            if key.secret and form.get(name + FORGET):
                found[section, key.name] = ""
            elif typed != before[name]:
                found[section, key.name] = value_of(key, typed)
    return found


def normalised(typed: str) -> str:
    """What was typed, without what browsers and fingers add around it."""
    return "\n".join(filter(None, (line.strip() for line in typed.splitlines())))


def value_of(key: Key, typed: str) -> Any:
    """The value that was meant; the text itself where it is no such value.

    The check of the settings then says what is wrong, as it does for the file.
    """
    for choice in key.choices:
        if shown(choice) == typed:
            return choice
    if isinstance(key.limit, Between):
        return _number(typed)
    if isinstance(key.default, tuple):
        lines = typed.splitlines()
        return lines[0] if len(lines) == 1 else lines
    return typed


def shown(value: Any) -> str:
    """A value as a person types it: 8, yes, end; a list with a line for each."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "\n".join(value) if isinstance(value, list | tuple) else str(value)


def _number(typed: str) -> int | float | str:
    """The number; a decimal comma is one, too."""
    try:
        number = float(typed.replace(",", "."))
    except ValueError:
        return typed
    if not math.isfinite(number):
        return typed
    return int(number) if number.is_integer() else number


def _field(
    key: Key, typed: Form, in_force: Mapping[str, Any], problems: Mapping[tuple[str, ...], str]
) -> Field:
    stands = typed.get(str(key), "")
    counts = shown(in_force[key.name]) if key.name in in_force and not key.secret else stands
    problem = problems.get((key.section, key.name), "")
    return Field(key, stands, "" if counts == stands else counts, problem)
