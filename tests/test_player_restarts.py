"""What a restart of MPD, of the jukebox or of both leaves paused or playing is nobody's doing."""

import time
from contextlib import suppress
from functools import partial

import pytest
from conftest import wait_for, write_tone
from playing import HAPPY, DrivenPlayer, OwnMpd

from appliance.commands import check
from appliance.errors import PlayerError
from appliance.player.restarts import Restarts
from appliance.player.state import PlayerState, UnsavedState
from appliance.records import Play
from appliance.settings import MpdSettings, Settings

pytestmark = [
    pytest.mark.server,
    # python-mpd2 3.1.1 leaves a broken socket to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

RESTORE_PAUSED = 'restore_paused "yes"\n'
NO_OUTPUT = 'audio_output {\n  type "alsa"\n  name "gone"\n  device "hw:7"\n}\n'


class Mpd(OwnMpd):
    """An MPD whose sound card may be missing at a start."""

    has_output = True

    def _config(self):
        config = super()._config()
        if self.has_output:
            return config
        begin = config.index("audio_output")
        return config[:begin] + config[config.index("}", begin) + 1 :] + NO_OUTPUT


@pytest.fixture
def mpd(tmp_path):
    for name in ("happy", "sad", "neutral"):
        for number in range(2):
            write_tone(tmp_path / "long" / name / f"{name}-{number}.wav", 440, 60, rate=8000)
    with Mpd(tmp_path / "mpd", tmp_path / "long", "null") as running:
        running.more = RESTORE_PAUSED
        yield running


@pytest.fixture
def make_jukebox(mpd, tmp_path):
    """A jukebox, and with each further call the same one after a restart."""
    made = []

    def make():
        happy = [Play(number, f"happy/happy-{number}.wav", HAPPY, "happy", "") for number in "01"]
        last = happy if made else ()
        made.append(DrivenPlayer(mpd, state=tmp_path / "player.json", put_on=last))
        return made[-1]

    yield make
    for jukebox in made:
        with suppress(Exception):
            jukebox.close()


def restart(mpd, jukebox, *, crash=False, at_least_s=4.0):
    """Restart MPD, of which the jukebox notices that it is gone."""
    # MPD tells its age in whole seconds, and a busy machine tells it later: two starts must lie
    # apart by more than three (restarts.py, SAME_START_S).
    time.sleep(max(0.0, at_least_s - float(jukebox.app.stats()["uptime"])))
    (mpd.kill if crash else mpd.stop)()
    if jukebox.player._connection.is_open:
        with pytest.raises(PlayerError):
            jukebox.playback()
    mpd.start()
    jukebox.open_app()


def put_on_happy(jukebox):
    jukebox.put_on(HAPPY)
    assert jukebox.plays(HAPPY)


@pytest.mark.parametrize("both", [False, True])
def test_music_that_mpd_restores_paused_goes_on(mpd, make_jukebox, both):
    jukebox = make_jukebox()
    put_on_happy(jukebox)
    if both:
        jukebox.player.close()
    restart(mpd, jukebox)
    jukebox = make_jukebox() if both else jukebox
    seen = jukebox.playback()
    assert jukebox.state_is("play")
    assert (seen.state, seen.listener, seen.listener_action) == ("play", False, None)


@pytest.mark.parametrize("song", ["own", "theirs"])
def test_a_persons_own_song_goes_on_as_theirs_after_a_restart(mpd, make_jukebox, song):
    jukebox = make_jukebox()
    if song == "own":
        put_on_happy(jukebox)
    else:
        jukebox.app.playid(jukebox.app.addid("sad/sad-0.wav"))
        assert jukebox.playback().listener
    restart(mpd, jukebox)
    seen = jukebox.playback()
    assert (seen.state, seen.listener) == ("play", song == "theirs")


@pytest.mark.parametrize("both", [False, True])
def test_what_a_person_paused_stays_paused_over_a_restart(mpd, make_jukebox, both):
    jukebox = make_jukebox()
    put_on_happy(jukebox)
    jukebox.app.pause(1)
    assert jukebox.playback().charge == "paused"
    if both:
        jukebox.player.close()
    restart(mpd, jukebox)
    jukebox = make_jukebox() if both else jukebox
    assert (jukebox.playback().charge, jukebox.app.status()["state"]) == ("paused", "pause")
    assert jukebox.playback().charge == "paused"


@pytest.mark.parametrize("end", ["pause", "stop"])
def test_what_a_person_silenced_stays_silent_if_mpd_restores_an_older_state(mpd, make_jukebox, end):
    """MPD keeps its state every two minutes: after a power cut it plays what it played then."""
    mpd.more = 'state_file_interval "1"\n'
    mpd.stop()
    mpd.start()
    jukebox = make_jukebox()
    put_on_happy(jukebox)
    time.sleep(2.5)  # MPD keeps that it plays
    state = mpd.folder / "state"
    older = next(path for path in mpd.folder.iterdir() if "state" in path.name).read_bytes()
    jukebox.app.pause(1) if end == "pause" else jukebox.app.stop()
    assert jukebox.playback().listener
    mpd.kill()
    next(path for path in mpd.folder.iterdir() if "state" in path.name).write_bytes(older)
    with suppress(PlayerError):
        jukebox.playback()
    mpd.start()
    jukebox.open_app()
    assert jukebox.state_is("play"), f"{state} was not restored"
    seen = jukebox.playback()
    assert seen.listener
    assert not jukebox.state_is("play")
    jukebox.app.play()
    assert jukebox.playback().charge in ("jukebox", "chosen")


def test_a_pause_while_the_jukebox_was_away_is_a_persons(mpd, make_jukebox):
    jukebox = make_jukebox()
    put_on_happy(jukebox)
    jukebox.player.close()
    jukebox.app.pause(1)
    assert make_jukebox().playback().charge == "paused"


def test_music_that_a_missing_sound_card_paused_goes_on_once_it_is_there(mpd, make_jukebox):
    jukebox = make_jukebox()
    put_on_happy(jukebox)
    mpd.has_output = False
    mpd.more = ""
    restart(mpd, jukebox)
    for _ in range(3):
        with pytest.raises(PlayerError, match="cannot be heard"):
            jukebox.playback()
    jukebox.player.close()
    # Mended; both start again, and MPD restores the pause without its error.
    mpd.has_output = True
    mpd.stop()
    mpd.start()
    jukebox.open_app()
    assert "error" not in jukebox.app.status()
    jukebox = make_jukebox()
    seen = jukebox.playback()
    assert (seen.state, seen.listener, seen.listener_action) == ("play", False, None)
    assert jukebox.state_is("play")


def cannot_be_heard(jukebox):
    try:
        return not jukebox.playback()
    except PlayerError as error:
        return "cannot be heard" in str(error)


def test_it_goes_on_at_the_third_start_if_the_sound_card_is_back_only_then(mpd, make_jukebox):
    jukebox = make_jukebox()
    put_on_happy(jukebox)
    jukebox.player.close()
    mpd.has_output = False
    for _ in range(2):
        restart(mpd, jukebox)
        jukebox = make_jukebox()
        wait_for(partial(cannot_be_heard, jukebox))  # at first, MPD says that it plays
        jukebox.player.close()
    mpd.has_output = True
    mpd.stop()
    mpd.start()
    assert make_jukebox().playback().state == "play"


def checked(mpd):
    settings = Settings(mpd=MpdSettings(address=str(mpd.socket)))
    return check._checked("MPD", lambda: check._mpd(settings))


def test_check_fails_while_an_error_keeps_mpd_silent_and_changes_nothing(mpd, make_jukebox):
    jukebox = make_jukebox()
    jukebox.app.add("happy/happy-0.wav")
    jukebox.app.play()
    good = checked(mpd)
    assert (good.good, good.text.split("; ")[-1]) == (True, "play happy-0")
    mpd.has_output = False
    restart(mpd, jukebox)
    jukebox.app.play()
    wait_for(lambda: jukebox.state_is("pause"))
    before = jukebox.app.status()
    bad = checked(mpd)
    assert (bad.good, "does not play, because of: Failed to open" in bad.text) == (False, True)
    assert jukebox.app.status() == before


# When MPD was started

BOOT = "a-boot"


class Stats:
    is_mopidy = False

    def __init__(self, uptime):
        self.uptime = uptime

    def stats(self):
        return {"uptime": str(self.uptime)}


@pytest.mark.parametrize(
    ("boot", "started_s", "now_s", "uptime", "restarted"),
    [
        # The same boot of this machine: MPD's start in seconds since then.
        (BOOT, 1000.0, 1100.0, 100, False),
        (BOOT, 1000.0, 1100.0, 99, False),  # rounded
        (BOOT, 1000.0, 1100.0, 20, True),
        (BOOT, 1000.0, 1100.0, 61, False),  # people have had a minute
        (BOOT, 1000.0, 1003.0, 0, True),
        (BOOT, 1000.0, 1001.0, 0, False),  # too near to be told from rounding
        # Another boot: an MPD on this machine is younger than the boot, one elsewhere may be older.
        ("before", 5000.0, 30.0, 20, True),
        ("before", 10.0, 30.0, 20, True),
        ("before", 5000.0, 30.0, 40, False),
        # The first time ever.
        ("", 0.0, 30.0, 20, False),
    ],
)
def test_a_restart_of_mpd_is_known_by_its_age(
    monkeypatch, boot, started_s, now_s, uptime, restarted
):
    monkeypatch.setattr("appliance.player.restarts.boot_id", lambda: BOOT)
    state = UnsavedState()
    state.kept = PlayerState(mpd_boot=boot, mpd_started_s=started_s)
    restarts = Restarts(state, lambda: now_s)
    assert restarts.just_restarted(Stats(uptime)) == restarted
    assert not restarts.just_restarted(Stats(uptime)), "it is told once"


def test_a_server_that_does_not_tell_its_age_was_not_restarted():
    mopidy = Stats(0)
    mopidy.is_mopidy = True
    restarts = Restarts(UnsavedState(), lambda: 1000.0)
    assert not restarts.just_restarted(mopidy)
    assert not restarts.just_restarted(Stats("much"))
