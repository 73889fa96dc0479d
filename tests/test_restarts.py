"""After any restart the jukebox knows its own songs in the queue of a real MPD."""

from collections import Counter
from itertools import pairwise

import pytest
from conftest import wait_for, write_tone
from playing import HAPPY, SAD, DrivenPlayer

from appliance.decide.policy import MusicPolicy
from appliance.errors import PlayerError
from appliance.player import observer
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Mood
from appliance.settings import Settings

broken_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
pytestmark = broken_sockets
SONG_S = 60


class SavingMpd(PrivateMpd):
    """It saves its state a second after a change, not after ten."""

    def _config(self):
        return super()._config().replace('state_file_interval "10"', 'state_file_interval "1"')


@pytest.fixture
def mpd(tmp_path, music):
    folder = tmp_path / "long"
    for name in ("happy", "sad", "own"):
        for number in range(5):
            write_tone(folder / name / f"{name}-{number}.wav", 440, SONG_S, rate=8000)
    write_tone(folder / "bell" / "bell.wav", 880, seconds=0.5)
    with SavingMpd(tmp_path / "mpd", folder, "null") as running:
        yield running


class Box:
    """An MPD and a jukebox with a state file, which restart as a test wants.

    jukebox: the one that runs now.
    """

    def __init__(self, mpd, state, **more):
        self.mpd, self._state, self._more = mpd, state, more
        self._plays = []  # as the history has them
        self.start()

    def start(self):
        self.jukebox = DrivenPlayer(
            self.mpd, state=self._state, put_on=self._plays[-50:], **self._more
        )

    def restart(self, what):
        {"mpd": self.mpd_only, "jukebox": self.jukebox_only, "both": self.both,
         "power cut": self.power_cut}[what]()  # fmt: skip

    def mpd_only(self):
        self.jukebox.playback()
        self.mpd.stop()
        with pytest.raises(PlayerError):
            self.jukebox.playback()
        self.mpd.start()
        self.jukebox.open_app()

    def jukebox_only(self):
        self.jukebox.die()
        self.start()

    def both(self):
        self.jukebox.die()
        self.mpd.stop()
        self.mpd.start()
        self.start()

    def power_cut(self):
        """Both end at once; MPD comes back with the queue that save() wrote down."""
        self.jukebox.die()
        self.mpd.kill()
        (self.mpd.folder / "state").write_text(self.saved)
        self.mpd.start()
        self.start()

    def save(self):
        """Let MPD write its state down, as by default it does two minutes after a change."""
        self.jukebox.app.setvol(99)
        self.jukebox.playback()
        file = self.mpd.folder / "state"
        wait_for(lambda: file.exists() and "sw_volume: 99" in file.read_text(), 10)
        self.saved = file.read_text()

    def put_on(self, emotion=HAPPY):
        """Put a song on and let MPD play it for a moment."""
        play = self.jukebox.put_on(emotion)
        self._plays.append(play)
        assert wait_for(lambda: self.jukebox.plays(emotion))
        wait_for(lambda: float(self.jukebox.app.status().get("elapsed", 0)) > 0)
        return play


@pytest.fixture
def make_box(mpd, tmp_path):
    boxes = []

    def make(**more):
        boxes.append(Box(mpd, tmp_path / "player.json", **more))
        return boxes[-1]

    yield make
    for box in boxes:
        if box.jukebox.player._connection.is_open:
            box.jukebox.close()


WAYS = ["mpd", "jukebox", "both"]


@pytest.mark.parametrize("what", WAYS)
def test_the_own_song_stays_own_though_an_older_copy_is_in_the_queue(make_box, what):
    box = make_box(sources={HAPPY: ("happy/happy-0.wav",)})
    for _ in range(3):
        box.put_on()
    box.restart(what)
    seen = box.jukebox.playback()
    assert (seen.state, seen.emotion, seen.listener) == ("play", HAPPY, False)


@pytest.mark.parametrize("what", WAYS)
def test_after_a_restart_the_mood_is_followed_and_absence_fades_a_radio_out(
    make_box, radio, what, monkeypatch
):
    """Policy and player together, as the loop calls them."""
    # Hours pass in a moment, in which the radio does not come far.
    monkeypatch.setattr(observer, "STANDSTILL_S", float("inf"))
    box = make_box(sources={HAPPY: (radio,), SAD: ("sad",)}, crossfade_s=0.0)
    for _ in range(3):
        box.put_on()
    box.restart(what)
    jukebox, policy = box.jukebox, MusicPolicy(Settings())
    seen = wait_for(lambda: jukebox.plays(HAPPY) and jukebox.playback())
    assert not seen.listener
    sad, nobody = (Mood("settled", SAD, 0.9, 1, 0.0), Mood("nobody", None, 0.0, 0, 0.0))
    decided = [policy.decide(jukebox.time_s, 1e9, sad, seen)]
    for _ in range(300):
        jukebox.time_s += 1
        decided.append(
            policy.decide(jukebox.time_s, 1e9, sad, jukebox.player.playback(jukebox.time_s))
        )
    assert any(decision and decision.emotion is SAD for decision in decided)
    policy = MusicPolicy(Settings())
    for _ in range(60):
        jukebox.time_s += 60
        decided.append(
            policy.decide(jukebox.time_s, 1e9, nobody, jukebox.player.playback(jukebox.time_s))
        )
    assert "pause" in [decision.how for decision in decided if decision]


