"""Looks one link up: python -m appliance.resolver.lookup reads it and prints an answer as JSON.

A process for each link, which the resolver kills when it takes too long: what reads other people's
web pages keeps nothing, holds nothing up, and an update of yt-dlp counts at once.
"""

from __future__ import annotations

import importlib.util
import sys
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from appliance.resolver.protocol import Answer, is_link

CONNECT_S = 8.0  # for each connection
WEB_PAGE = ("text/html", "application/xhtml+xml")
# MPD speaks HTTP; pieces of DASH and the like it cannot put together.
BEST_SOUND = "bestaudio[protocol^=http]/best[protocol^=http]/bestaudio/best"


def look_up(link: str) -> Answer:
    """What the link plays: itself, unless it is a web page."""
    if not is_link(link):
        return Answer(error="only links that begin with http:// or https:// are looked up")
    try:
        content_type = _content_type(link)
    except HTTPError as error:
        error.close()
        return Answer(error=f"the server answers {error.code} {error.reason}")
    except (URLError, OSError) as error:
        return Answer(error=f"the server cannot be reached: {getattr(error, 'reason', error)}")
    except (HTTPException, ValueError):
        return Answer(uri=link)  # "ICY 200 OK" of an old radio is no HTTP, and MPD plays it
    return _from_page(link) if content_type in WEB_PAGE else Answer(uri=link)


def _content_type(link: str) -> str:
    """What the server calls the thing, without fetching more of it than the head."""
    # GET, because radios answer HEAD as they like.
    request = urllib.request.Request(link, headers={"User-Agent": "jukebox"})  # noqa: S310  is_link
    with _opener().open(request, timeout=CONNECT_S) as response:
        # Without a Content-Type the library would call it text/plain, which is no web page either.
        return str(response.headers.get_content_type())


def _opener() -> urllib.request.OpenerDirector:
    """HTTP and nothing else: a redirection must not lead to a file of this machine."""
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
    if importlib.util.find_spec("yt_dlp") is None:
        return Answer(
            error="it is a web page; for links of video sites install yt-dlp: "
            "pip install 'emotional-jukebox[streams]'"
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
        with yt_dlp.YoutubeDL(options) as reader:
            found = reader.extract_info(link, download=False)
    except yt_dlp.utils.YoutubeDLError as error:
        return Answer(error=f"yt-dlp finds nothing to play: {_sentence(error)}")
    return _playable(found)


def _playable(found: Any) -> Answer:
    """The first song that yt-dlp found. found: its dict, or one with several such as "entries"."""
    while found and found.get("entries") is not None:
        found = next((entry for entry in found["entries"] if entry), None)
    if not found or not found.get("url"):
        return Answer(error="yt-dlp finds nothing to play there")
    title = _sentence(found.get("title") or "")
    if found.get("extractor_key") == "HTML5MediaEmbed":
        title = title.removesuffix(" (1)")  # it numbers the players of a page, even the only one
    return Answer(uri=str(found["url"]), title=title)


def _sentence(said: object) -> str:
    """One line of it, without yt-dlp's request to report a bug."""
    text = str(said).removeprefix("ERROR: ").split("; please report this issue")[0]
    return " ".join(text.split())[:300]


class _Silent:
    """yt-dlp says its errors by raising them."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


if __name__ == "__main__":
    sys.stdout.write(look_up(sys.stdin.readline().strip()).to_line().decode())
