"""The owner's links: those in jukebox.toml and in playlists.

The process that sees faces may ask about these alone. Any other link could hold a piece of a
picture, which the look-up would carry into the network.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from appliance.resolver.protocol import is_link

LINKS = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
MOST_BYTES = 1_000_000  # of a playlist; MPD's own limit is 16,384 songs
MOST_PLAYLISTS = 500
READ_AGAIN_S = 1.0  # a question about a link that nobody has written costs nothing more


class OwnersLinks:
    """The links in a list of sources (`jukebox link-sources`), and in the playlists it names.

    sources: a file; each line is a link, a playlist file or a folder with playlists. now: a clock
    in seconds. Playlists are read again when an unknown link is asked for.
    """

    def __init__(self, sources: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._sources = sources
        self._now = now
        self._links: frozenset[str] = frozenset()
        self._read_again_at_s = float("-inf")

    def has(self, link: str) -> bool:
        """Whether the owner has written this link."""
        if link not in self._links and self._now() >= self._read_again_at_s:
            self._links = frozenset(self._read())
            self._read_again_at_s = self._now() + READ_AGAIN_S
        return link in self._links

    def _read(self) -> Iterator[str]:
        for source in _text(self._sources).splitlines():
            if is_link(source):
                yield source
            elif source.startswith("/"):
                for playlist in _playlists(Path(source)):
                    yield from links_in(_text(playlist))


def links_in(playlist: str) -> Iterator[str]:
    """The links in a playlist of whatever kind: lines of .m3u, and addresses in the others."""
    for line in map(str.strip, playlist.splitlines()):
        if is_link(line):
            yield line
        for found in LINKS.findall(line):
            yield html.unescape(found)


def _playlists(source: Path) -> list[Path]:
    """The file itself, or the files in a folder; nothing where this user may not look."""
    with suppress(OSError):
        if source.is_dir():
            return sorted(source.glob("*.m3u"))[:MOST_PLAYLISTS]
    return [source]


def _text(file: Path) -> str:
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(MOST_BYTES).decode(errors="surrogateescape")
    return ""
