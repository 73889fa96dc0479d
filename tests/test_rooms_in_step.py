"""Two rooms with real MPD, snapserver, snapclients, mosquitto and home: heard by their clicks.

tests/bench/rooms_sound.py does the same with three whole jukeboxes, loss, jitter and faults.
"""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from broker import MOSQUITTO
from conftest import wait_for
from in_step import (
    PYTHON,
    Net,
    Recorder,
    apart_ms,
    in_step_after_s,
    processes,
    speaker,
    wait_for_socket,
    why_not,
    write_clicks,
    write_mpd_conf,
)
from running import JUKEBOX

from appliance.home.places import node_of
from appliance.player.client import Client
from appliance.remote.control_client import ControlClient
from appliance.settings import Settings, StoreSettings

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(MOSQUITTO is None, reason="needs Debian's package mosquitto"),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]
LEADER = """
[home]
address = "127.0.0.1"
share = "all"
name = "Kitchen"
[store]
path = "{folder}/jukebox.db"
[mpd]
address = "{folder}/mpd.sock"
[rooms]
join = true
sound = true
leader = true
"""


class House:
    """A leader, and a room that plays when it is told to."""

    def __init__(self, folder, net, start):
        self.net, self.recorders, self._folder = net, {}, folder
        write_clicks(folder / "music" / "clicks.wav", 90)
        for name in ("kitchen", "hall"):
            (folder / name).mkdir()
            self.recorders[name] = Recorder(folder / name, name)
            start([*net.inside(name), *speaker(folder / name, self.recorders[name])], env=PYTHON)
        self.kitchen = folder / "kitchen"
        conf = write_mpd_conf(self.kitchen, folder / "music")
        broker = folder / "mosquitto.conf"
        broker.write_text("user root\nlistener 1883 127.0.0.1\nallow_anonymous true\n")
        config = self.kitchen / "jukebox.toml"
        config.write_text(LEADER.format(folder=self.kitchen))
        inside = net.inside("kitchen")
        start([*inside, MOSQUITTO, "-c", str(broker)])
        start([*inside, "mpd", "--no-daemon", str(conf)])
        wait_for_socket(self.kitchen / "mpd.sock")
        self.log = folder / "home.log"
        self._start, self._home = start, None
        self.start_home()

    def start_home(self):
        """Starts the leader's home, after ending the one before."""
        if self._home:
            self._home.terminate()
            self._home.wait(10)
        config = ["--config", str(self.kitchen / "jukebox.toml")]
        command = [*self.net.inside("kitchen"), *JUKEBOX, "home", *config]
        with self.log.open("a") as log:
            self._home = self._start(command, env=PYTHON, stderr=log, stdout=log)

    def mpd(self):
        client = Client()
        client.connect(str(self.kitchen / "mpd.sock"))
        return client

    def on(self):
        """The outputs of the leader's MPD that are on."""
        client = self.mpd()
        found = {out["outputname"] for out in client.outputs() if out["outputenabled"] == "1"}
        client.disconnect()
        return found

    def play_in_hall(self, leader):
        with ControlClient(self._folder / "hall" / "sound.sock", 10.0) as asked:
            wanted = {"leader": leader, "node": "jukebox_hall", "device": "default"}
            return asked.ask("play", wanted)["data"]

    def python(self, program):
        """Runs a program in the leader's network."""
        command = [*self.net.inside("kitchen"), sys.executable, "-c", program]
        told = subprocess.run(command, check=True, capture_output=True, text=True, env=PYTHON)
        return json.loads(told.stdout)

    def asked(self, *words):
        """`jukebox rooms`, as the leader's owner types it."""
        config = ["--config", str(self.kitchen / "jukebox.toml")]
        command = [*self.net.inside("kitchen"), *JUKEBOX, "rooms", *config, *words]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=PYTHON)

    def players(self):
        """By name, as snapserver has them: volume and trim."""
        found = self.python(
            "import asyncio, json\nfrom appliance.home.snapcast import Snapserver\n"
            "players = asyncio.run(Snapserver().players())\n"
            "print(json.dumps([[p.id, p.volume, p.trim_ms, p.muted] for p in players]))"
        )
        return {player: values for player, *values in found}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rooms")
    with Net(["kitchen", "hall"]) as net, processes() as start:
        yield House(folder, net, start)


def test_the_leaders_mpd_plays_into_the_rooms_as_soon_as_snapserver_runs(house):
    wait_for(lambda: house.on() == {"rooms"}, 30)
    client = house.mpd()
    client.update()
    wait_for(client.listall)
    client.add("clicks.wav")
    client.play()
    begun_s = time.monotonic()
    client.disconnect()
    wait_for(lambda: house.recorders["kitchen"].heard(begun_s), 15)


def test_a_room_that_joins_late_is_in_step_within_five_seconds(house):
    kitchen, hall = house.recorders["kitchen"], house.recorders["hall"]
    begun_s = time.monotonic()
    house.play_in_hall(house.net.address["kitchen"])
    wait_for(lambda: len(hall.clicks) > 25, 30)
    # In the median: a reader in a loaded machine may come late by some ms.
    here = hall.between(begun_s + 5, begun_s + 60)
    assert np.median(apart_ms(here, kitchen.clicks)) < 5
    assert in_step_after_s(hall.clicks, kitchen.clicks, begun_s, within_ms=40) < 5


def test_a_rooms_limit_and_trim_reach_snapserver_and_a_longer_trim_does_not(house):
    told = house.asked("--room", "jukebox_hall", "--max", "70", "--trim", "40")
    assert told.stdout.endswith(": plays in step, 70 % of at most 70 %, 40 ms early\n")
    wait_for(lambda: house.players()["jukebox_hall"] == [70, 40, False])
    told = house.asked("--room", "jukebox_hall", "--trim", "1001")
    assert (told.returncode, "trim_ms must be a whole number from 0 to 1000" in told.stderr) == (
        2, True,
    )  # fmt: skip
    told = house.asked("--room", "Cellar", "--volume", "30")
    assert (told.returncode, "there is no room Cellar" in told.stderr) == (1, True)
    assert house.players()["jukebox_hall"] == [70, 40, False]


def test_a_home_that_ends_leaves_no_silence_behind(house):
    node = node_of(Settings(store=StoreSettings(path=str(house.kitchen / "jukebox.db"))), {})
    assert set(house.players()) == {node, "jukebox_hall"}
    house.start_home()
    wait_for(lambda: house.on() == {"loudspeaker"})
    wait_for(lambda: house.on() == {"rooms"}, 30)


def test_where_snapserver_cannot_be_the_leader_plays_by_its_own_loudspeaker(house):
    (house.kitchen / "sound.sock").unlink()
    wait_for(lambda: house.on() == {"loudspeaker"}, 30)
    assert "the music goes to this room alone" in house.log.read_text()
