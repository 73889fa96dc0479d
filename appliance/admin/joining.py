"""The way into a wireless network without a keyboard: a file on the card, or a phone's code."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.admin.answers import Administration
from appliance.admin.supplicant import Outcome
from appliance.admin.wifi import LONGEST_FILE, WifiNetwork, from_code, from_file
from appliance.errors import JukeboxError, UsageError

log = logging.getLogger("jukebox")

JOIN_S = 45.0  # scanning, joining and, with a wrong password, a second try
GRACE_S = 30.0  # for a cable, or a network that was joined before
LOOK_FOR_S = 600.0
SCAN_S = 60.0
PAUSE_S = 3.0


class Light(Protocol):
    """What can be seen of it."""

    def show(self, what: str) -> None:
        """What is going on: "looking", "joining", "refused", or "" for nothing special."""


@dataclass(slots=True)
class Joining:
    """Brings the machine into a network.

    scan: the text of a Wi-Fi code that somebody holds before the camera within so many seconds; ""
    if nobody does. outcome: how the last joining went, after so many seconds at the latest.
    has_network: whether there is any.
    """

    administration: Administration
    files: Sequence[Path]
    scan: Callable[[float], str]
    outcome: Callable[[float], Outcome]
    has_network: Callable[[], bool]
    light: Light
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    _complaint: str = ""

    def use_file(self) -> bool:
        """Takes the network from wifi.txt, if there is one. Returns whether there was."""
        for file in self.files:
            if not file.is_file():
                continue
            try:
                network = _read(file)
                if network is None:
                    continue
                self._set(network)
                file.unlink()
            except (JukeboxError, OSError) as error:
                log.warning("%s: not used: %s", file, error)
                self._tell("refused")
            else:
                log.info("wifi: the network of %s is set, and the file deleted", file)
                return True
        return False

    def wait(self) -> None:
        """Waits for the outcome of what was set, and tells of it."""
        self.light.show("joining")
        found = self.outcome(JOIN_S)
        log.info("wifi: %s", found)
        self._tell("connected" if found == "connected" else "refused")

    def use_codes(self) -> None:
        """Looks for codes while there is no network, for ten minutes at most."""
        if self._gets_network(GRACE_S):
            log.info("wifi: none needed, or none to be joined: there is a network")
            return
        log.info("wifi: no network; looking for a phone's Wi-Fi code before the camera")
        until_s = self.now() + LOOK_FOR_S
        while self.now() < until_s:
            self.light.show("looking")
            if self._use_code() or self.has_network():
                return
        log.info("wifi: nobody showed a code; looking no more until the next start")

    def _use_code(self) -> bool:
        """One look. Returns whether there is a network now."""
        try:
            text = self.scan(SCAN_S)
            if not text:
                return False
            self._set(from_code(text))
        except JukeboxError as error:
            # UsageError: the code itself. Others: no camera, or the jukebox still starts.
            if str(error) != self._complaint:
                self._complaint = str(error)
                log.warning("wifi: %s", error)
            if isinstance(error, UsageError):
                self._tell("refused")
            self.sleep(PAUSE_S)
            return False
        self.wait()
        return self._gets_network(GRACE_S)

    def _set(self, network: WifiNetwork) -> None:
        self.administration.do(
            "wifi",
            {"name": network.name, "password": network.password, "hidden": network.hidden},
        )

    def _tell(self, what: str) -> None:
        """By light and by sound; while music plays, the sound card may be taken."""
        self.light.show("" if what == "connected" else what)
        try:
            self.administration.do("signal", {"what": what})
        except JukeboxError as error:
            log.info("wifi: no sound for it: %s", error)

    def _gets_network(self, seconds: float) -> bool:
        until_s = self.now() + seconds
        while not self.has_network():
            if self.now() >= until_s:
                return False
            self.sleep(1.0)
        return True


def _read(file: Path) -> WifiNetwork | None:
    with file.open("rb") as stream:
        return from_file(stream.read(LONGEST_FILE + 1))
