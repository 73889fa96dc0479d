"""Writes the manual pages and the completions of shells, from the parser and from the settings.

    python install/manual.py FOLDER

makes jukebox.1 and jukebox.toml.5, and the completions for bash, zsh and fish, in FOLDER.
./setup.sh install does it for each release, with that release's Python and code.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from appliance.cli import VERBS, parser
from appliance.config.complaints import as_toml_value, comment
from appliance.settings import keys, sections

DATE = "November 30, 2026"  # of the last change of what stands here and not in the program


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the command line. options: without --help, which all of them have."""

    name: str
    help: str
    options: tuple[argparse.Action, ...]
    words: tuple[argparse.Action, ...]


def verbs() -> list[Verb]:
    """All verbs that the owner sees, in the order of `jukebox --help`."""
    return [_verb(name, text) for name, text in VERBS.items()]


def _verb(name: str, text: str) -> Verb:
    whole = parser(name)
    (chosen,) = (action for action in whole._actions if action.choices)  # noqa: SLF001
    actions = chosen.choices[name]._actions  # noqa: SLF001
    options = tuple(action for action in actions if action.option_strings and action.dest != "help")
    return Verb(name, text, options, tuple(x for x in actions if not x.option_strings))


# --- manual pages --------------------------------------------------------------------------------


def manual(all_verbs: list[Verb]) -> str:
    """jukebox(1), in the language of mandoc."""
    lines = [
        f'.Dd {DATE}', ".Dt JUKEBOX 1", ".Os",
        ".Sh NAME", ".Nm jukebox", ".Nd play music that fits the mood of the room",
        ".Sh SYNOPSIS", ".Nm jukebox", ".Ar verb", ".Op Ar options",
        ".Sh DESCRIPTION",
        "The jukebox looks at the room, reads the mood from the faces in it,",
        "and plays music that fits, by way of MPD.",
        "Its settings are described in",
        ".Xr jukebox.toml 5 .",
        "The verbs are:", ".Bl -tag -width Ds",
    ]  # fmt: skip
    for verb in all_verbs:
        lines += [f".It Cm {verb.name}{_words(verb)}", _sentence(verb.help)]
        if verb.options:
            lines += [".Pp", ".Bl -tag -width Ds -compact"]
            for option in verb.options:
                lines += [f".It {_option(option)}", _sentence(option.help or option.dest)]
            lines.append(".El")
    lines += [
        ".El", ".Sh EXIT STATUS",
        "0 good, 1 failed, 2 usage, 78 configuration or model.",
        ".Sh SEE ALSO", ".Xr mpd 1 ,", ".Xr jukebox.toml 5",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def settings_manual() -> str:
    """jukebox.toml(5), in the language of mandoc."""
    lines = [
        f".Dd {DATE}", ".Dt JUKEBOX.TOML 5", ".Os",
        ".Sh NAME", ".Nm jukebox.toml", ".Nd settings of the jukebox",
        ".Sh DESCRIPTION",
        "Every key has a default, so an empty file works.", "The first of these is read:",
        ".Fl Fl config Ar file ,", ".Ev JUKEBOX_CONFIG ,",
        ".Pa /etc/jukebox/jukebox.toml ,", ".Pa $XDG_CONFIG_HOME/jukebox/jukebox.toml .",
    ]  # fmt: skip
    for section, declared in sections().items():
        lines += [f".Ss Section {section}", _sentence(declared.__doc__ or ""), ".Bl -tag -width Ds"]
        for key in keys()[section].values():
            default = as_toml_value(_plain(key.default))
            lines += [f".It Ic {key.name} No = {_escaped(default)}", _sentence(comment(key))]
        lines.append(".El")
    lines += [".Sh SEE ALSO", ".Xr jukebox 1"]
    return "\n".join(lines) + "\n"


def _plain(value: object) -> object:
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _words(verb: Verb) -> str:
    return "".join(f" Ar {word.metavar or word.dest}" for word in verb.words)


def _option(option: argparse.Action) -> str:
    name = f"Fl Fl {option.option_strings[-1].lstrip('-')}"
    if option.nargs == 0:
        return name
    value = "|".join(map(str, option.choices)) if option.choices else option.metavar or option.dest
    return f"{name} Ar {value}"


def _sentence(text: str) -> str:
    """A text as lines of mandoc: one for each sentence, none that it takes for a command."""
    text = " ".join(text.replace("\\", "\\e").split())
    text = text[:1].upper() + text[1:]
    text = text if text.endswith((".", "!", "?", ")")) else f"{text}."
    for end in (". ", "? ", "! "):
        text = text.replace(end, f"{end.strip()}\n")
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, 76)]
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in lines)


def _escaped(text: str) -> str:
    """A text within a line that begins with a command."""
    return text.replace("\\", "\\e").replace('"', "\\(dq")


# --- completions ---------------------------------------------------------------------------------


def bash(all_verbs: list[Verb]) -> str:
    """For bash: verbs first, then the options and the choices of the verb."""
    cases = "\n".join(
        f"        {verb.name}) words='{' '.join(_after(verb))}' ;;" for verb in all_verbs
    )
    return f"""# Completion of jukebox for bash, made by install/manual.py.
_jukebox() {{
    local words='{" ".join(verb.name for verb in all_verbs)}'
    if ((COMP_CWORD > 1)); then
        case ${{COMP_WORDS[1]}} in
{cases}
        *) words='' ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}")
}}
complete -o default -F _jukebox jukebox
"""


def zsh(all_verbs: list[Verb]) -> str:
    """For zsh."""
    names = "\n".join(f"        '{verb.name}:{_quoted(verb.help)}'" for verb in all_verbs)
    cases = "\n".join(
        f"        {verb.name}) compadd -- {' '.join(_after(verb))} ;;" for verb in all_verbs
    )
    return f"""#compdef jukebox
# Completion of jukebox for zsh, made by install/manual.py.
_jukebox() {{
    local -a verbs=(
{names}
    )
    if ((CURRENT == 2)); then
        _describe verb verbs
    else
        case $words[2] in
{cases}
        esac
        _files
    fi
}}
_jukebox "$@"
"""


def fish(all_verbs: list[Verb]) -> str:
    """For fish."""
    lines = ["# Completion of jukebox for fish, made by install/manual.py."]
    for verb in all_verbs:
        lines.append(
            f"complete -c jukebox -n __fish_use_subcommand -a {verb.name} -d '{_quoted(verb.help)}'"
        )
        seen = f"-n '__fish_seen_subcommand_from {verb.name}'"
        for option in verb.options:
            name = option.option_strings[-1].lstrip("-")
            takes = "" if option.nargs == 0 else " -r"
            lines.append(f"complete -c jukebox {seen} -l {name}{takes} -d '{_quoted(option.help)}'")
        choices = " ".join(str(choice) for word in verb.words for choice in word.choices or ())
        if choices:
            lines.append(f"complete -c jukebox {seen} -a '{choices}'")
    return "\n".join(lines) + "\n"


def _after(verb: Verb) -> Iterator[str]:
    """What may follow a verb: its options and the choices of its words."""
    for option in verb.options:
        yield option.option_strings[-1]
    for word in verb.words:
        yield from map(str, word.choices or ())


def _quoted(text: str | None) -> str:
    return " ".join((text or "").split()).replace("\\", "").replace("'", "’").replace(":", "\\:")


def main(folder: Path) -> None:
    """Writes all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    known = verbs()
    made = {
        "jukebox.1": manual(known),
        "jukebox.toml.5": settings_manual(),
        "jukebox.bash": bash(known),
        "_jukebox": zsh(known),
        "jukebox.fish": fish(known),
    }
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
