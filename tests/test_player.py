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
from mpd import CommandError
from playing import FEAR, HAPPY, NEUTRAL, SAD, SOURCES, DrivenPlayer

from appliance.errors import PlayerError
from appliance.player import connection
from appliance.player.client import Client
from appliance.player.connection import Address, find_mpd
from appliance.player.mpd_player import MpdPlayer
from appliance.private_mpd import process as private
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Emotion

client_state = Client.state
# python-mpd2 3.1.1 leaves a broken or refused socket to the garbage collector.
broken_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def jukebox(shared_mpd, app):
    assert app.status()["playlistlength"] == "0"
    jukebox = DrivenPlayer(shared_mpd)
    yield jukebox
    jukebox.close()


@pytest.fixture
def own_jukebox(own_mpd):
    """A jukebox whose MPD and music the test may spoil."""
    jukebox = DrivenPlayer(own_mpd)
    yield jukebox
    jukebox.close()


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
        jukebox = DrivenPlayer(mpd, crossfade_s=0.6)
        jukebox.put_on(HAPPY)
        wait_for(lambda: float(jukebox.app.status().get("elapsed", 0)) > 0.3)
        jukebox.put_on(SAD)
        wait_for(lambda: float(jukebox.app.status().get("elapsed", 0)) > 0.3)
        jukebox.put_on(NEUTRAL, "append")
        jukebox.to_the_end()
        wait_for(lambda: jukebox.plays(NEUTRAL))
        wait_for(lambda: float(jukebox.app.status().get("elapsed", 0)) > 0.5)
        jukebox.close()
    assert tones_in(file) == [TONES_HZ[HAPPY], TONES_HZ[SAD], TONES_HZ[NEUTRAL]]


def test_what_plays_is_described(jukebox):
    assert jukebox.playback().state == "stop"
    play = jukebox.put_on(HAPPY)
    assert (play.emotion, play.source, play.reason) == (HAPPY, "happy", "test")
    assert play.uri == f"happy/{play.title}.wav"
    seen = jukebox.playback()
    assert (seen.state, seen.title, seen.emotion) == ("play", play.title, HAPPY)
    assert (seen.queued_after, seen.listener) == (0, False)
    assert 3 < seen.remaining_s <= 4


def test_time_goes_on_without_asking_mpd_and_a_persons_action_is_seen_at_once(jukebox, monkeypatch):
    jukebox.put_on(HAPPY)
    jukebox.playback()
    first, second = wait_for(lambda: playbacks_unasked(jukebox, monkeypatch))
    assert second.remaining_s == pytest.approx(first.remaining_s - 0.1)
    jukebox.app.pause(1)
    assert jukebox.playback(after_s=0.1).state == "pause"


def playbacks_unasked(jukebox, monkeypatch):
    """Two playbacks for which MPD is not asked; None if it was asked."""
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr(Client, "state", lambda self: asked.append(1) or client_state(self))
        playbacks = [jukebox.playback(after_s=0.1) for _ in range(2)]
    return None if asked else playbacks


@broken_sockets
@pytest.mark.parametrize("lost", [False, True])
def test_a_silent_mpd_is_asked_every_twenty_seconds_if_it_is_still_there(
    jukebox, lost, monkeypatch
):
    wait_for(lambda: playbacks_unasked(jukebox, monkeypatch))
    if lost:
        monkeypatch.setattr(Client, "is_readable", False)  # as when the network went away
        jukebox.player._connection._client._sock.shutdown(socket.SHUT_RDWR)
    jukebox.playback(after_s=15)
    if lost:
        with pytest.raises(PlayerError):
            jukebox.playback(after_s=5)
    else:
        jukebox.playback(after_s=5)


def test_an_appended_song_waits_for_the_end_of_the_one_before(jukebox):
    jukebox.put_on(HAPPY)
    jukebox.put_on(SAD, "append")
    assert jukebox.playback().emotion == HAPPY
    assert jukebox.playback().queued_after == 1
    jukebox.to_the_end()
    assert wait_for(lambda: jukebox.plays(SAD))
    assert not jukebox.playback().listener


