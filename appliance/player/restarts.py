"""Whether MPD was restarted since the jukebox last saw it: its pause is nobody's doing then."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from mpd import CommandError

from appliance.player.client import Client
from appliance.player.state import PlayerStateFile, boot_id

# MPD tells its age in whole seconds, and answers a little late on a busy machine.
SAME_START_S = 2.0
# What MPD does this long after its start is what it had restored. A slow machine starts the jukebox
# half a minute after MPD.
JUST_NOW_S = 60.0


class Restarts:
    """Compares when MPD was started with when the MPD was that the jukebox saw last.

    state: keeps that moment for the next start of the jukebox. clock: the seconds since this
    machine's start; unlike the wall clock, nobody sets it.
    """

    def __init__(self, state: PlayerStateFile, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._clock = clock

    def just_restarted(self, client: Client) -> bool:
        """Whether MPD was restarted since the last connection, and so lately that it shows.

        Later, people have had the time to do something. Call it once for each connection.
        """
        age_s = _age_s(client)
        if age_s is None:
            return False
        kept, boot, now_s = self._state.kept, boot_id(), self._clock()
        started_s = now_s - age_s
        if kept.mpd_boot == boot and abs(started_s - kept.mpd_started_s) <= SAME_START_S:
            return False
        self._state.keep(mpd_boot=boot, mpd_started_s=round(started_s, 1))
        if age_s > JUST_NOW_S or kept.mpd_boot == "":
            return False
        # An MPD on another machine may have played on while this one was off.
        return age_s < now_s if kept.mpd_boot != boot else started_s > kept.mpd_started_s


def _age_s(client: Client) -> float | None:
    """How long MPD has run, in seconds; None where the server does not tell."""
    if client.is_mopidy:  # it always says 0
        return None
    with suppress(CommandError, KeyError, ValueError):
        return float(client.stats()["uptime"])
    return None
