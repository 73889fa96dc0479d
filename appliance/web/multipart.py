"""Forms with files (RFC 7578), read as they come, so that a large file needs no memory."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from appliance.errors import UsageError

LONGEST_HEAD = 8 * 1024
MOST_PARTS = 200
CUT_SHORT = "the upload ended before its time"
NO_FORM = "this is no form with files"
TOO_MANY = "these are too many files at once"

BOUNDARY = re.compile(r'\bboundary="?([^\s";,]{1,70})"?', re.IGNORECASE)
# Browsers write a quotation mark and line ends in a name so, and everything else as it is.
ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a form. filename: of a file, as the browser calls it; None for a text.

    content: comes in pieces, and may be left; it is gone once the next field is asked for.
    """

    name: str
    filename: str | None
    content: AsyncIterator[bytes]


async def read_form(pieces: AsyncIterator[bytes], content_type: str) -> AsyncIterator[Part]:
    """The fields of a form in their order.

    pieces: the body of the request. Raises UsageError if it is no such form, or not all of it.
    """
    named = BOUNDARY.search(content_type)
    if named is None:
        raise UsageError(NO_FORM)
    reader, mark = _Reader(pieces), b"\r\n--" + named[1].encode()
    async for _ in reader.until(mark):
        pass  # what comes before the first field means nothing
    for _number in range(MOST_PARTS):
        if await reader.take(2) == b"--":
            return
        content = reader.until(mark)
        yield _part(await reader.head(), content)
        async for _ in content:
            pass
    raise UsageError(TOO_MANY)


class _Reader:
    """What has come and was not yet taken."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._here = bytearray(b"\r\n")  # the first mark may stand at the very beginning

    async def until(self, mark: bytes) -> AsyncIterator[bytes]:
        """Everything before the mark, in pieces; the mark is taken, too."""
        while (at := self._here.find(mark)) < 0:
            # The mark's beginning may be the end of what is here.
            if (sure := len(self._here) - len(mark) + 1) > 0:
                yield self._take(sure)
            await self._wait_for_more()
        if at:
            yield self._take(at)
        self._take(len(mark))

    async def take(self, count: int) -> bytes:
        """So many bytes."""
        while len(self._here) < count:
            await self._wait_for_more()
        return self._take(count)

    async def head(self) -> bytes:
        """The lines that describe a field, up to the empty one."""
        while (at := self._here.find(b"\r\n\r\n")) < 0:
            if len(self._here) > LONGEST_HEAD:
                raise UsageError(NO_FORM)
            await self._wait_for_more()
        return self._take(at + 4)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._here[:count])
        del self._here[:count]
        return taken

    async def _wait_for_more(self) -> None:
        async for piece in self._pieces:
            if piece:
                self._here += piece
                return
        raise UsageError(CUT_SHORT)


def _part(head: bytes, content: AsyncIterator[bytes]) -> Part:
    """What the lines before a field say. Raises UsageError."""
    text = head.decode("utf-8", "replace")
    name = re.search(r'[;\s]name="([^"\r\n]*)"', text)
    if name is None:
        raise UsageError(NO_FORM)
    filename = re.search(r'[;\s]filename="([^"\r\n]*)"', text)
    return Part(name[1], _plain(filename[1]) if filename else None, content)


def _plain(name: str) -> str:
    for escaped, sign in ESCAPED.items():
        name = name.replace(escaped, sign)
    return name
