"""The page's languages. A .po file in languages/ is one; programs for translators write such files.

Python's gettext wants them compiled. They are small, so they are read as they are, at the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).with_name("languages")
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """Turns English texts into one language. name: as its speakers call it."""

    code: str
    name: str
    texts: dict[str, str] = field(default_factory=dict)

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, with {names} replaced by the values."""
        found = self.texts.get(text) or text
        return found.format(**values) if values else found

    def count(self, one: str, many: str, number: int) -> str:
        """The text for this number, which replaces {n}."""
        return self(one if number == 1 else many, n=number)

    def of_jukebox(self, sentence: str) -> str:
        """A sentence of the jukebox itself, which speaks English, as far as it is known.

        A text with {names} fits every sentence that differs only there; the longest text counts.
        """
        if not self.texts or not sentence:
            return sentence
        if sentence in self.texts:
            return self.texts[sentence]
        for pattern, text in self._patterns():
            if (found := pattern.fullmatch(sentence)) is not None:
                words = {name: self.of_jukebox(value) for name, value in found.groupdict().items()}
                return text.format(**words)
        return sentence

    def _patterns(self) -> Iterator[tuple[re.Pattern[str], str]]:
        for english, text in sorted(self.texts.items(), key=lambda item: -len(item[0])):
            parts = re.split(r"\{(\w+)\}", english)
            if len(parts) > 1 and len(set(parts[1::2])) == len(parts) // 2:
                pattern = "".join(
                    f"(?P<{part}>.+?)" if number % 2 else re.escape(part)
                    for number, part in enumerate(parts)
                )
                yield re.compile(pattern), text


def languages() -> dict[str, Language]:
    """All languages by code, English first."""
    found = {ENGLISH: Language(ENGLISH, "English")}
    for file in sorted(FOLDER.glob("*.po")):
        texts = read_po(file.read_text(encoding="utf-8"))
        found[file.stem] = Language(file.stem, texts.pop("English", file.stem), texts)
    return found


def preferred(accepted: str, known: dict[str, Language]) -> Language:
    """The first language of an Accept-Language header that is known, else English."""
    for part in accepted.split(",")[:20]:
        code = part.partition(";")[0].strip().lower().partition("-")[0]
        if code in known:
            return known[code]
    return known[ENGLISH]


def read_po(text: str) -> dict[str, str]:
    """The texts of a .po file by their English, without its header and untranslated ones."""
    texts: dict[str, str] = {}
    entry = {"msgid": "", "msgstr": ""}
    name = "msgid"
    for line in [*text.splitlines(), 'msgid ""']:
        keyword, _, rest = line.partition(" ")
        if keyword == "msgid":
            texts[entry["msgid"]] = entry["msgstr"]
            entry = {"msgid": "", "msgstr": ""}
        name = keyword if keyword in entry else name
        quoted = rest if keyword in entry else line
        if quoted.startswith('"'):
            entry[name] += _unquoted(quoted)
    return {english: own for english, own in texts.items() if english and own}


def _unquoted(line: str) -> str:
    return line.strip()[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
