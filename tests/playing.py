"""The player as the loop drives it, beside a person with an MPD app."""

import random
import select
import socket
import time
from pathlib import Path

from conftest import wait_for
from mpd import MPDClient

from appliance.errors import SongsAwaitedError
from appliance.history.state import StateFile
from appliance.player.mpd_player import MpdPlayer
from appliance.player.state import PlayerState
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Adjustment, Decision, Emotion

HAPPY, SAD, NEUTRAL, FEAR = Emotion.HAPPY, Emotion.SAD, Emotion.NEUTRAL, Emotion.FEAR
SOURCES = {HAPPY: ("happy",), SAD: ("sad",), NEUTRAL: ("neutral",), FEAR: ("nowhere",)}


def carried_out(player, decision, time_s, patience_s=5.0):
    """What the player puts on, after it has read the songs of the mood."""
    give_up_s = time.monotonic() + patience_s
    while True:
        try:
            return player.carry_out(decision, time_s)
        except SongsAwaitedError:
            assert time.monotonic() < give_up_s, f"no songs within {patience_s:g} s"
            time.sleep(0.005)


def wait_for_housekeeping(player):
    """Wait for what the player does in the background after a change of MPD's."""
    wait_for(lambda: player._housekeeping.go_on() or player._housekeeping.is_done, 20)


class App(MPDClient):
    """A person's app. did: whether it changed anything since `did` was last set to False."""

    did = False
    QUERIES = ("status", "currentsong", "playlistinfo", "sticker", "list", "read", "subscribe")

    def _write_command(self, command, args=[]):  # noqa: B006 - as python-mpd2 has it
        self.did = self.did or not command.startswith(self.QUERIES)
        super()._write_command(command, args)


class OwnMpd(PrivateMpd):
    """An MPD with settings of the test's own; it listens on TCP, too."""

    more = ""
    port = 0

    def _config(self):
        if not self.port:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
        return f'{super()._config()}bind_to_address "127.0.0.1:{self.port}"\n{self.more}'

    def app(self):
        """A person's connection over the socket, which may do everything."""
        client = MPDClient()
        client.connect(str(self.socket))
        return client

    @property
    def tcp(self):
        return {"address": "127.0.0.1", "port": self.port}


class DrivenPlayer:
    """The player as the loop drives it, with a simulated time, beside a listener with an app."""

    def __init__(self, mpd, sources=SOURCES, crossfade_s=2.0, **more):
        more = {"address": str(mpd.socket), **more}
        if "state" in more:
            more["state"] = StateFile(more["state"], PlayerState())
        self.player = MpdPlayer(
            playlists=sources, crossfade_s=crossfade_s, random=random.Random(1), **more
        )
        self.mpd = mpd
        self.time_s = 100.0
        self.app = None
        self.open_app()

    def open_app(self):
        if self.app:
            self.app.disconnect()
        self.app = App()
        self.app.connect(str(self.mpd.socket))

    def close(self):
        self.player.close()
        self.app.disconnect()

    def playback(self, after_s=1.01):
        """What the player tells so many seconds later."""
        self.wait_for_news()
        self.time_s += after_s
        seen = self.player.playback(self.time_s)
        wait_for_housekeeping(self.player)
        return seen

    def wait_for_news(self):
        """Wait until MPD has had the time to report what the app just did."""
        client = self.player._connection._client
        if client and self.player._connection.is_listening:
            select.select([client], [], [], 1.0 if self.app.did else 0.03)
        self.app.did = False

    def put_on(self, emotion, how="switch"):
        return carried_out(self.player, Decision(emotion, how, "test"), self.time_s)

    def adjust(self, how, volume_percent=None, volume_before=None):
        adjustment = Adjustment(how, "test", volume_percent, volume_before)
        return self.player.adjust(adjustment, self.time_s)

    def die(self):
        """End as after SIGKILL, without any clean-up."""
        self.player._connection.close()
        self.player._reader.close()
        self.player._tidier.close()
        self.app.disconnect()

    def plays(self, emotion):
        playback = self.playback()
        return playback.state == "play" and playback.emotion == emotion

    def queue(self):
        return [Path(song["file"]).name.split("-")[0] for song in self.app.playlistinfo()]

    def to_the_end(self):
        """Seek to just before the end of the song, before the player asks MPD again."""
        self.app.seekcur(float(self.app.status()["duration"]) - 0.2)

    def state_is(self, state):
        return self.app.status()["state"] == state