def test_an_appended_song_is_removed_when_the_mood_has_changed(jukebox):
    jukebox.put_on(HAPPY)
    jukebox.put_on(SAD, "append")
    jukebox.put_on(NEUTRAL, "append")
    assert jukebox.queue() == ["happy", "neutral"]
    jukebox.put_on(SAD)
    assert jukebox.queue() == ["happy", "sad"]


def test_songs_repeat_only_after_all_were_heard(jukebox):
    titles = [jukebox.put_on(HAPPY).title for _ in range(30)]
    for first in range(0, 30, 3):
        assert len(set(titles[first : first + 3])) == 3
    assert all(title != following for title, following in itertools.pairwise(titles))


def test_own_played_songs_do_not_pile_up_and_the_listeners_stay(jukebox):
    jukebox.app.add("own/own-0.wav")
    for _ in range(6):
        jukebox.put_on(HAPPY)
        jukebox.playback()
    assert sorted(jukebox.queue()) == ["happy"] * 4 + ["own"]
    jukebox.app.repeat(1)
    jukebox.playback()
    jukebox.put_on(SAD)
    jukebox.playback()
    assert sorted(jukebox.queue()) == ["own", "sad"]


# Fading


def fade_to_its_end(jukebox, steps=30):
    """The volume after each step, and the names of what played."""
    seen = []
    for _ in range(steps):
        jukebox.playback(after_s=0.1)
        seen.append((int(jukebox.app.status()["volume"]), jukebox.app.currentsong()["file"][:3]))
    return seen


def test_a_fade_goes_down_over_and_up_to_the_listeners_volume(jukebox):
    jukebox.app.setvol(60)
    jukebox.put_on(HAPPY)
    jukebox.playback()
    jukebox.put_on(SAD, "fade")
    assert (
        jukebox.playback(after_s=0.1).emotion == SAD
    )  # decided: the policy has nothing left to do
    seen = fade_to_its_end(jukebox)
    down = [volume for volume, song in seen if song == "hap"]
    up = [volume for volume, song in seen if song == "sad"]
    assert down == sorted(down, reverse=True)
    assert up == sorted(up)
    assert len(set(down)) > 5
    assert min(up) <= 6
    assert up[-1] == 60
    assert jukebox.queue() == ["happy", "sad"]


def test_a_song_that_ends_during_its_fade_lets_the_next_one_rise(jukebox):
    jukebox.put_on(HAPPY)
    jukebox.playback()
    jukebox.to_the_end()
    jukebox.playback(after_s=0.01)
    jukebox.put_on(SAD, "fade")
    fade_to_its_end(jukebox, 2)
    wait_for(lambda: jukebox.app.currentsong()["file"].startswith("sad"))
    jukebox.playback(after_s=0.1)
    up = [volume for volume, _ in fade_to_its_end(jukebox)]
    assert up == sorted(up)
    assert up[-1] == 100


@pytest.mark.parametrize("steps", [5, 16], ids=["falling", "rising"])
@pytest.mark.parametrize("volume", [90, 3])
def test_a_listener_who_changes_the_volume_ends_the_fade(jukebox, steps, volume):
    jukebox.app.setvol(60)
    jukebox.put_on(HAPPY)
    jukebox.playback()
    jukebox.put_on(SAD, "fade")
    fade_to_its_end(jukebox, steps)
    jukebox.app.setvol(volume)
    assert fade_to_its_end(jukebox)[-1] == (volume, "sad")


def test_the_listener_may_remove_the_coming_song_in_the_middle_of_a_fade(jukebox):
    jukebox.app.setvol(60)
    jukebox.put_on(HAPPY)
    jukebox.playback()
    jukebox.put_on(SAD, "fade")
    fade_to_its_end(jukebox, 3)
    jukebox.app.delete(1)
    fade_to_its_end(jukebox)
    assert jukebox.app.status()["volume"] == "60"


