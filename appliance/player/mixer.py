"""Whose volume MPD sets: its own mixer's, or the sound card's. MPD itself does not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from appliance.settings import Settings

# What the installer gives an MPD that it sets up (install/mpd.conf), and where that MPD listens.
OWN_CONF = Path("/etc/jukebox/mpd-own.conf")
OWN_SOCKET = "/run/mpd/socket"

OUTPUT = re.compile(r"^\s*audio_output\s*\{(.*?)^\s*\}", re.DOTALL | re.MULTILINE)
SETTING = re.compile(r'^\s*(\w+)\s+"([^"]*)"', re.MULTILINE)  # a comment begins with a #


def with_known_mixer(
    settings: Settings, environ: Mapping[str, str], own_conf: Path = OWN_CONF
) -> Settings:
    """The settings with "software" or "hardware" where they say "auto"."""
    address = settings.mpd.address or environ.get("MPD_HOST", "")
    if settings.volume.mixer != "auto":
        return settings
    is_software = address == OWN_SOCKET and _is_software(own_conf)
    mixer = replace(settings.volume, mixer="software" if is_software else "hardware")
    return replace(settings, volume=mixer)


def _is_software(conf: Path) -> bool:
    """Whether each output of this mpd.conf that has a volume has MPD's own."""
    try:
        text = conf.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    outputs = [dict(SETTING.findall(block)) for block in OUTPUT.findall(text)]
    mixers = [
        output.get("mixer_type", "hardware") for output in outputs if output.get("enabled") != "no"
    ]
    with_volume = [mixer for mixer in mixers if mixer not in ("none", "null", "disabled")]
    return bool(with_volume) and all(mixer == "software" for mixer in with_volume)
