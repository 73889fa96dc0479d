"""Three people, each with an app of another family, who do something now and then."""

from __future__ import annotations

import random
import threading
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from mpd import CommandError, MPDError

from appliance.player.client import Client

# Nobody touches anything for the last part of each of these, so that the jukebox has its turn, too.
ROUND_S, BREAK_S = 240.0, 75.0
OUTPUT = "0"
WORDS = ("mood happy", "mood sad", "mood neutral", "auto", "auto", "resume", "hold 1")


class App(threading.Thread, ABC):
    """A person with an app. DEEDS: how often they do what, as weights.

    What they took away, the sound or the order, they mostly give back after a while.
    """

    DEEDS: ClassVar[dict[str, int]] = {}
    MEAN_S = 12.0  # between two deeds of one person

    def __init__(self, socket: Path, own_songs: list[str], seed: int, start_s: float) -> None:
        super().__init__(daemon=True)
        self.errors: list[str] = []
        self.over = threading.Event()
        self._socket, self._songs, self._start_s = socket, own_songs, start_s
        self._random = random.Random(f"{type(self).__name__} {seed}")
        self._later: list[tuple[float, str, tuple[str, ...]]] = []  # when, which method, arguments
        self._next_s = start_s + 5 + self._random.expovariate(1 / self.MEAN_S)
        self._client = Client()

    def run(self) -> None:
        self._client.timeout = 20
        try:
            self._client.connect(str(self._socket))
            while not self.over.is_set():
                self._look()
                self._act(time.monotonic())
        except (MPDError, OSError) as error:
            self.errors.append(f"{type(self).__name__}: {error!r}")

    @abstractmethod
    def _look(self) -> None:
        """Ask MPD how it is, as this kind of app does, and wait a little."""

    def _act(self, now_s: float) -> None:
        if (now_s - self._start_s) % ROUND_S > ROUND_S - BREAK_S:
            return
        for entry in [entry for entry in self._later if entry[0] <= now_s]:
            self._later.remove(entry)
            self._do(entry[1], *entry[2])
        if now_s >= self._next_s:
            self._next_s = now_s + 1 + self._random.expovariate(1 / self.MEAN_S)
            self._do(self._random.choices(list(self.DEEDS), list(self.DEEDS.values()))[0])

    def _do(self, name: str, *arguments: str) -> None:
        with suppress(CommandError, IndexError):  # no song to seek in, an empty queue
            getattr(self, name)(*arguments)

    def _after(self, low_s: float, high_s: float, name: str, *arguments: str) -> None:
        if self._random.random() < 0.9:
            when_s = time.monotonic() + self._random.uniform(low_s, high_s)
            self._later.append((when_s, name, arguments))

    def _any_id(self) -> str:
        return str(self._random.choice(self._client.playlistinfo())["id"])

    def _any_song(self) -> str:
        return self._random.choice(self._songs)

    # What they do

    def pause(self) -> None:
        self._client.pause(1)
        self._after(3, 20, "play_on")

    def play_on(self) -> None:
        if self._client.status()["state"] == "pause":
            self._client.pause(0)
        else:
            self._client.play()

    def stop(self) -> None:
        self._client.stop()
        self._after(4, 20, "play_on")

    def next(self) -> None:
        self._client.next()

    def previous(self) -> None:
        self._client.previous()

    def seek(self) -> None:
        self._client.seekcur(self._random.choice(["+10", "-10", "+5"]))

    def volume(self) -> None:
        self._client.setvol(self._random.randrange(20, 100))

    def mode(self) -> None:
        mode = self._random.choice(["repeat", "random", "single", "consume"])
        getattr(self._client, mode)(1)
        self._after(10, 60, "no_mode", mode)

    def no_mode(self, mode: str) -> None:
        getattr(self._client, mode)(0)

    def choose(self) -> None:
        self._client.playid(self._any_id())

    def add(self) -> None:
        self._client.add(self._any_song())

    def delete(self) -> None:
        self._client.deleteid(self._any_id())

    def clear(self) -> None:
        self._client.clear()
        self._after(2, 40, "play_on")

    def output(self) -> None:
        self._client.disableoutput(OUTPUT)
        # They do not leave it off: 0.9 is for what may be forgotten.
        self._later.append((time.monotonic() + self._random.uniform(2, 15), "output_on", ()))

    def output_on(self) -> None:
        self._client.enableoutput(OUTPUT)

    def tell(self) -> None:
        self._client.sendmessage("jukebox", self._random.choice(WORDS))


class Terminal(App):
    """Polls the status, like ncmpcpp and mpc in a status bar; single commands."""

    DEEDS: ClassVar = {
        "pause": 5, "stop": 2, "next": 4, "previous": 2, "seek": 4, "volume": 4, "mode": 3,
        "choose": 3, "add": 2, "delete": 2, "clear": 1, "tell": 1,
    }  # fmt: skip

    def _look(self) -> None:
        self._client.status()
        self._client.currentsong()
        self.over.wait(0.5)


class Phone(App):
    """Waits for changes, like M.A.L.P.; a slider for the volume, songs that are tapped."""

    DEEDS: ClassVar = {
        "pause": 6, "next": 5, "previous": 1, "seek": 2, "volume": 4, "choose": 2, "tap": 3,
        "add": 2, "delete": 1, "output": 1, "tell": 3,
    }  # fmt: skip

    def _look(self) -> None:
        self._client.begin_idle()
        for _ in range(5):
            if self._client.is_readable or self.over.wait(0.1):
                break
        if self._client.end_idle():
            self._client.status()
            self._client.currentsong()

    def volume(self) -> None:
        volume = int(self._client.status().get("volume", 50))
        to = self._random.randrange(20, 100)
        for step in range(1, 6):
            self._client.setvol(volume + (to - volume) * step // 5)
            time.sleep(0.08)

    def tap(self) -> None:
        self._client.playid(self._client.addid(self._any_song()))


class Web(App):
    """Sends command lists, like myMPD: replaces the whole queue, plays next, moves, shuffles."""

    DEEDS: ClassVar = {
        "pause": 4, "stop": 1, "next": 4, "seek": 4, "volume": 2, "mode": 2, "one_more": 1,
        "replace": 3, "tap": 3, "move": 2, "clear": 1, "tell": 1,
    }  # fmt: skip

    def _look(self) -> None:
        self._client.command_list_ok_begin()
        self._client.status()
        self._client.currentsong()
        self._client.outputs()
        self._client.command_list_end()
        self.over.wait(1.0)

    def seek(self) -> None:
        status = self._client.status()
        to_s = self._random.uniform(0, float(status.get("duration", 9)) - 3)
        self._client.seekid(
            status["songid"] if "songid" in status else self._any_id(), f"{to_s:.1f}"
        )

    def replace(self) -> None:
        self._client.command_list_ok_begin()
        self._client.clear()
        for _ in range(3):
            self._client.add(self._any_song())
        self._client.play()
        self._client.command_list_end()

    def tap(self) -> None:
        song = int(self._client.status().get("song", -1))
        self._client.command_list_ok_begin()
        self._client.addid(self._any_song(), song + 1)
        self._client.play(song + 1)
        self._client.command_list_end()

    def move(self) -> None:
        self._client.moveid(self._any_id(), 0)

    def one_more(self) -> None:
        self._client.single("oneshot")
        self._after(10, 60, "no_mode", "single")
        self._after(61, 90, "play_on")


APPS = (Terminal, Phone, Web)