@broken_sockets
@pytest.mark.parametrize("steps", [5, 16], ids=["falling", "rising"])
@pytest.mark.parametrize("how", ["pause", "choose", "switch", "again", "close", "lose"])
def test_however_a_fade_ends_the_volume_is_the_listeners_again(jukebox, steps, how):
    jukebox.app.setvol(60)
    own = jukebox.app.addid("own/own-0.wav")
    jukebox.put_on(HAPPY)
    jukebox.playback()
    jukebox.put_on(SAD, "fade")
    assert fade_to_its_end(jukebox, steps)[-1][0] < 40
    if how == "pause":
        jukebox.app.pause(1)
    elif how == "choose":
        jukebox.app.playid(own)
    elif how == "switch":
        jukebox.put_on(NEUTRAL)
    elif how == "again":
        jukebox.put_on(NEUTRAL, "fade")
        fade_to_its_end(jukebox)
    elif how == "close":
        jukebox.player.close()
    elif how == "lose":
        jukebox.player._connection._client._sock.shutdown(socket.SHUT_RDWR)
        with pytest.raises(PlayerError):
            jukebox.playback()
    jukebox.playback(after_s=0.1)
    assert jukebox.app.status()["volume"] == "60"


def test_without_a_mixer_it_switches_and_says_so_once(tmp_path, music, monkeypatch, caplog):
    block = 'audio_output {\ntype "null"\nname "null"\nsync "yes"\nmixer_type "none"\n}'
    monkeypatch.setattr(private, "output_blocks", lambda *_, **__: [block])
    with PrivateMpd(tmp_path / "mpd", music, "null") as mpd:
        jukebox = DrivenPlayer(mpd)
        jukebox.put_on(HAPPY)
        for emotion in (SAD, NEUTRAL):
            jukebox.playback()
            jukebox.put_on(emotion, "fade")
            assert jukebox.plays(emotion)
        jukebox.close()
    assert [record.message for record in caplog.records] == [caplog.records[0].message]
    assert "no volume control" in caplog.records[0].message


# The listener


@pytest.mark.parametrize("mode", ["repeat", "random", "single", "consume"])
@pytest.mark.parametrize("how", ["switch", "fade"])
def test_modes_and_queue_of_the_listener_stay_as_they_are(jukebox, mode, how):
    jukebox.app.add("own/own-0.wav")
    jukebox.app.add("own/own-1.wav")
    getattr(jukebox.app, mode)(1)
    for emotion in (HAPPY, SAD):
        jukebox.put_on(emotion, how)
        fade_to_its_end(jukebox)
    status = jukebox.app.status()
    for name in ("repeat", "random", "single", "consume"):
        assert status[name] == ("1" if name == mode else "0"), name
    assert [song["file"] for song in jukebox.app.playlistinfo() if "own" in song["file"]] == [
        "own/own-0.wav",
        "own/own-1.wav",
    ]


def test_a_switch_goes_before_the_rest_of_the_listeners_queue(jukebox):
    jukebox.app.add("own/own-0.wav")
    jukebox.app.add("own/own-1.wav")
    jukebox.app.play(0)
    jukebox.playback()
    jukebox.put_on(HAPPY)
    assert jukebox.queue() == ["own", "happy", "own"]
    assert jukebox.playback().queued_after == 1
    assert jukebox.put_on(SAD, "append") is None
    assert jukebox.queue() == ["own", "happy", "own"]


def test_a_waiting_song_is_removed_when_the_mood_changes_and_the_listener_has_queued(jukebox):
    jukebox.put_on(HAPPY)
    jukebox.put_on(SAD, "append")
    jukebox.app.add("own/own-0.wav")
    jukebox.playback()
    assert jukebox.put_on(NEUTRAL, "append") is None
    assert jukebox.queue() == ["happy", "own"]


