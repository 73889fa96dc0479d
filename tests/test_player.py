import itertools
import os
import random
import signal
import socket
import wave
from contextlib import suppress

import numpy as np
import pytest
from conftest import TONES_HZ, wait_for
from playing import FEAR, HAPPY, NEUTRAL, SAD, SOURCES, Box

from appliance.errors import PlayerError
from appliance.player import connection
from appliance.player.client import Client
from appliance.player.connection import Address, find_mpd
from appliance.player.mpd_player import MpdPlayer
from appliance.private_mpd import process as private
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Emotion

client_state = Client.state
# python-mpd2 3.1.1 leaves a socket that broke, or was refused, to the garbage collector.
broken_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def box(shared_mpd, app):
    assert app.status()["playlistlength"] == "0"
    box = Box(shared_mpd)
    yield box
    box.close()


@pytest.fixture
def own_box(own_mpd):
    """A box whose MPD and music the test may spoil."""
    box = Box(own_mpd)
    yield box
    box.close()


# Playing


def tones_in(file):
    """The tones of a recording one after the other, in hertz, read from windows of 0.1 s."""
    with wave.open(str(file)) as wav:
        rate = wav.getframerate()
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")[::2]
    windows = samples[: len(samples) // (rate // 10) * (rate // 10)].reshape(-1, rate // 10)
    loud = windows[np.abs(windows).max(axis=1) > 500]
    peaks = np.abs(np.fft.rfft(loud, axis=1)).argmax(axis=1) * 10
    changed = np.diff(peaks, prepend=-1) != 0
    lasting = np.diff(np.append(np.flatnonzero(changed), len(peaks))) >= 3
    return [int(peak) for peak in peaks[changed][lasting]]


def test_a_recording_tells_which_mood_was_played(tmp_path, music):
    file = tmp_path / "played.wav"
    with PrivateMpd(tmp_path / "mpd", music, f"record:{file}") as mpd:
        box = Box(mpd, crossfade_s=0.6)
        box.put_on(HAPPY)
        wait_for(lambda: float(box.app.status().get("elapsed", 0)) > 0.3)
        box.put_on(SAD)
        wait_for(lambda: float(box.app.status().get("elapsed", 0)) > 0.3)
        box.put_on(NEUTRAL, "append")
        box.to_the_end()
        wait_for(lambda: box.plays(NEUTRAL))
        wait_for(lambda: float(box.app.status().get("elapsed", 0)) > 0.5)
        box.close()
    assert tones_in(file) == [TONES_HZ[HAPPY], TONES_HZ[SAD], TONES_HZ[NEUTRAL]]


def test_what_plays_is_described(box):
    assert box.look().state == "stop"
    play = box.put_on(HAPPY)
    assert (play.emotion, play.source, play.reason) == (HAPPY, "happy", "test")
    assert play.uri == f"happy/{play.title}.wav"
    seen = box.look()
    assert (seen.state, seen.title, seen.emotion) == ("play", play.title, HAPPY)
    assert (seen.queued_after, seen.listener) == (0, False)
    assert 3 < seen.remaining_s <= 4


def test_between_two_looks_time_goes_on_and_what_a_person_does_is_seen_at_once(box, monkeypatch):
    box.put_on(HAPPY)
    box.look()
    one, other = wait_for(lambda: unasked_looks(box, monkeypatch))
    assert other.remaining_s == pytest.approx(one.remaining_s - 0.1)
    box.app.pause(1)
    assert box.look(after_s=0.1).state == "pause"


def unasked_looks(box, monkeypatch):
    """What two looks give for which MPD is not asked; None if it was."""
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr(Client, "state", lambda self: asked.append(1) or client_state(self))
        looks = [box.look(after_s=0.1) for _ in range(2)]
    return None if asked else looks


@broken_sockets
@pytest.mark.parametrize("lost", [False, True])
def test_a_silent_mpd_is_asked_every_twenty_seconds_whether_it_is_there(box, lost, monkeypatch):
    wait_for(lambda: unasked_looks(box, monkeypatch))
    if lost:
        monkeypatch.setattr(Client, "is_readable", False)  # as when the network went away
        box.player._connection._client._sock.shutdown(socket.SHUT_RDWR)
    box.look(after_s=15)
    if lost:
        with pytest.raises(PlayerError):
            box.look(after_s=5)
    else:
        box.look(after_s=5)


def test_an_appended_song_waits_for_the_end_of_the_one_before(box):
    box.put_on(HAPPY)
    box.put_on(SAD, "append")
    assert box.look().emotion == HAPPY
    assert box.look().queued_after == 1
    box.to_the_end()
    assert wait_for(lambda: box.plays(SAD))
    assert not box.look().listener


def test_an_appended_song_that_a_newer_mood_makes_stale_is_taken_back(box):
    box.put_on(HAPPY)
    box.put_on(SAD, "append")
    box.put_on(NEUTRAL, "append")
    assert box.queue() == ["happy", "neutral"]
    box.put_on(SAD)
    assert box.queue() == ["happy", "sad"]


def test_songs_repeat_only_after_all_were_heard(box):
    titles = [box.put_on(HAPPY).title for _ in range(30)]
    for first in range(0, 30, 3):
        assert len(set(titles[first : first + 3])) == 3
    assert all(one != other for one, other in itertools.pairwise(titles))


def test_own_played_songs_do_not_pile_up_and_the_listeners_stay(box):
    box.app.add("own/own-0.wav")
    for _ in range(6):
        box.put_on(HAPPY)
        box.look()
    assert sorted(box.queue()) == ["happy"] * 4 + ["own"]
    box.app.repeat(1)
    box.look()
    box.put_on(SAD)
    box.look()
    assert sorted(box.queue()) == ["own", "sad"]


# Fading


def fade_to_its_end(box, steps=30):
    """The volume after each step, and the names of what played."""
    seen = []
    for _ in range(steps):
        box.look(after_s=0.1)
        seen.append((int(box.app.status()["volume"]), box.app.currentsong()["file"][:3]))
    return seen


def test_a_fade_goes_down_over_and_up_to_the_listeners_volume(box):
    box.app.setvol(60)
    box.put_on(HAPPY)
    box.look()
    box.put_on(SAD, "fade")
    assert box.look(after_s=0.1).emotion == SAD  # decided: the policy has nothing left to do
    seen = fade_to_its_end(box)
    down = [volume for volume, song in seen if song == "hap"]
    up = [volume for volume, song in seen if song == "sad"]
    assert down == sorted(down, reverse=True)
    assert up == sorted(up)
    assert len(set(down)) > 5
    assert min(up) <= 6
    assert up[-1] == 60
    assert box.queue() == ["happy", "sad"]


def test_a_song_that_ends_during_its_fade_lets_the_next_one_rise(box):
    box.put_on(HAPPY)
    box.look()
    box.to_the_end()
    box.look(after_s=0.01)
    box.put_on(SAD, "fade")
    fade_to_its_end(box, 2)
    wait_for(lambda: box.app.currentsong()["file"].startswith("sad"))
    box.look(after_s=0.1)
    up = [volume for volume, _ in fade_to_its_end(box)]
    assert up == sorted(up)
    assert up[-1] == 100


@pytest.mark.parametrize("steps", [5, 16], ids=["on the way down", "on the way up"])
@pytest.mark.parametrize("volume", [90, 3])
def test_the_listeners_hand_on_the_volume_ends_the_fade(box, steps, volume):
    box.app.setvol(60)
    box.put_on(HAPPY)
    box.look()
    box.put_on(SAD, "fade")
    fade_to_its_end(box, steps)
    box.app.setvol(volume)
    assert fade_to_its_end(box)[-1] == (volume, "sad")


def test_the_listener_may_take_the_coming_song_out_in_the_middle_of_a_fade(box):
    box.app.setvol(60)
    box.put_on(HAPPY)
    box.look()
    box.put_on(SAD, "fade")
    fade_to_its_end(box, 3)
    box.app.delete(1)
    fade_to_its_end(box)
    assert box.app.status()["volume"] == "60"


@broken_sockets
@pytest.mark.parametrize("steps", [5, 16], ids=["on the way down", "on the way up"])
@pytest.mark.parametrize("how", ["pause", "choose", "switch", "again", "close", "lose"])
def test_however_a_fade_ends_the_volume_is_the_listeners_again(box, steps, how):
    box.app.setvol(60)
    own = box.app.addid("own/own-0.wav")
    box.put_on(HAPPY)
    box.look()
    box.put_on(SAD, "fade")
    assert fade_to_its_end(box, steps)[-1][0] < 40
    if how == "pause":
        box.app.pause(1)
    elif how == "choose":
        box.app.playid(own)
    elif how == "switch":
        box.put_on(NEUTRAL)
    elif how == "again":
        box.put_on(NEUTRAL, "fade")
        fade_to_its_end(box)
    elif how == "close":
        box.player.close()
    elif how == "lose":
        box.player._connection._client._sock.shutdown(socket.SHUT_RDWR)
        with pytest.raises(PlayerError):
            box.look()
    box.look(after_s=0.1)
    assert box.app.status()["volume"] == "60"


def test_without_a_mixer_it_switches_and_says_so_once(tmp_path, music, monkeypatch, caplog):
    block = 'audio_output {\ntype "null"\nname "null"\nsync "yes"\nmixer_type "none"\n}'
    monkeypatch.setattr(private, "output_blocks", lambda *_, **__: [block])
    with PrivateMpd(tmp_path / "mpd", music, "null") as mpd:
        box = Box(mpd)
        box.put_on(HAPPY)
        for emotion in (SAD, NEUTRAL):
            box.look()
            box.put_on(emotion, "fade")
            assert box.plays(emotion)
        box.close()
    assert [record.message for record in caplog.records] == [caplog.records[0].message]
    assert "no volume control" in caplog.records[0].message


# The listener


@pytest.mark.parametrize("mode", ["repeat", "random", "single", "consume"])
@pytest.mark.parametrize("how", ["switch", "fade"])
def test_modes_and_queue_of_the_listener_stay_as_they_are(box, mode, how):
    box.app.add("own/own-0.wav")
    box.app.add("own/own-1.wav")
    getattr(box.app, mode)(1)
    for emotion in (HAPPY, SAD):
        box.put_on(emotion, how)
        fade_to_its_end(box)
    status = box.app.status()
    for name in ("repeat", "random", "single", "consume"):
        assert status[name] == ("1" if name == mode else "0"), name
    assert [song["file"] for song in box.app.playlistinfo() if "own" in song["file"]] == [
        "own/own-0.wav",
        "own/own-1.wav",
    ]


def test_a_switch_goes_before_the_rest_of_the_listeners_queue(box):
    box.app.add("own/own-0.wav")
    box.app.add("own/own-1.wav")
    box.app.play(0)
    box.look()
    box.put_on(HAPPY)
    assert box.queue() == ["own", "happy", "own"]
    assert box.look().queued_after == 1
    assert box.put_on(SAD, "append") is None
    assert box.queue() == ["own", "happy", "own"]


def test_a_waiting_song_goes_when_the_mood_changes_and_the_listener_has_queued(box):
    box.put_on(HAPPY)
    box.put_on(SAD, "append")
    box.app.add("own/own-0.wav")
    box.look()
    assert box.put_on(NEUTRAL, "append") is None
    assert box.queue() == ["happy", "own"]


def test_a_waiting_song_that_a_person_took_out_is_not_waited_for(box):
    box.app.repeat(1)
    box.put_on(HAPPY)
    box.put_on(SAD, "append")
    assert box.look().queued_after == 1
    box.app.delete(1)
    assert box.look().queued_after == 0
    assert box.put_on(SAD, "append")


@pytest.mark.parametrize(
    ("modes", "queue", "queued_after"),
    [
        ([], ["own/own-0.wav"], 1),
        (["repeat"], ["own/own-0.wav"], 1),
        (["random"], ["own/own-0.wav", "own/own-1.wav"], 2),
        (["random", "repeat"], ["own/own-0.wav", "own/own-1.wav"], 2),
        (["random", "repeat"], [], 0),
        (["repeat"], [], 0),
    ],
)
def test_songs_after_are_those_that_will_really_play(box, modes, queue, queued_after):
    for mode in modes:
        getattr(box.app, mode)(1)
    for _ in range(3):
        box.put_on(HAPPY)
        box.look()
    for song in queue:
        box.app.add(song)
    assert box.look().queued_after == queued_after


def pause(box):
    box.app.pause(1)


def stop(box):
    box.app.stop()


def clear(box):
    box.app.clear()


def stop_by_single(box):
    box.app.single(1)
    box.to_the_end()
    wait_for(lambda: box.state_is("stop"))


def pause_by_single(box):
    box.put_on(SAD, "append")
    box.app.single(1)
    box.to_the_end()
    wait_for(lambda: box.state_is("pause"))


def play_own(box):
    box.app.playid(box.app.addid("own/own-0.wav"))


def go_back(box):
    box.put_on(HAPPY)
    box.look()
    box.app.previous()


@pytest.mark.parametrize(
    "deed", [pause, stop, clear, stop_by_single, pause_by_single, play_own, go_back]
)
def test_what_a_person_did_stays_until_they_play_again(box, deed):
    box.put_on(HAPPY)
    assert not box.look().listener
    deed(box)
    for _ in range(3):
        assert box.look().listener


@pytest.mark.parametrize("deed", [pause, stop, pause_by_single])
def test_the_box_may_act_again_when_a_person_plays(box, deed):
    box.put_on(HAPPY)
    box.look()
    deed(box)
    assert box.look().listener
    box.app.play()
    seen = box.look()
    assert (seen.state, seen.listener) == ("play", False)


def run_out(box):
    box.to_the_end()


def run_out_consumed(box):
    box.app.consume(1)
    box.to_the_end()
    box.look()


def skip_the_last(box):
    box.app.next()


@pytest.mark.parametrize("deed", [run_out, run_out_consumed, skip_the_last])
def test_the_end_of_the_queue_is_no_stop_by_a_person(box, deed):
    box.put_on(HAPPY)
    box.look()
    deed(box)
    wait_for(lambda: box.state_is("stop"))
    assert not box.look().listener
    assert box.put_on(HAPPY)
    assert box.plays(HAPPY)


def test_music_that_a_person_already_plays_is_theirs(box):
    play_own(box)
    seen = box.look()
    assert (seen.title, seen.emotion, seen.listener) == ("own-0", None, True)
    box.to_the_end()
    wait_for(lambda: box.state_is("stop"))
    assert not box.look().listener


def test_a_pause_from_before_the_start_is_kept(box):
    play_own(box)
    box.app.pause(1)
    assert box.look().listener


# What goes wrong


@pytest.mark.parametrize("how", ["switch", "append", "fade"])
def test_a_missing_playlist_is_one_warning_and_the_music_goes_on(box, how, caplog):
    box.put_on(HAPPY)
    for _ in range(30):
        assert box.plays(HAPPY)
        assert box.put_on(FEAR, how) is None
    assert len(caplog.records) == 1
    assert "fear: MPD has no stored playlist and no folder" in caplog.text
    assert box.put_on(Emotion.ANGRY) is None
    assert "angry: no playlist is named" in caplog.text


def test_a_playlist_that_appears_is_used(box):
    assert box.put_on(FEAR) is None
    box.app.add("own/own-0.wav")
    box.app.save("nowhere")
    box.look(after_s=11)
    assert box.put_on(FEAR).title == "own-0"


@pytest.mark.parametrize("how", ["switch", "append", "fade"])
def test_an_unplayable_song_is_left_out_with_one_line(own_box, how, caplog):
    box = own_box
    for number in (0, 1):
        (box.mpd.music / "sad" / f"sad-{number}.wav").unlink()
    box.put_on(HAPPY)
    box.look()

    def plays_in_the_end():
        seen = box.look(after_s=0.5)
        assert not seen.listener
        if seen.state == "stop":
            box.put_on(SAD)
        return box.app.currentsong().get("file") == "sad/sad-2.wav" and box.plays(SAD)

    box.put_on(SAD, how)
    if how == "append":
        box.to_the_end()
    wait_for(plays_in_the_end)
    lines = [record.message for record in caplog.records]
    assert 1 <= len(lines) == len(set(lines)) <= 2
    assert all(line.startswith("sad/sad-") for line in lines)


def test_a_mood_whose_songs_all_fail_does_not_spin(own_box, caplog):
    box = own_box
    for song in (box.mpd.music / "sad").iterdir():
        song.write_bytes(b"no music at all")
    tries = 0
    for _ in range(100):  # ten seconds of the loop
        if box.look(after_s=0.1).state == "stop":
            tries += box.put_on(SAD) is not None
        if box.app.status()["state"] == "play":
            wait_for(lambda: box.state_is("stop"))
    assert tries == 3
    assert len(caplog.records) == 3


DEAD = 'audio_output {\ntype "alsa"\nname "gone"\ndevice "hw:99"\n}'
SPARE = 'audio_output {\ntype "null"\nname "spare"\n}'
SPARE_OFF = SPARE.replace("}", 'enabled "no"\n}')


def test_a_dead_output_is_an_error_and_music_comes_back_with_it(tmp_path, music, monkeypatch):
    monkeypatch.setattr(private, "output_blocks", lambda *_, **__: [DEAD, SPARE_OFF])
    with PrivateMpd(tmp_path / "mpd", music, "null") as mpd:
        box = Box(mpd)
        play_own(box)
        wait_for(lambda: box.state_is("pause"))
        assert box.look().listener  # it stood like this before: somebody else's affair
        box.put_on(HAPPY)
        wait_for(lambda: box.state_is("pause"))
        for _ in range(3):
            with pytest.raises(PlayerError, match=r"cannot be heard.*gone"):
                box.look()
        box.app.enableoutput(1)
        with pytest.raises(PlayerError):
            box.look()  # this one starts it again
        assert box.plays(HAPPY)
        box.close()


def test_a_song_that_mpd_could_not_resume_at_its_start_goes_on(tmp_path, music, monkeypatch):
    """At power-on MPD may be there before the sound card."""
    monkeypatch.setattr(private, "output_blocks", lambda *_, **__: [SPARE])
    folder = tmp_path / "mpd"
    with PrivateMpd(folder, music, "null") as mpd:
        box = Box(mpd)
        song = box.put_on(HAPPY)
        assert box.plays(HAPPY)
        box.close()
    monkeypatch.setattr(private, "output_blocks", lambda *_, **__: [DEAD, SPARE_OFF])
    with PrivateMpd(folder, music, "null") as mpd:
        box = Box(mpd, put_on=[song])
        wait_for(lambda: box.state_is("pause"))
        with pytest.raises(PlayerError, match=r"cannot be heard.*gone"):
            box.look()
        box.app.enableoutput(1)
        with suppress(PlayerError):
            box.look()
        assert box.plays(HAPPY)
        assert not box.look().listener
        box.close()


def restart_politely(mpd):
    mpd.stop()


def restart_after_a_crash(mpd):
    mpd.kill()


@broken_sockets
@pytest.mark.parametrize("end", [restart_politely, restart_after_a_crash])
def test_mpd_restarted_in_the_middle_of_a_song_plays_again(own_box, end):
    box, mpd = own_box, own_box.mpd
    box.app.deleteid(box.app.addid("own/own-0.wav"))  # a restarted MPD counts its ids anew
    box.put_on(SAD)
    box.put_on(HAPPY)
    assert box.plays(HAPPY)
    end(mpd)
    for _ in range(2):
        with pytest.raises(PlayerError, match=r"MPD at .*socket"):
            box.look()
    mpd.start()
    box.open_app()
    seen = box.look()
    assert not seen.listener
    if seen.state == "stop":  # what policy does then
        assert box.put_on(HAPPY)
    assert box.plays(HAPPY)
    assert not box.look().listener
    assert len(box.player._queue.own) == len(box.queue())


@broken_sockets
def test_an_older_song_of_ours_that_a_restarted_mpd_plays_is_not_a_persons_choice(own_box):
    box, mpd = own_box, own_box.mpd
    box.put_on(SAD)
    box.put_on(HAPPY)
    box.look()
    mpd.stop()
    state = mpd.folder / "state"  # as if saved before the last switch
    state.write_text(state.read_text().replace("current: 1", "current: 0"))
    with pytest.raises(PlayerError):
        box.look()
    mpd.start()
    box.open_app()
    assert box.plays(SAD)
    assert not box.look().listener


@broken_sockets
def test_an_mpd_that_is_not_there_yet_is_waited_for(tmp_path, music):
    mpd = PrivateMpd(tmp_path / "mpd", music, "null")
    player = MpdPlayer(address=str(mpd.socket), playlists=SOURCES, random=random.Random(1))
    for time_s in (0.0, 1.0):
        with pytest.raises(PlayerError):
            player.playback(time_s)
    with mpd:
        assert player.playback(2.0).state == "stop"
        player.close()


@broken_sockets
def test_an_mpd_that_hangs_is_an_error_and_comes_back(own_box, monkeypatch):
    box, mpd = own_box, own_box.mpd
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.2)
    box.put_on(HAPPY)
    os.kill(mpd.pid, signal.SIGSTOP)
    try:
        for _ in range(2):
            with pytest.raises(PlayerError, match="timed out"):
                box.look()
    finally:
        os.kill(mpd.pid, signal.SIGCONT)
    assert box.plays(HAPPY)
    assert not box.look().listener