@pytest.mark.parametrize("what", WAYS)
@pytest.mark.parametrize("where", ["before", "behind"])
def test_a_persons_own_copy_of_the_same_song_is_still_theirs(make_box, what, where):
    box = make_box(sources={HAPPY: ("happy/happy-0.wav",)})
    box.put_on()
    app = box.jukebox.app
    theirs = app.addid("happy/happy-0.wav", *([0] if where == "before" else []))
    app.playid(theirs)
    assert box.jukebox.playback().listener
    box.restart(what)
    seen = box.jukebox.playback()
    assert (seen.state, seen.emotion, seen.listener) == ("play", None, True)
    place = int(box.jukebox.app.status()["song"])
    for _ in range(6):
        box.jukebox.put_on(HAPPY)
        box.jukebox.playback()
    queue = box.jukebox.app.playlistinfo()
    assert queue[place - (where == "behind")]["file"] == "happy/happy-0.wav"
    assert len(queue) == 5  # three played ones, the one that plays, and theirs


def test_a_copy_that_a_person_chose_while_the_jukebox_was_away_is_theirs(make_box):
    box = make_box(sources={HAPPY: ("happy/happy-0.wav",)})
    box.put_on()
    box.jukebox.player._connection.close()
    app = box.jukebox.app
    app.clear()
    app.playid(app.addid("happy/happy-0.wav"))
    box.jukebox_only()
    assert box.jukebox.playback().listener


@pytest.mark.parametrize("what", WAYS)
def test_own_songs_and_chimes_do_not_pile_up_over_restarts(make_box, what):
    box = make_box(chime="bell/bell.wav")
    lengths = []
    for _ in range(7):
        box.jukebox.playback()
        wait_for(lambda: box.jukebox.state_is("stop") or "bell" not in box.jukebox.queue()[-1])
        for _ in range(2):
            box.put_on()
        box.jukebox.put_on(SAD, "append")
        box.jukebox.playback()
        box.jukebox.app.stop()
        box.jukebox.app.play()
        lengths.append(len(box.jukebox.queue()))
        box.restart(what)
    assert max(lengths) <= 5  # three played ones, the one that plays, and one that waits


def test_old_chimes_are_removed_like_other_own_songs(make_box):
    box = make_box(chime="bell/bell.wav")
    for _ in range(8):
        box.jukebox.playback()
        assert box.jukebox.queue()[-1] == "bell.wav"
        wait_for(lambda: box.jukebox.state_is("stop"))  # the chime is over
        box.jukebox.playback()
        box.jukebox_only()
    assert box.jukebox.queue().count("bell.wav") <= 4


def test_after_a_power_cut_songs_that_were_removed_meanwhile_are_known_again(make_box):
    box = make_box()
    for _ in range(4):
        box.put_on()
    box.save()
    saved = len(box.jukebox.queue())
    for _ in range(2):
        box.put_on()
    box.power_cut()
    seen = box.jukebox.playback()
    assert len(box.jukebox.queue()) == saved
    assert not seen.listener
    assert len(box.jukebox.player._queue.own) == saved
    box.put_on()
    box.jukebox.playback()
    assert len(box.jukebox.queue()) <= 4


def test_after_a_power_cut_a_persons_copy_of_the_song_that_was_not_saved_is_theirs(make_box):
    box = make_box(sources={HAPPY: ("happy/happy-0.wav",)})
    box.jukebox.playback()
    box.jukebox.app.playid(box.jukebox.app.addid("happy/happy-0.wav"))
    assert box.jukebox.playback().listener
    box.save()
    box.put_on()
    box.power_cut()
    assert box.jukebox.playback().listener
    assert box.jukebox.player._queue.own == {}


@pytest.mark.parametrize("what", WAYS)
def test_the_song_that_waits_still_waits_after_a_restart(make_box, what):
    box = make_box()
    box.put_on()
    box.jukebox.put_on(HAPPY, "append")
    box.jukebox.playback()
    box.restart(what)
    box.jukebox.playback()
    assert box.jukebox.put_on(HAPPY, "append") is None
    assert box.jukebox.put_on(SAD, "append")  # in its place
    assert box.jukebox.queue() == ["happy", "sad"]


@pytest.mark.parametrize("what", WAYS)
def test_no_song_comes_again_before_the_others_were_heard_in_spite_of_restarts(make_box, what):
    box, uris = make_box(), []
    for _ in range(15):
        uris.append(box.put_on().uri)
        box.restart(what)
        box.jukebox.playback()
    for first in (0, 5, 10):
        assert len(set(uris[first : first + 5])) == 5
    assert set(Counter(uris).values()) == {3}
    assert all(uri != following for uri, following in pairwise(uris))


def test_a_state_file_of_an_earlier_version_lets_the_history_tell_what_was_put_on(
    make_box, tmp_path
):
    box = make_box()
    plays = [box.put_on() for _ in range(4)]
    box.jukebox.die()
    (tmp_path / "player.json").write_text('{"stopped": false}')
    box.jukebox = DrivenPlayer(box.mpd, state=tmp_path / "player.json", put_on=plays)
    assert not box.jukebox.playback().listener
    assert box.put_on().uri not in {play.uri for play in plays}