def test_a_waiting_song_that_a_person_removed_is_not_waited_for(jukebox):
    jukebox.app.repeat(1)
    jukebox.put_on(HAPPY)
    jukebox.put_on(SAD, "append")
    assert jukebox.playback().queued_after == 1
    jukebox.app.delete(1)
    assert jukebox.playback().queued_after == 0
    assert jukebox.put_on(SAD, "append")


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
def test_queued_after_counts_the_songs_that_will_really_play(jukebox, modes, queue, queued_after):
    for mode in modes:
        getattr(jukebox.app, mode)(1)
    for _ in range(3):
        jukebox.put_on(HAPPY)
        jukebox.playback()
    for song in queue:
        jukebox.app.add(song)
    assert jukebox.playback().queued_after == queued_after


def pause(jukebox):
    jukebox.app.pause(1)


def stop(jukebox):
    jukebox.app.stop()


def clear(jukebox):
    jukebox.app.clear()


def stop_by_single(jukebox):
    jukebox.app.single(1)
    jukebox.to_the_end()
    wait_for(lambda: jukebox.state_is("stop"))


def pause_by_single(jukebox):
    jukebox.put_on(SAD, "append")
    jukebox.app.single(1)
    jukebox.to_the_end()
    wait_for(lambda: jukebox.state_is("pause"))


def play_own(jukebox):
    jukebox.app.playid(jukebox.app.addid("own/own-0.wav"))


def go_back(jukebox):
    jukebox.put_on(HAPPY)
    jukebox.playback()
    jukebox.app.previous()


@pytest.mark.parametrize(
    "action", [pause, stop, clear, stop_by_single, pause_by_single, play_own, go_back]
)
def test_what_a_person_did_stays_until_they_play_again(jukebox, action):
    jukebox.put_on(HAPPY)
    assert not jukebox.playback().listener
    action(jukebox)
    for _ in range(3):
        assert jukebox.playback().listener


@pytest.mark.parametrize("action", [pause, stop, pause_by_single])
def test_the_jukebox_may_act_again_when_a_person_plays(jukebox, action):
    jukebox.put_on(HAPPY)
    jukebox.playback()
    action(jukebox)
    assert jukebox.playback().listener
    jukebox.app.play()
    seen = jukebox.playback()
    assert (seen.state, seen.listener) == ("play", False)


def run_out(jukebox):
    jukebox.to_the_end()


def run_out_consumed(jukebox):
    jukebox.app.consume(1)
    jukebox.to_the_end()
    jukebox.playback()


def skip_the_last(jukebox):
    jukebox.app.next()


@pytest.mark.parametrize("action", [run_out, run_out_consumed, skip_the_last])
def test_the_end_of_the_queue_is_not_a_stop_by_a_person(jukebox, action):
    jukebox.put_on(HAPPY)
    jukebox.playback()
    action(jukebox)
    wait_for(lambda: jukebox.state_is("stop"))
    assert not jukebox.playback().listener
    assert jukebox.put_on(HAPPY)
    assert jukebox.plays(HAPPY)


def test_music_that_a_person_already_plays_is_theirs(jukebox):
    play_own(jukebox)
    seen = jukebox.playback()
    assert (seen.title, seen.emotion, seen.listener) == ("own-0", None, True)
    jukebox.to_the_end()
    wait_for(lambda: jukebox.state_is("stop"))
    assert not jukebox.playback().listener


def test_a_pause_from_before_the_start_is_kept(jukebox):
    play_own(jukebox)
    jukebox.app.pause(1)
    assert jukebox.playback().listener


# What goes wrong


@pytest.mark.parametrize("how", ["switch", "append", "fade"])
def test_a_missing_playlist_is_one_warning_and_the_music_goes_on(jukebox, how, caplog):
    jukebox.put_on(HAPPY)
    for _ in range(30):
        assert jukebox.plays(HAPPY)
        assert jukebox.put_on(FEAR, how) is None
    assert len(caplog.records) == 1
    assert "fear: MPD has no stored playlist and no folder" in caplog.text
    assert jukebox.put_on(Emotion.ANGRY) is None
    assert "angry: no playlist is named" in caplog.text


def test_a_playlist_that_appears_is_used(jukebox):
    assert jukebox.put_on(FEAR) is None
    jukebox.app.add("own/own-0.wav")
    jukebox.app.save("nowhere")
    jukebox.playback(after_s=11)
    assert jukebox.put_on(FEAR).title == "own-0"


