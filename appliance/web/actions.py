"""What the buttons of the first screen do: to the jukebox by its words, to MPD by its commands."""

from __future__ import annotations

from collections.abc import Callable

from appliance.errors import ControlError, PlayerError, UsageError
from appliance.player.client import Client
from appliance.player.watched_mpd import skip
from appliance.remote.messages import as_request
from appliance.web.language import Language
from appliance.web.page import Page
from appliance.web.view import NAMES

# What the page says after a word of the jukebox was understood.
SAID = {
    "auto": "The music follows the faces again.",
    "resume": "The music may change again.",
    "camera on": "The camera is on.",
    "camera off": "The camera is off.",
    "sleep off": "The sleep timer is off.",
    "calibrate": "Look at the camera with a face at rest for a minute.",
    "calibrate forget": "Faces are read as they are.",
}


async def tell(page: Page, words: str, _: Language) -> str:
    """Tells the jukebox. Returns what was done, in words. Raises UsageError, ControlError."""
    word, arguments = as_request(words)
    answer = str(await page.jukebox.tell(word, arguments))
    if "; but " in answer:  # it may not play, and says why
        return _.of_jukebox(answer)
    if known := SAID.get(words):
        return _(known)
    return _in_words(page, word, str(next(iter(arguments.values()), "")), _) or _.of_jukebox(answer)


def _in_words(page: Page, word: str, value: str, _: Language) -> str:
    """What was done, for a word with an argument; "" if it is not known here."""
    status = page.house.status or {}
    match word:
        case "mood":
            mood = _(NAMES[value])
            return _("Music for “{mood}”, until you choose “by the faces”.", mood=mood)
        case "looks":
            return _("Thank you. I noted that it looks {mood} now.", mood=_(NAMES[value]))
        case "hold":
            return _("The music stays as it is until {time}.", time=status.get("hold_until"))
        case "sleep":
            return _("The music fades out at {time}.", time=status.get("sleep_at"))
    return ""


async def play(page: Page, do: str, value: str, _: Language) -> str:
    """Tells MPD. Returns what was done, in words. Raises UsageError, PlayerError."""
    if do == "volume":
        return await _turn(page, value, _)
    if do not in PLAYER:
        raise UsageError(_("This button is not known here."))
    action, said = PLAYER[do]
    await page.mpd.do(action)
    return _(said)


async def _turn(page: Page, value: str, _: Language) -> str:
    most = page.house.max_volume()
    if not value.isdecimal() or int(value) > 100:
        raise UsageError(_("The volume must be a number from 0 to {most}.", most=most))
    wanted = min(int(value), most)
    await page.mpd.do(lambda client: client.setvol(wanted))
    page.volume.set(wanted)
    return _("Volume {percent} %.", percent=wanted)


def _toggle(client: Client) -> None:
    """Play or pause; MPD needs "play" where it was stopped."""
    if client.state()["state"] == "play":
        client.pause(1)
    else:
        client.play()


PLAYER: dict[str, tuple[Callable[[Client], None], str]] = {
    "toggle": (_toggle, "Done."),
    "skip": (skip, "Skipped. It will come less often in this mood."),
    "back": (lambda client: client.previous(), "The song before."),
}

FAILURES = (UsageError, ControlError, PlayerError)
