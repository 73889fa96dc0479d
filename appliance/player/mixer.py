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
# Beside it, on the leader of several rooms: the output by which all rooms hear its music.
ROOMS_CONF = "mpd-rooms.conf"

# The outputs that have a mixer of their own, MPD 0.23 and 0.24.
CARDS = ("alsa", "oss", "pulse", "pipewire", "sndio", "osx", "winmm", "wasapi", "haiku")

OUTPUT = re.compile(r"^\s*audio_output\s*\{(.*?)^\s*\}", re.DOTALL | re.MULTILINE)
SETTING = re.compile(r'^\s*(\w+)\s+"([^"]*)"', re.MULTILINE)  # a comment begins with a #


def with_known_mixer(
    settings: Settings, environ: Mapping[str, str], own_conf: Path = OWN_CONF
) -> Settings:
    """The settings with "software" or "hardware" where they say "auto"."""
    if settings.volume.mixer != "auto":
        return settings
    is_software = _is_own(settings, environ) and _is_software(own_conf)
    mixer = replace(settings.volume, mixer="software" if is_software else "hardware")
    return replace(settings, volume=mixer)


def outputs_with_volume(
    settings: Settings, environ: Mapping[str, str], own_conf: Path = OWN_CONF
) -> frozenset[str] | None:
    """The names of the outputs that have a volume; None if nobody can tell."""
    outputs = _outputs(own_conf) if _is_own(settings, environ) else []
    if outputs:
        outputs += _outputs(own_conf.with_name(ROOMS_CONF))
    if not outputs:
        return None
    return frozenset(output.get("name", "") for output in outputs if _has_volume(output))


def _is_own(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether the MPD is the one that the installer set up."""
    return (settings.mpd.address or environ.get("MPD_HOST")) == OWN_SOCKET


def _is_software(conf: Path) -> bool:
    """Whether each output of this mpd.conf that has a volume has MPD's own."""
    in_step = _outputs(conf.with_name(ROOMS_CONF))  # jukebox-home switches it on
    on = in_step or [out for out in _outputs(conf) if out.get("enabled") != "no"]
    mixers = [output.get("mixer_type") for output in on if _has_volume(output)]
    return bool(mixers) and all(mixer == "software" for mixer in mixers)


def _has_volume(output: Mapping[str, str]) -> bool:
    mixer = output.get("mixer_type", "hardware")
    if mixer == "hardware":
        return output.get("type") in CARDS
    return mixer == "software"


def _outputs(conf: Path) -> list[dict[str, str]]:
    """The settings of each output in an mpd.conf."""
    try:
        text = conf.read_bytes().decode(errors="replace")
    except OSError:
        return []
    return [dict(SETTING.findall(block)) for block in OUTPUT.findall(text)]
