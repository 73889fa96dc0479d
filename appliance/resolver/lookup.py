"""Looks one link up: python -m appliance.resolver.lookup reads it and prints an answer as JSON.

Each link gets a process of its own, which the resolver kills if it takes too long. So the process
that reads other people's web pages keeps nothing and delays nobody, and an update of yt-dlp counts
at once.
"""

from __future__ import annotations

import importlib.util
import sys
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from appliance.resolver.protocol import ONLY_LINKS, Answer, is_link

CONNECT_S = 8.0  # seconds that each connection may take
WEB_PAGE = ("text/html", "application/xhtml+xml")
# MPD speaks HTTP, but it cannot join the pieces of DASH and the like.
BEST_SOUND = "bestaudio[protocol^=http]/best[protocol^=http]/bestaudio/best"


def look_up(link: str) -> Answer:
    """What the link plays: itself, unless it is a web page. The answer also tells of errors."""
    if not is_link(link):
        return Answer(error=ONLY_LINKS)
    try:
        content_type = _content_type(link)
    except HTTPError as error:
        error.close()
        return Answer(error=f"the server answers {error.code} {error.reason}")
    except (URLError, OSError) as error:
        return Answer(error=f"the server cannot be reached: {getattr(error, 'reason', error)}")
    except (HTTPException, ValueError):
        return Answer(uri=link)  # an old radio says "ICY 200 OK", which MPD understands
    return _from_page(link) if content_type in WEB_PAGE else Answer(uri=link)


def _content_type(link: str) -> str:
    """The content type that the server states. Only the head of the answer is read."""
    # GET, because many radios do not answer HEAD properly.
    request = urllib.request.Request(link, headers={"User-Agent": "jukebox"})  # noqa: S310  is_link
    with _opener().open(request, timeout=CONNECT_S) as response:
        # For an answer without a Content-Type the library says text/plain: not a web page either.
        return str(response.headers.get_content_type())


def _opener() -> urllib.request.OpenerDirector:
    """An opener for HTTP only: a redirection must not lead to a file of this machine."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def _from_page(link: str) -> Answer:
    """What yt-dlp finds on a web page."""
    if importlib.util.find_spec("yt_dlp") is None:
        return Answer(
            error="it is a web page; for links of video sites install yt-dlp: "
            f"{sys.executable} -m pip install yt-dlp"
        )
    import yt_dlp  # noqa: PLC0415  the optional extra, and only for web pages

    options = {
        "format": BEST_SOUND,
        "playlist_items": "1",
        "noplaylist": True,
        "socket_timeout": CONNECT_S,
        "cachedir": False,
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "color": "never",
        "logger": _Silent(),
    }
    try:
        with yt_dlp.YoutubeDL(options) as downloader:
            found = downloader.extract_info(link, download=False)
    except yt_dlp.utils.YoutubeDLError as error:
        return Answer(error=f"yt-dlp finds nothing to play: {_sentence(error)}")
    return _playable(found)


def _playable(found: Any) -> Answer:
    """The first song that yt-dlp found. found: its dict, or one that lists several as "entries"."""
    while found and found.get("entries") is not None:
        found = next((entry for entry in found["entries"] if entry), None)
    if not found or not found.get("url"):
        return Answer(error="yt-dlp finds nothing to play there")
    title = _sentence(found.get("title") or "")
    if found.get("extractor_key") == "HTML5MediaEmbed":
        title = title.removesuffix(" (1)")  # it numbers the players of a page, even the only one
    return Answer(uri=str(found["url"]), title=title)


def _sentence(message: object) -> str:
    """The message in one line of up to 300 characters, without yt-dlp's request to report a bug."""
    text = str(message).removeprefix("ERROR: ").split("; please report this issue")[0]
    return " ".join(text.split())[:300]


class _Silent:
    """Drops yt-dlp's messages: it raises its errors, too."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


if __name__ == "__main__":
    sys.stdout.write(look_up(sys.stdin.readline().strip()).to_line().decode())
