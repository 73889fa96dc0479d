"""A rehearsal with a real MPD: real detector, network and player, and a listener with an app."""

import time
from random import Random

from conftest import write_tone
from mpd import MPDClient

from appliance.build import build_classifier, build_faces
from appliance.decide.mood import HmmMoodFilter
from appliance.player.mpd_player import MpdPlayer
from appliance.private_mpd.process import PrivateMpd
from appliance.records import EMOTIONS, Emotion
from appliance.rehearsal.day import FRAMES_PER_SECOND, Day, as_rehearsed
from appliance.rehearsal.face_set import composites
from appliance.rehearsal.figures import figures
from appliance.rehearsal.player import RecordingPlayer
from appliance.rehearsal.room import Room
from appliance.rehearsal.script import Script, ScriptedAction, Spell, Timeline
from appliance.settings import ListenerSettings, Settings

SPEED = 60.0  # the day passes so many times faster than MPD plays; its tones outlast the day
NOTHING = Timeline(())
HAPPY, SAD, NEUTRAL = Emotion.HAPPY, Emotion.SAD, Emotion.NEUTRAL


class App:
    """A listener's MPD app."""

    def __init__(self, mpd: PrivateMpd) -> None:
        self.client = MPDClient()
        self.client.connect(str(mpd.socket))

    def do(self, action: ScriptedAction, time_s: float) -> bool:
        match action.what:
            case "pause":
                self.client.pause(1)
            case "play":
                self.client.pause(0)
            case "skip":
                self.client.next()
            case "queue":
                self.client.clear()
                self.client.add("own")
                self.client.play()
            case "volume":
                self.client.setvol(action.percent)
        return True


class InTime:
    """The picture of each moment, not before MPD's clock has reached it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._began_s = time.monotonic()

    def __call__(self, time_s: float):
        # Not a wait for something to happen: MPD plays in real time, and so must the day.
        time.sleep(max(0.0, self._began_s + time_s / SPEED - time.monotonic()))
        return self._room.frame_at(time_s)


def moods(*lengths_s: tuple[Emotion, float]) -> Timeline[Emotion]:
    spells, now_s = [], 5.0
    for emotion, length_s in lengths_s:
        spells.append(Spell(now_s, now_s + length_s, emotion))
        now_s += length_s
    return Timeline(spells)


def test_a_listener_at_a_real_mpd_is_left_alone(music, tmp_path):
    listener_actions = (
        ScriptedAction(180.0, "volume", 41),
        ScriptedAction(950.0, "pause"), ScriptedAction(1010.0, "play"),
        ScriptedAction(1150.0, "queue"), ScriptedAction(1250.0, "skip"),
    )  # fmt: skip
    day = Script(
        1500.0,
        moods((NEUTRAL, 90), (HAPPY, 190), (SAD, 400), (HAPPY, 200), (SAD, 500)),
        NOTHING, NOTHING, NOTHING, (NOTHING, NOTHING), listener_actions,
    )  # fmt: skip
    for emotion in EMOTIONS:
        write_tone(tmp_path / "tones" / emotion / "tone.wav", 440.0, seconds=120.0, rate=8000)
    for number in range(3):
        tone = tmp_path / "tones" / "own" / f"tone-{number}.wav"
        write_tone(tone, 550.0, seconds=120.0, rate=8000)
    settings = as_rehearsed(Settings(listener=ListenerSettings(override_minutes=10)))
    with PrivateMpd(tmp_path / "mpd", tmp_path / "tones", "null") as mpd:
        player = MpdPlayer(
            address=str(mpd.socket),
            playlists={emotion: (str(emotion),) for emotion in EMOTIONS},
            random=Random(1),
        )
        app, room = App(mpd), Room(day, composites(), seed=1)
        recorder, classifier = RecordingPlayer(player, app), build_classifier(settings)
        diary = Day(
            day,
            settings,
            picture_at=InTime(room),
            faces=build_faces(settings),
            classifier=classifier,
            mood=HmmMoodFilter(settings.mood, classifier.priors),
            recorder=recorder,
        ).live()
        volume = int(app.client.status()["volume"])
        app.client.disconnect()
        player.close()
    found = figures(diary)
    assert found.listener_actions == 5
    assert found.against_listener == 0
    assert found.changes_while_uncertain_or_away == 0
    assert found.wrong_changes == 0
    assert volume == 41
    put_on = [
        action.emotion for action in diary.actions if action.by_jukebox and action.what == "switch"
    ]
    # Sad comes only ten minutes after the volume was changed. After that, a pause and the
    # listener's own songs keep the jukebox from changing the music.
    assert put_on == [NEUTRAL, HAPPY, SAD]
    held = [moment for moment in diary.moments if 185.0 < moment.time_s < 775.0]
    assert not any(moment.in_charge for moment in held), "the player told of the listener's action"
    assert {moment.music for moment in held} == {HAPPY}
    assert diary.moments[-1].music is None, "the listener's own songs"
    assert len(diary.moments) == 1500 * FRAMES_PER_SECOND
