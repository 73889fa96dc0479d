"""What comes from outside may be anything: it is refused with a sentence, never with a traceback.

Each test mangles good inputs at random, always in the same way. JUKEBOX_NONSENSE=10000 makes as
many of each kind, outside CI.
"""

import json
import random
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from controls import STEP, RecordingControls
from mpd import MPDError
from nonsense import LONGEST_S, NUMBER, mangled, nonsense

from appliance.config.loading import parse
from appliance.errors import JukeboxError, ModelError, PlayerError, SongsAwaitedError
from appliance.history.state import state_file
from appliance.player.client import Client
from appliance.player.mpd_player import MpdPlayer
from appliance.records import Decision, Emotion
from appliance.remote import channel
from appliance.remote.control_line import BadRequestError, read_request
from appliance.resolver.owners_links import links_in
from appliance.resolver.protocol import Answer, answer_of
from appliance.settings import Settings
from appliance.vision.cards import MODELS, read_card

OWN = b"""[playlists]
happy = ["happy", "http://radio.example/live"]
[mood]
dwell_s = 3
margin = 0.2
[volume]
quiet_hours = "22:00-07:00"
[mpd]
address = "127.0.0.1"
messages = "all"
"""


def test_a_configuration():
    for bad in nonsense(OWN, b"[camera]\nsource = 'reel'\nframes_per_second = 5.0\n"):
        with suppress(JukeboxError):
            assert isinstance(parse(bad, "jukebox.toml"), Settings)


@pytest.mark.parametrize(("task", "name"), [("emotion", "emotion_int8"), ("track", "tracker_int8")])
def test_a_model_card(tmp_path, task, name):
    for bad in nonsense((MODELS / f"{name}.json").read_bytes()):
        (tmp_path / "own.json").write_bytes(bad)
        with suppress(ModelError):
            read_card(tmp_path / "own.tflite", task)


def test_a_request_at_the_control_socket():
    goods = (
        {"id": 1, "do": "mood", "args": {"emotion": "sad"}},
        {"id": 2, "do": "history", "args": {"from": "2026-11-30T01:02:14Z", "what": "play"}},
    )
    for bad in nonsense(*(json.dumps(good).encode() for good in goods)):
        with suppress(BadRequestError):
            assert isinstance(read_request(bad).word, str)


def test_a_message_over_mpd():
    controls = RecordingControls()
    for bad in nonsense(
        b"mood happy", b"hold 30", b"sleep off", b"camera on", b"looks sad", b"why"
    ):
        said = channel.answer("all", bad.decode(errors="replace"), STEP, controls)
        assert "\n" not in said
        assert len(said) < 400


def test_an_answer_of_the_resolver():
    goods = (Answer(uri="http://a.example/s", title="Lark"), Answer(error="it cannot be reached"))
    for bad in nonsense(*(good.to_line() for good in goods), b'{"uri": 3}', b"[" * 5000):
        with suppress(ValueError):
            answer = answer_of(bad)
            assert answer.error or not any(ord(sign) < 32 for sign in answer.uri)


def test_a_playlist_with_links():
    for bad in nonsense(b"#EXTM3U\nhttp://a.example/s\n<ref href='http://b.example/?a&amp;b'/>\n"):
        for link in links_in(bad.decode(errors="surrogateescape")):
            assert "\n" not in link


def test_a_file_of_what_people_asked_for(tmp_path):
    database = tmp_path / "jukebox.db"
    state_file(database).keep(asleep=True, camera_off=True)
    good = database.with_suffix(".state.json").read_bytes()
    for bad in nonsense(good):
        database.with_suffix(".state.json").write_bytes(bad)
        assert state_file(database).kept.camera_off in (True, False)


# A server that speaks nonsense

ANSWERS = {
    b"status": b"volume: 50\nrepeat: 0\nrandom: 0\nsingle: 0\nconsume: 0\nplaylist: 7\n"
    b"playlistlength: 2\nstate: play\nsong: 0\nsongid: 1\nelapsed: 3.5\nduration: 60.0\nOK\n",
    b"stats": b"uptime: 500\nplaytime: 3\ndb_update: 1790000000\nOK\n",
    b"currentsong": b"file: happy/a.ogg\nTitle: A\nPos: 0\nId: 1\nduration: 60.0\nOK\n",
    b"plchanges": b"file: happy/a.ogg\nPos: 0\nId: 1\nOK\n",
    b"plchangesposid": b"cpos: 0\nId: 1\nOK\n",
    b"playlistinfo": b"file: happy/a.ogg\nPos: 0\nId: 1\nOK\n",
    b"listplaylists": b"playlist: happy\nLast-Modified: 2026-11-30T01:02:14Z\nOK\n",
    b"listplaylistinfo": b"file: happy/a.ogg\nTitle: A\nTime: 60\nOK\n",
    b"addid": b"Id: 2\nOK\n",
    b"outputs": b"outputid: 0\noutputname: x\noutputenabled: 1\nOK\n",
    b"commands": b"command: status\ncommand: addid\nOK\n",
}


@contextmanager
def broken_mpd(path):
    """An MPD that answers each command with mangled lines, and hangs up now and then."""
    chance = random.Random(1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        server = threading.Thread(target=_serve, args=(listener, chance))
        server.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
        server.join()


def _serve(listener, chance):
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, suppress(OSError):
            client.settimeout(5)
            client.sendall(b"OK MPD 0.23.5\n")
            for line in client.makefile("rb"):
                good = ANSWERS.get(line.split()[0], b"OK\n")
                bad = mangled(good, chance) if chance.random() < 0.3 else good
                client.sendall(bad)
                if not (b"\n" + bad).endswith(b"\nOK\n"):
                    break  # MPD would send the rest, for which the client waits


@pytest.mark.real_time
def test_a_broken_mpd_is_lost_and_never_a_traceback(tmp_path):
    path = tmp_path / "socket"
    with broken_mpd(path):
        player = MpdPlayer(
            address=str(path), playlists={Emotion.HAPPY: ("happy",)}, random=random.Random(1)
        )
        said = set()
        for number in range(NUMBER):
            begun = time.process_time()
            try:
                player.playback(float(number))
                with suppress(SongsAwaitedError):
                    player.carry_out(Decision(Emotion.HAPPY, "switch", ""), float(number))
            except PlayerError as error:
                said.add(str(error))
            assert time.process_time() - begun < LONGEST_S
        player.close()
    assert any("makes no sense" in text for text in said)


@pytest.mark.parametrize("piece", [b"x" * 1000, b"a: b\n" * 200, b"cpos: 0\nId: 1\n" * 100])
def test_an_answer_of_mpd_without_an_end_is_not_waited_for(tmp_path, monkeypatch, piece):
    monkeypatch.setattr("appliance.player.client.LONGEST_ANSWER", 200_000)
    path, sent = tmp_path / "socket", []

    def never_ends(listener):
        client, _ = listener.accept()
        with client, suppress(OSError):
            client.settimeout(5)
            client.sendall(b"OK MPD 0.23.5\n")
            while client.recv(1000):
                while len(sent) < 10_000:  # more than any buffer between the two holds
                    client.sendall(piece)
                    sent.append(piece)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        server = threading.Thread(target=never_ends, args=(listener,))
        server.start()
        client = Client()
        client.connect(str(path))
        with pytest.raises(MPDError):
            list(client.changed_places("0", 1)) if piece.startswith(b"cpos") else client.status()
        server.join()
    assert len(sent) < 10_000
