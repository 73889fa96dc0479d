"""Long answers of MPD, asked for in parts.

MPD hangs up where one answer is longer than its max_output_buffer_size, 8 MB unless set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mpd import CommandError
from mpd import ConnectionError as MpdConnectionError

from appliance.player.client import Client

# For a part MPD goes through all songs before it, so parts are large; where it hangs up
# nevertheless, they are small. The smallest buffer that people set, 64 KB, holds 100 songs.
SONGS_AT_ONCE = (2000, 100)

Entry = Mapping[str, Any]  # a song or folder as MPD describes it
Command = Callable[[str], Iterable[Entry]]  # gets a part such as "0:100", without its end


def in_parts(client: Client, command: Command) -> list[Entry]:
    """All that a command tells. Raises CommandError, and MPD's ConnectionError if it hangs up."""
    for at_once in SONGS_AT_ONCE[:-1]:
        try:
            return _all_parts(command, at_once)
        except MpdConnectionError:
            client.reconnect()
    return _all_parts(command, SONGS_AT_ONCE[-1])


def _all_parts(command: Command, at_once: int) -> list[Entry]:
    entries: list[Entry] = []
    while True:
        try:
            part = list(command(f"{len(entries)}:{len(entries) + at_once}"))
        except CommandError:
            if entries:  # there is nothing behind the end
                return entries
            raise
        entries += part
        if len(part) < at_once:
            return entries
