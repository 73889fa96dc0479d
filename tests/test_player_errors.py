"""An error that stays in MPD's status is not an event: what people do after it counts."""

import logging
from contextlib import suppress

import pytest
from conftest import wait_for, write_tone
from mpd import CommandError
from playing import HAPPY, NEUTRAL, SAD, DrivenPlayer

from appliance.decide.recovery import Recovery
from appliance.errors import PlayerError
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Play


@pytest.fixture
def mpd(tmp_path, music):
    for name in ("happy", "sad", "neutral"):
        for number in range(2):
            write_tone(tmp_path / "long" / name / f"{name}-{number}.wav", 440, 60, rate=8000)
    with PrivateMpd(tmp_path / "mpd", tmp_path / "long", "null") as running:
        yield running


@pytest.fixture
def jukebox(mpd):
    jukebox = DrivenPlayer(mpd)
    jukebox.app.setvol(60)
    yield jukebox
    jukebox.close()


@pytest.fixture
def with_radio(mpd, radio):
    """A jukebox that plays a radio, in which somebody has tried to go forward."""
    jukebox = DrivenPlayer(mpd, {HAPPY: (radio,), SAD: ("sad",)})
    jukebox.put_on(HAPPY)
    assert jukebox.plays(HAPPY)
    wait_for(lambda: float(jukebox.app.status().get("elapsed", 0)) > 0)
    jukebox.playback()
    with pytest.raises(CommandError):
        jukebox.app.seekcur("+10")
    assert jukebox.state_is("play")
    assert "error" in jukebox.app.status()
    yield jukebox
    jukebox.close()


def put_on(jukebox):
    jukebox.put_on(HAPPY)
    assert jukebox.plays(HAPPY)
    assert jukebox.plays(HAPPY)


def switch_off(jukebox):
    """Switch the only output off; the jukebox sees it."""
    jukebox.app.disableoutput(0)
    wait_for(lambda: "error" in jukebox.app.status())
    with pytest.raises(PlayerError, match=r"MPD cannot be heard"):
        jukebox.playback()


def switch_off_and_on(jukebox):
    switch_off(jukebox)
    jukebox.app.enableoutput(0)
    assert jukebox.plays(HAPPY)


PAUSE = ("pause", lambda app: app.pause(1))
STOP = ("stop", lambda app: app.stop())


@pytest.mark.parametrize(("told", "act"), [PAUSE, STOP])
def test_what_a_person_does_after_an_output_was_away_stays(jukebox, told, act):
    put_on(jukebox)
    switch_off_and_on(jukebox)
    act(jukebox.app)
    seen = jukebox.playback(after_s=0.2)
    assert (seen.listener_action, seen.listener) == (told, True)
    for _ in range(5):
        seen = jukebox.playback()
        assert (seen.state, seen.listener, seen.listener_action) == (told, True, None)
    assert jukebox.state_is(told)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_stop_while_the_output_is_off_stays_when_it_is_back(jukebox, at_once):
    put_on(jukebox)
    if at_once:  # before the jukebox has seen that it is off
        jukebox.app.disableoutput(0)
        wait_for(lambda: "error" in jukebox.app.status())
    else:
        switch_off(jukebox)
    jukebox.app.stop()
    jukebox.app.enableoutput(0)
    seen = jukebox.playback()
    assert (seen.state, seen.listener, seen.listener_action) == ("stop", True, "stop")
    seen = jukebox.playback()
    assert (seen.state, seen.listener, seen.listener_action) == ("stop", True, None)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("told", "act"), [PAUSE, STOP])
def test_what_a_person_does_after_a_refused_seek_in_a_radio_stays(with_radio, told, act, at_once):
    if not at_once:
        assert with_radio.plays(HAPPY)
    act(with_radio.app)
    seen = with_radio.playback()
    assert (seen.state, seen.listener, seen.listener_action) == (told, True, told)
    for _ in range(3):
        assert with_radio.playback().listener
    assert with_radio.state_is(told)


@pytest.mark.parametrize(
    ("told", "act"),
    [
        ("volume", lambda app: app.setvol(30)),
        ("mode", lambda app: app.repeat(1)),
        ("queue", lambda app: app.add("neutral/neutral-0.wav")),
        ("skip", lambda app: app.playid(app.addid("neutral/neutral-0.wav"))),
    ],
)
def test_every_touch_beside_an_old_error_is_told(with_radio, told, act):
    assert with_radio.plays(HAPPY)
    act(with_radio.app)
    assert with_radio.playback().listener_action == told


def test_people_come_before_an_error_that_is_answered(jukebox):
    put_on(jukebox)
    jukebox.app.disableoutput(0)
    wait_for(lambda: "error" in jukebox.app.status())
    jukebox.app.setvol(30)
    with pytest.raises(PlayerError):
        jukebox.playback()
    jukebox.app.enableoutput(0)
    assert jukebox.playback().listener_action == "volume"
    assert jukebox.state_is("play")