@pytest.mark.parametrize("how", ["switch", "append", "fade"])
def test_an_unplayable_song_is_left_out_with_one_line(own_jukebox, how, caplog):
    jukebox = own_jukebox
    for number in (0, 1):
        (jukebox.mpd.music / "sad" / f"sad-{number}.wav").unlink()
    jukebox.put_on(HAPPY)
    jukebox.playback()

    def plays_in_the_end():
        seen = jukebox.playback(after_s=0.5)
        assert not seen.listener
        if seen.state == "stop":
            jukebox.put_on(SAD)
        return jukebox.app.currentsong().get("file") == "sad/sad-2.wav" and jukebox.plays(SAD)

    jukebox.put_on(SAD, how)
    if how == "append":
        jukebox.to_the_end()
    wait_for(plays_in_the_end)
    lines = [record.message for record in caplog.records]
    assert 1 <= len(lines) == len(set(lines)) <= 2
    assert all(line.startswith("sad/sad-") for line in lines)


def test_a_mood_whose_songs_all_fail_does_not_spin(own_jukebox, caplog):
    jukebox = own_jukebox
    for song in (jukebox.mpd.music / "sad").iterdir():
        song.write_bytes(b"no music at all")
    tries = 0
    for _ in range(100):  # ten seconds of the loop
        if jukebox.playback(after_s=0.1).state == "stop":
            tries += jukebox.put_on(SAD) is not None
        if jukebox.app.status()["state"] == "play":
            wait_for(lambda: jukebox.state_is("stop"))
    assert tries == 4  # each of the three at once, and one again after five seconds
    assert len(caplog.records) == 1  # there is one cause


DEAD = 'audio_output {\ntype "alsa"\nname "gone"\ndevice "hw:99"\n}'
SPARE = 'audio_output {\ntype "null"\nname "spare"\n}'
SPARE_OFF = SPARE.replace("}", 'enabled "no"\n}')


def test_a_dead_output_is_an_error_and_music_comes_back_with_it(tmp_path, music, monkeypatch):
    monkeypatch.setattr(private, "output_blocks", lambda *_, **__: [DEAD, SPARE_OFF])
    with PrivateMpd(tmp_path / "mpd", music, "null") as mpd:
        jukebox = DrivenPlayer(mpd)
        with suppress(CommandError):  # MPD may know of the output before it answers
            play_own(jukebox)
        wait_for(lambda: jukebox.state_is("pause"))
        assert jukebox.playback().listener  # it was like this before the jukebox came
        jukebox.put_on(HAPPY)
        wait_for(lambda: jukebox.state_is("pause"))
        for _ in range(3):
            with pytest.raises(PlayerError, match=r"cannot be heard.*gone"):
                jukebox.playback()
        jukebox.app.enableoutput(1)
        assert jukebox.plays(HAPPY)
        jukebox.close()


def test_a_song_that_mpd_could_not_resume_at_its_start_goes_on(tmp_path, music, monkeypatch):
    """At power-on MPD may be ready before the sound card is."""
    monkeypatch.setattr(private, "output_blocks", lambda *_, **__: [SPARE])
    folder = tmp_path / "mpd"
    with PrivateMpd(folder, music, "null") as mpd:
        jukebox = DrivenPlayer(mpd)
        song = jukebox.put_on(HAPPY)
        assert jukebox.plays(HAPPY)
        jukebox.close()
    monkeypatch.setattr(private, "output_blocks", lambda *_, **__: [DEAD, SPARE_OFF])
    with PrivateMpd(folder, music, "null") as mpd:
        jukebox = DrivenPlayer(mpd, put_on=[song])
        wait_for(lambda: jukebox.state_is("pause"))
        with pytest.raises(PlayerError, match=r"cannot be heard.*gone"):
            jukebox.playback()
        jukebox.app.enableoutput(1)
        assert jukebox.plays(HAPPY)
        assert not jukebox.playback().listener
        jukebox.close()


