"""Where sound can go: the sound cards of this machine, as ALSA lists them in /proc/asound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["hdmi", "jack", "digital", "hat", "usb", "pipewire", "default", "other"]

ASOUND = Path("/proc/asound")
# " 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones"
CARD = re.compile(r"^ *(\d+) \[(\S+) *\]: (\S+) - (.+)$", re.MULTILINE)
# "00-03: HDMI 0 : HDMI 0 : playback 1"
DEVICE = re.compile(r"^(\d+)-(\d+): (.*?) : .*: playback \d+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Output:
    """A place where sound can go. id: stays the same over restarts. name: for people.

    conf: the lines of an audio_output block of mpd.conf that choose it, as name and value.
    """

    id: str
    name: str
    kind: Kind
    conf: tuple[tuple[str, str], ...]


# What ALSA takes where nobody has chosen.
DEFAULT = Output("alsa:default", "", "default", (("type", "alsa"), ("device", "default")))


def alsa_outputs(asound: Path = ASOUND) -> list[Output]:
    """The outputs of all sound cards, after the default; none without a card."""
    cards = {card: names for card, *names in CARD.findall(_read(asound / "cards"))}
    found = list(_outputs(cards, DEVICE.findall(_read(asound / "pcm"))))
    return [DEFAULT, *found] if found else []


def _outputs(cards: dict[str, list[str]], devices: list[tuple[str, str, str]]) -> Iterator[Output]:
    for number, device, pcm in devices:
        if (card := cards.get(str(int(number)))) is None:
            continue  # pulled out between the two files
        name, driver, title = card
        place = f"CARD={name},DEV={int(device)}"
        # A card's default knows what its first device needs, such as the frames of a Raspberry
        # Pi's HDMI (vc4-hdmi.conf of alsa-lib); "plug" converts whatever the device cannot play.
        where = f"sysdefault:CARD={name}" if int(device) == 0 else f"plughw:{place}"
        shown = title if int(device) == 0 or pcm.strip() in title else f"{title}, {pcm.strip()}"
        yield Output(
            f"alsa:{place}", shown, _kind(driver, title, pcm), (("type", "alsa"), ("device", where))
        )


def _kind(driver: str, title: str, pcm: str) -> Kind:
    """What people call it. By the drivers of Linux and of Raspberry Pi OS."""
    text = f"{driver} {title} {pcm}".lower()
    if driver == "USB-Audio":
        return "usb"
    if "hdmi" in text or "displayport" in text:
        return "hdmi"
    if "digital" in pcm.lower() or "spdif" in text or "iec958" in text:
        return "digital"
    if "analog" in text or "headphone" in text:
        return "jack"
    # The drivers of sound cards on a Raspberry Pi's pins name their devices so.
    return "hat" if title.startswith("snd_rpi") or "hifi" in pcm.lower() else "other"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