# Where MPD is


class TcpMpd(PrivateMpd):
    """One that listens on TCP too and wants a password."""

    port = 0

    def _config(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        return super()._config() + (
            f'bind_to_address "127.0.0.1:{self.port}"\n'
            'password "open sesame@read,add,control,admin"\npassword "look@read"\n'
            'default_permissions ""\nlocal_permissions "read,add,control,admin"\n'
        )


def test_tcp_with_a_password(tmp_path, music, monkeypatch):
    with TcpMpd(tmp_path / "mpd", music, "null") as mpd:
        tcp = {"address": "127.0.0.1", "port": mpd.port}
        for password in ("", "wrong"):
            player = MpdPlayer(**tcp, password=password, playlists=SOURCES, random=random.Random(1))
            with pytest.raises(PlayerError, match=r"permission|password") as raised:
                player.playback(0.0)
            assert "wrong" not in str(raised.value)
        onlooker = Box(mpd, **tcp, password="look")
        assert onlooker.look().state == "stop"
        with pytest.raises(PlayerError, match="permission"):
            onlooker.put_on(HAPPY)
        onlooker.close()
        monkeypatch.setenv("MPD_HOST", "open sesame@127.0.0.1")
        monkeypatch.setenv("MPD_PORT", str(mpd.port))
        for where in ({**tcp, "password": "open sesame"}, {"address": ""}):
            box = Box(mpd, **where)
            assert box.put_on(HAPPY)
            assert box.plays(HAPPY)
            assert box.player.address == f"127.0.0.1:{mpd.port}"
            box.close()


@pytest.mark.parametrize(
    ("given", "environment", "found"),
    [
        (("/run/here", 6600, "pw"), {"MPD_HOST": "there"}, ("/run/here", 6600, "pw")),
        (("jukebox.lan", 6601, ""), {"MPD_PORT": "7"}, ("jukebox.lan", 6601, "")),
        (("", 6600, ""), {"MPD_HOST": "there"}, ("there", 6600, "")),
        (("", 6600, ""), {"MPD_HOST": "there", "MPD_PORT": "7"}, ("there", 7, "")),
        (("", 6600, ""), {"MPD_HOST": "pw@there"}, ("there", 6600, "pw")),
        (("", 6600, ""), {"MPD_HOST": "pw@/a/socket"}, ("/a/socket", 6600, "pw")),
        (("", 6600, ""), {"MPD_HOST": "/a/socket"}, ("/a/socket", 6600, "")),
        (("", 6600, ""), {"MPD_HOST": "@abstract"}, ("@abstract", 6600, "")),
        (("", 6600, ""), {"MPD_HOST": "pw@@abstract"}, ("@abstract", 6600, "pw")),
        (("", 6600, "own"), {"MPD_HOST": "there"}, ("there", 6600, "own")),
        (("", 6600, ""), {"MPD_PORT": "7"}, ("localhost", 7, "")),
        (("", 6600, ""), {"XDG_RUNTIME_DIR": "RUNTIME"}, ("RUNTIME/mpd/socket", 6600, "")),
    ],
)
def test_where_mpd_is_found(tmp_path, given, environment, found):
    runtime = str(tmp_path)
    (tmp_path / "mpd").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{runtime}/mpd/socket")
    environment = {key: value.replace("RUNTIME", runtime) for key, value in environment.items()}
    host, port, password = found
    expected = Address(host.replace("RUNTIME", runtime), port, password)
    assert find_mpd(Address(*given), environment) == expected


def test_a_port_that_is_none_is_said():
    with pytest.raises(PlayerError, match="MPD_PORT is 'x'"):
        find_mpd(Address("", 6600, ""), {"MPD_PORT": "x"})