def restart_politely(mpd):
    mpd.stop()


def restart_after_a_crash(mpd):
    mpd.kill()


@broken_sockets
@pytest.mark.parametrize("end", [restart_politely, restart_after_a_crash])
def test_mpd_restarted_in_the_middle_of_a_song_plays_again(own_jukebox, end):
    jukebox, mpd = own_jukebox, own_jukebox.mpd
    jukebox.app.deleteid(jukebox.app.addid("own/own-0.wav"))  # a restarted MPD counts its ids anew
    jukebox.put_on(SAD)
    jukebox.put_on(HAPPY)
    assert jukebox.plays(HAPPY)
    end(mpd)
    for _ in range(2):
        with pytest.raises(PlayerError, match=r"MPD at .*socket"):
            jukebox.playback()
    mpd.start()
    jukebox.open_app()
    seen = jukebox.playback()
    assert not seen.listener
    if seen.state == "stop":  # what policy does then
        assert jukebox.put_on(HAPPY)
    assert jukebox.plays(HAPPY)
    assert not jukebox.playback().listener
    assert len(jukebox.player._queue.own) == len(jukebox.queue())


@broken_sockets
def test_an_older_own_song_that_a_restarted_mpd_plays_is_not_a_persons_choice(own_jukebox):
    jukebox, mpd = own_jukebox, own_jukebox.mpd
    jukebox.put_on(SAD)
    jukebox.put_on(HAPPY)
    jukebox.playback()
    mpd.stop()
    state = mpd.folder / "state"  # as if saved before the last switch
    state.write_text(state.read_text().replace("current: 1", "current: 0"))
    with pytest.raises(PlayerError):
        jukebox.playback()
    mpd.start()
    jukebox.open_app()
    assert jukebox.plays(SAD)
    assert not jukebox.playback().listener


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
def test_an_mpd_that_hangs_is_an_error_and_comes_back(own_jukebox, monkeypatch):
    jukebox, mpd = own_jukebox, own_jukebox.mpd
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.2)
    jukebox.put_on(HAPPY)
    os.kill(mpd.pid, signal.SIGSTOP)
    try:
        for _ in range(2):
            with pytest.raises(PlayerError, match="timed out"):
                jukebox.playback()
    finally:
        os.kill(mpd.pid, signal.SIGCONT)
    assert jukebox.plays(HAPPY)
    assert not jukebox.playback().listener


def test_an_mpd_that_hangs_is_waited_for_three_seconds(monkeypatch):
    limits = []

    def connect(client, host, port):
        limits.append(client.timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(Client, "connect", connect)
    player = MpdPlayer(address="/no/socket", playlists=SOURCES, random=random.Random(1))
    with pytest.raises(PlayerError, match="MPD at /no/socket: timed out"):
        player.playback(0.0)
    assert limits == [3]


# Where MPD is


class TcpMpd(PrivateMpd):
    """An MPD that listens on TCP, too, and wants a password."""

    port = 0

    def _config(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        return super()._config() + (
            f'bind_to_address "127.0.0.1:{self.port}"\n'
            'password "open sesame@read,add,control,admin"\npassword "readonly@read"\n'
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
        reader = DrivenPlayer(mpd, **tcp, password="readonly")
        assert reader.playback().state == "stop"
        assert reader.put_on(HAPPY) is None
        reader.close()
        monkeypatch.setenv("MPD_HOST", "open sesame@127.0.0.1")
        monkeypatch.setenv("MPD_PORT", str(mpd.port))
        for where in ({**tcp, "password": "open sesame"}, {"address": ""}):
            jukebox = DrivenPlayer(mpd, **where)
            assert jukebox.put_on(HAPPY)
            assert jukebox.plays(HAPPY)
            assert jukebox.player.address == f"127.0.0.1:{mpd.port}"
            jukebox.close()


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


def test_a_port_that_is_not_a_number_is_said():
    with pytest.raises(PlayerError, match="MPD_PORT is 'x'"):
        find_mpd(Address("", 6600, ""), {"MPD_PORT": "x"})
