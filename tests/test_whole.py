"""From the reel to the sound: the real detector, model, mood, policy, player, MPD and database."""

import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, groupby
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from conftest import DATA, write_tone

from appliance.build import build_classifier, build_faces
from appliance.camera import reel
from appliance.decide.mood import HmmMoodFilter
from appliance.decide.policy import MusicPolicy
from appliance.history.queries import read_history
from appliance.history.store import SqliteStore
from appliance.loop import Loop
from appliance.player.mpd_player import MpdPlayer
from appliance.private_mpd.process import PrivateMpd
from appliance.protocols import Devices
from appliance.records import EMOTIONS, Emotion, Frame
from appliance.settings import MusicSettings, Settings, StoreSettings, StrategySettings

SPEED = 6.0  # the reel runs so much faster than the clock, so that the test takes half a minute
FRAMES_PER_SECOND = 4
AS_IT_LOOKS = StrategySettings(angry="match", fear="match")
HERTZ = {emotion: 330 * 1.4**number for number, emotion in enumerate(EMOTIONS)}


class FastReel:
    """The demo reel as a camera, with a time of its own."""

    def __init__(self) -> None:
        self.number = 0
        self._began_s = time.monotonic()

    def read(self, timeout_s: float) -> Frame:
        del timeout_s
        self.number += 1
        time_s = self.number / FRAMES_PER_SECOND
        # Not a wait for something to happen: MPD plays in real time, and so must the reel.
        time.sleep(max(0.0, self._began_s + time_s / SPEED - time.monotonic()))
        return Frame(time_s, 1.7e9 + time_s, reel.frame_at(time_s % reel.LENGTH_S))


@pytest.fixture
def tones(tmp_path):
    """A tone of its own for each emotion."""
    for emotion, hertz in HERTZ.items():
        write_tone(tmp_path / "tones" / emotion / "tone.wav", hertz, seconds=60.0, rate=16000)
    return tmp_path / "tones"


def heard(recording) -> list[Emotion]:
    """Whose tone was played, one after the other, from the spectrum of each fifth of a second."""
    with wave.open(str(recording)) as wav:
        rate, channels = wav.getframerate(), wav.getnchannels()
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")[::channels]
    length = rate // 5
    found: list[Emotion] = []
    for start in range(0, len(samples) - length, length):
        piece = samples[start : start + length] * np.hanning(length)
        if np.abs(piece).max() < 1000:
            continue
        loudest = np.argmax(np.abs(np.fft.rfft(piece))) * rate / length
        emotion = min(HERTZ, key=lambda emotion: abs(HERTZ[emotion] - loudest))
        assert abs(HERTZ[emotion] - loudest) < 0.1 * loudest, f"{loudest} Hz is nobody's tone"
        if found[-1:] != [emotion]:
            found.append(emotion)
    return found


@contextmanager
def jukebox(mpd: PrivateMpd, folder: Path) -> Iterator[Devices]:
    """All devices but the camera, with the database in this folder; music changes at once."""
    settings = Settings(store=StoreSettings(path=str(folder / "jukebox.db"), remember_guests=True))
    player = MpdPlayer(
        address=str(mpd.socket),
        playlists={emotion: (str(emotion),) for emotion in EMOTIONS},
        random=Random(1),
    )
    store, classifier = SqliteStore(settings.store), build_classifier(settings)
    yield Devices(
        FastReel(),
        build_faces(settings),
        classifier,
        HmmMoodFilter(settings.mood, classifier.priors),
        MusicPolicy(Settings(music=MusicSettings(change="now"), strategies=AS_IT_LOOKS)),
        player,
        store,
    )
    player.close()
    store.close()


def test_what_is_heard_follows_what_is_shown(music, tmp_path, tones):
    recording = tmp_path / "heard.wav"
    output = f"record:{recording}"
    with (
        PrivateMpd(tmp_path / "mpd", tones, output) as mpd,
        jukebox(mpd, tmp_path) as devices,
    ):
        Loop(devices).run(lambda step: step.frame.time_s < reel.LENGTH_S)
    entries = read_history(tmp_path / "jukebox.db", 0.0, 1000)
    moods = [entry.emotion for entry in entries if entry.what == "mood" and entry.emotion]
    plays = [entry.emotion for entry in entries if entry.what == "play"]
    assert len(set(plays)) >= 6, "six of the seven emotions were recognised and played"
    assert set(plays) <= set(moods)
    tones_heard = [str(emotion) for emotion in heard(recording)]
    # A song that was replaced within a moment leaves no trace in the recording.
    assert tones_heard == [emotion for emotion, _ in groupby(plays)]


def test_the_tones_of_two_moods_are_told_apart(tmp_path):
    for emotion, hertz in HERTZ.items():
        write_tone(tmp_path / f"{emotion}.wav", hertz, seconds=2.0)
        assert heard(tmp_path / f"{emotion}.wav") == [emotion]


def film(path) -> Iterator[Frame]:
    """A video's frames, as fast as they can be read."""
    capture = cv2.VideoCapture(str(path))
    rate = capture.get(cv2.CAP_PROP_FPS)
    for number in count():
        there, picture = capture.read()
        if not there:
            return
        time_s = number / rate
        yield Frame(time_s, 1.7e9 + time_s, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def test_a_film_of_bottles_is_nobody_and_changes_no_music(music, tmp_path):
    bottles = DATA / "video" / "bottle-detection.mp4"
    if not bottles.exists():
        pytest.skip(f"the shared video {bottles.name} is not on this machine")
    with PrivateMpd(tmp_path / "mpd", music, "null") as mpd, jukebox(mpd, tmp_path) as devices:
        loop = Loop(devices)
        steps = [loop.step(frame) for frame in film(bottles)]
    assert len(steps) == 1189
    assert {(step.mood.state, step.mood.faces, step.play) for step in steps} == {
        ("nobody", 0, None)
    }
    assert {step.playback.state for step in steps if step.playback} == {"stop"}
