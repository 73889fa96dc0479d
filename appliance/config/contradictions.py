"""Mistakes in jukebox.toml that a single key does not show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.records import EMOTIONS
from appliance.settings import HomeSettings, PlaylistSettings, RoomsSettings, Settings

# MPD's inputs and its playlists take http, https, and according to how it was built mms, nfs, rtsp,
# smb and others; these never.
NEVER_PLAYED = ("ftp://", "ftps://", "sftp://", "ssh://", "dav://", "davs://", "mailto:")

Place = tuple[str, ...]  # section and key


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. between: the keys that contradict each other, if any."""

    where: Place
    text: str
    between: tuple[Place, ...] = ()


def contradictions(
    settings: Settings, tables: Mapping[str, Mapping[str, Any]]
) -> Iterator[Mistake]:
    """What does not go together. tables: what stands in the file."""
    if settings.faces.min_height_px > settings.camera.height_px:
        yield _between(
            ("faces", "min_height_px"),
            ("camera", "height_px"),
            f"faces.min_height_px is {settings.faces.min_height_px}; it must fit into the picture, "
            f"and camera.height_px is {settings.camera.height_px}",
        )
    volume = settings.volume
    # Whoever writes only a low max need not think of the quiet hours, which are as low then.
    if "quiet_max" in tables.get("volume", ()) and volume.quiet_max > volume.max:
        yield _between(
            ("volume", "quiet_max"),
            ("volume", "max"),
            f"volume.quiet_max is {volume.quiet_max}; it must not be higher than volume.max, which"
            f" is {volume.max}",
        )
    pins = settings.gpio
    if pins.led == pins.button != 0:
        yield _between(
            ("gpio", "button"),
            ("gpio", "led"),
            f"gpio.button is {pins.button}, and so is gpio.led; they need a pin each",
        )
    if "@" in settings.mpd.address[1:]:  # in the first place it marks an abstract socket
        yield Mistake(
            ("mpd", "address"),
            "mpd.address has a password before the @; write it into mpd.password, "
            "which is never printed",
        )
    yield from _of_playlists(settings.playlists)
    yield from _of_home(settings.home)
    yield from _of_rooms(settings.rooms, settings.home)


def _between(where: Place, other: Place, text: str) -> Mistake:
    """A mistake that the one key has because of the other."""
    return Mistake(where, text, between=(where, other))


def _of_playlists(playlists: PlaylistSettings) -> Iterator[Mistake]:
    for emotion in EMOTIONS:
        for source in playlists.of(emotion):
            if source.lower().startswith(NEVER_PLAYED):
                scheme, _, _ = source.partition(":")
                yield Mistake(
                    ("playlists", emotion.value),
                    f"playlists.{emotion} has {source}; MPD plays no {scheme} links: use a link"
                    " that begins with http, or put the music into MPD's folder",
                )


def _of_home(home: HomeSettings) -> Iterator[Mistake]:
    if re.search(r"[#+$]|^/|/$|//", home.prefix) or len(home.prefix) > 100:
        yield Mistake(
            ("home", "prefix"),
            f"home.prefix is {home.prefix[:40]}; it must begin topics, such as jukebox or"
            " house/music: without #, + and $, and without a / at its ends",
        )
    if home.password and home.password_file:
        yield _between(
            ("home", "password_file"),
            ("home", "password"),
            "home.password_file is set, and so is home.password; one of them must be empty",
        )
    if home.password and not home.username:
        yield _between(
            ("home", "username"),
            ("home", "password"),
            "home.username is empty, and home.password is set; a broker wants both or none",
        )


def _of_rooms(rooms: RoomsSettings, home: HomeSettings) -> Iterator[Mistake]:
    if rooms.join and home.share != "all":
        yield _between(
            ("rooms", "join"),
            ("home", "share"),
            f'rooms.join is true, and home.share is "{home.share}"; rooms tell each other'
            ' how they look, so it must be "all"',
        )
    if rooms.join and not home.address:
        yield _between(
            ("rooms", "join"),
            ("home", "address"),
            "rooms.join is true, and home.address is empty; rooms tell each other by a broker, so"
            " write its address",
        )
    if rooms.leader and not rooms.join:
        yield _between(
            ("rooms", "leader"),
            ("rooms", "join"),
            "rooms.leader is true, and rooms.join is not; only a room that has joined leads",
        )
    if rooms.sound and not rooms.join:
        yield _between(
            ("rooms", "sound"),
            ("rooms", "join"),
            "rooms.sound is true, and rooms.join is not; only rooms that have joined play in step",
        )
    if rooms.sound and not rooms.leader and not rooms.leader_address:
        yield _between(
            ("rooms", "sound"),
            ("rooms", "leader_address"),
            "rooms.sound is true, and rooms.leader_address is empty; write the leader's address,"
            " such as 192.168.1.20",
        )
