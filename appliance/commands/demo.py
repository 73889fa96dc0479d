"""`jukebox demo`: the real loop with a private MPD, the starter music and its own database."""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from appliance.commands.shared import seconds, settings_of
from appliance.config.loading import load
from appliance.config.writing import as_toml
from appliance.errors import BusyError, JukeboxError
from appliance.history.files import Lock
from appliance.history.state import StateFile, player_file, state_file
from appliance.player.state import PlayerState
from appliance.private_mpd.process import PrivateMpd
from appliance.process.listen import listen_near
from appliance.process.signals import interrupt_waits
from appliance.service import Service
from appliance.settings import PlaylistSettings, Settings
from appliance.wishes import Wishes

log = logging.getLogger("jukebox")

PAGE_STOP_S = 1.0  # the demo must have ended two seconds after Ctrl-C
MUSIC = Path(__file__).resolve().parents[2] / "music"


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds how long it runs, which camera it uses, and where it plays."""
    verb.add_argument(
        "--for", dest="for_s", type=seconds, metavar="SECONDS", help="stop after this time"
    )
    verb.add_argument("--camera", metavar="SOURCE", help="instead of the best one there is")
    verb.add_argument(
        "--output", default="auto", help="auto, null, alsa, pulse, pipewire or record:FILE"
    )
    verb.add_argument("--folder", type=Path, default=Path("run/demo"), help="for its state")
    verb.set_defaults(log_level=logging.INFO)


def run(chosen: argparse.Namespace) -> int:
    """Plays until Ctrl-C or --for. Raises PlayerError if MPD cannot start."""
    play(
        settings_of(chosen),
        folder=chosen.folder,
        output=chosen.output,
        camera=chosen.camera,
        for_s=chosen.for_s,
    )
    return 0


def play(
    settings: Settings, *, folder: Path, output: str, camera: str | None, for_s: float | None
) -> None:
    """Plays until Ctrl-C or for_s seconds. folder: for everything that the demo writes.

    The owner's settings are in force with these exceptions: MPD, database and music are the demo's
    own, and the music does not wait for a song's end to change, so that visitors hear it. Raises
    PlayerError if MPD cannot start, and what Service.run() raises.
    """
    with _alone_in(folder), PrivateMpd(folder / "mpd", MUSIC, output) as mpd:
        own = replace(
            settings,
            mpd=replace(settings.mpd, address=str(mpd.socket), password=""),
            store=replace(settings.store, path=str((folder / "jukebox.db").absolute())),
            playlists=PlaylistSettings(),
            volume=replace(settings.volume, mixer="software"),
            music=replace(settings.music, change="crossfade", crossfade_s=3.0),
            camera=replace(settings.camera, source=_absolute(camera or settings.camera.source)),
        )
        # Also for the other verbs, such as `jukebox status --config run/demo/jukebox.toml`.
        config = folder / "jukebox.toml"
        config.write_text(as_toml(own), encoding="utf-8")
        # Whoever starts the demo wants to hear it, whatever was asked of it the last time.
        database = folder / "jukebox.db"
        player_state = StateFile(player_file(database), PlayerState())
        player_state.keep(charge="jukebox", stopped=False)
        player_state.keep_for_earlier_versions(asleep=False, camera_off=False)
        state_file(database).keep(camera_off=False, **asdict(Wishes()))
        log.info("Ctrl-C ends the demo; any MPD app can join: MPD_HOST=%s mpc", mpd.socket)
        with _page(own, config):
            Service(own, partial(load, config), for_s, reel_stands_in=True, in_terminal=True).run()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keeps other demos out of the folder, which is made if missing. Raises JukeboxError."""
    lock = Lock(folder / "demo")
    try:
        lock.take()
    except BusyError as error:
        raise BusyError(
            f"another demo plays in {folder}; end it, or name another folder with --folder"
        ) from error
    except OSError as error:
        why = f"{folder}: {error.strerror}; name another folder for the demo with --folder"
        raise JukeboxError(why) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _page(settings: Settings, config: Path) -> Iterator[None]:
    """The page, in a process of its own, which prints a link. Without it, the music plays, too."""
    if find_spec("uvicorn") is None:
        log.info("there is no page: this Python environment lacks the extra [web]")
        yield
        return
    try:
        listener = listen_near(settings.web.address, settings.web.port)
    except JukeboxError as error:
        log.warning("there is no page: %s", error)
        yield
        return
    fd = listener.fileno()
    # setpriv: the kernel ends it when this process ends, for whatever reason. A session of its own:
    # Ctrl-C reaches only the demo, which ends it.
    command = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "appliance.cli", "web"]
    options = ["--config", str(config), "--fd", str(fd), "--pair"]
    with listener, interrupt_waits():
        page = subprocess.Popen(  # noqa: S603  fixed arguments and own paths
            [*command, *options], pass_fds=[fd], stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield
    finally:
        page.terminate()
        try:
            page.wait(PAGE_STOP_S)
        except subprocess.TimeoutExpired:
            page.kill()
            page.wait()


def _absolute(source: str) -> str:
    """A camera source that means the same in any folder."""
    return str(Path(source).absolute()) if os.path.exists(source) else source