def test_a_pause_after_an_old_error_outlives_a_restart_of_the_jukebox(jukebox, mpd):
    put_on(jukebox)
    switch_off(jukebox)
    jukebox.app.enableoutput(0)
    jukebox.app.pause(0)  # unlike `play`, it keeps the error
    song = jukebox.app.currentsong()["file"]
    assert jukebox.plays(HAPPY)
    jukebox.app.pause(1)
    assert jukebox.playback().listener
    jukebox.player._connection.close()
    again = DrivenPlayer(mpd, {}, put_on=[Play(song, song, HAPPY, song, "")])
    for _ in range(3):
        assert again.playback().listener
    assert again.state_is("pause")
    again.close()


def test_music_that_a_person_paused_stays_so_whatever_happens_to_the_output(jukebox):
    put_on(jukebox)
    switch_off_and_on(jukebox)
    jukebox.app.pause(1)
    assert jukebox.playback().listener
    jukebox.app.disableoutput(0)
    assert jukebox.playback().listener
    jukebox.app.enableoutput(0)
    for _ in range(3):
        seen = jukebox.playback()
        assert (seen.state, seen.listener) == ("pause", True)


def test_a_song_that_failed_does_not_hide_the_stop_after_it(jukebox, caplog):
    """A song of the listener's cannot be decoded, at the end of the queue; the jukebox goes on."""
    put_on(jukebox)
    broken = jukebox.app.addid("sad/sad-0.wav")
    (jukebox.mpd.music / "sad" / "sad-0.wav").write_bytes(b"no music")
    with suppress(CommandError):
        jukebox.app.playid(broken)
    wait_for(lambda: "error" in jukebox.app.status())
    jukebox.playback()
    jukebox.put_on(NEUTRAL)
    assert jukebox.plays(NEUTRAL)
    jukebox.app.stop()
    seen = jukebox.playback()
    assert (seen.state, seen.listener, seen.listener_action) == ("stop", True, "stop")


@pytest.mark.parametrize("times", [2, 3])
def test_an_output_that_fails_again_is_no_persons_pause(jukebox, times):
    put_on(jukebox)
    for _ in range(times):
        switch_off_and_on(jukebox)
        assert not jukebox.playback().listener


def test_music_that_a_person_let_play_again_may_fail_again(jukebox):
    """`pause 0`, unlike `play`, keeps the old error."""
    put_on(jukebox)
    switch_off(jukebox)
    jukebox.app.enableoutput(0)
    jukebox.app.pause(0)
    assert jukebox.plays(HAPPY)
    switch_off_and_on(jukebox)
    assert not jukebox.playback().listener


def test_an_output_that_comes_back_is_heard_at_once_not_by_chance(jukebox, caplog):
    caplog.set_level(logging.INFO)
    put_on(jukebox)
    recovery = Recovery("player", PlayerError)
    now_s = [jukebox.time_s]

    def live(seconds):
        for _ in range(round(seconds / 0.2)):
            jukebox.wait_for_news()
            now_s[0] += 0.2
            recovery.attempt(
                now_s[0],
                lambda: jukebox.player.playback(now_s[0]),
                jukebox.player.may_be_back,
            )

    live(1)
    jukebox.app.disableoutput(0)
    wait_for(lambda: "error" in jukebox.app.status())
    tried = []
    pause = type(jukebox.player._connection._client).pause
    client = jukebox.player._connection._client
    client.pause = lambda *arguments: (tried.append(now_s[0]), pause(client, *arguments))[1]
    live(20)
    assert recovery.lost
    assert 3 <= len(tried) <= 6, "the back-off is kept, nothing spins"
    assert jukebox.state_is("pause")
    jukebox.app.enableoutput(0)
    live(0.4)
    assert jukebox.state_is("play")
    assert not recovery.lost
    told = [record.getMessage() for record in caplog.records]
    assert [line.partition(":")[2][:5] for line in told if line.startswith("player")] == [
        " lost", " back",
    ]  # fmt: skip


def test_own_songs_that_mpd_lost_with_their_drive_are_nobodys_edit(mpd, jukebox):
    for emotion in (HAPPY, SAD, HAPPY, SAD):
        jukebox.put_on(emotion)
        assert jukebox.plays(emotion)
    (mpd.music / "happy").rename(mpd.music.parent / "away")
    jukebox.app.update()
    wait_for(lambda: "updating_db" not in jukebox.app.status())
    assert [song["file"][:3] for song in jukebox.app.playlistinfo()] == ["sad", "sad"]
    assert jukebox.playback().listener_action is None
    assert jukebox.playback().emotion == SAD
    jukebox.app.deleteid(jukebox.app.playlistinfo()[0]["id"])
    assert jukebox.playback().listener_action == "queue"
