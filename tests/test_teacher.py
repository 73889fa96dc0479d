"""What a lesson changes: the person is read by their own faces, others as before."""

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from appliance.build import kept_people
from appliance.errors import ControlError, UsageError
from appliance.history.backup import back_up
from appliance.history.forgetting import forget_person
from appliance.history.store import END_OF_TIME_S, SqliteStore
from appliance.records import EMOTIONS, Box, Emotion, EmotionScores, Face, Frame, Priors
from appliance.running import teacher as teaching
from appliance.running.teacher import OWNER, Teacher
from appliance.settings import StoreSettings
from appliance.vision.cards import MODELS
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.people import read_space
from appliance.vision.taught import Taught

NOON = 1_795_780_800.0
PICTURE = np.zeros((480, 640), np.uint8)
SPACE = read_space()
BACK = np.linalg.inv(SPACE.whitening)
# Of Ann's faces the network says "angry" when she rests, and "happy" of all others.
SCOWL = (0.6, 0.05, 0.05, 0.05, 0.1, 0.05, 0.1)
LAUGH = (0.05, 0.05, 0.05, 0.65, 0.05, 0.05, 0.1)


def numbers_of(emotion, who=0):
    """Numbers that lie where the emotions of one person lie. who: 0 is Ann, 1 is a guest."""
    away = np.random.default_rng(who).normal(0, SPACE.between**0.5, SPACE.means.shape[1])
    place = SPACE.means[EMOTIONS.index(emotion)] + away
    return np.float32(place @ BACK)


class Network:
    """Says what Ann shows now."""

    name = "emotion_int8_single"
    card = EmotionClassifier(MODELS / "emotion_int8_single.tflite").card
    priors = Priors.even()

    def __init__(self):
        self.shows, self.who, self.track = Emotion.NEUTRAL, 0, 1

    def classify(self, frame, faces):
        read = SCOWL if self.shows is Emotion.NEUTRAL else LAUGH
        numbers = numbers_of(self.shows, self.who)
        face = Face(Box(0, 0, 100, 100), 1.0, self.track)
        return (EmotionScores(face, read, read, 1.0, numbers=numbers),)


class Room:
    """A jukebox with its history, before which somebody sits."""

    def __init__(self, path):
        self.path, self.time_s = path, 0.0
        self.store = SqliteStore(StoreSettings(str(path)))
        self.network = Network()
        self.reader = Taught(self.network, None, self.network.priors, kept_people(path))
        self.teacher = Teacher(self.reader, self.store, self.network)
        self.told = []

    def frame(self):
        self.time_s += 0.2
        return Frame(self.time_s, NOON + self.time_s, PICTURE)

    def sit(self, seconds, follow=False):
        """Sits there; follow: does what is asked for. Returns how the face is read at the end."""
        for _ in range(int(seconds * 5)):
            frame = self.frame()
            scores = self.reader.classify(frame, ())
            for event in self.teacher.note(frame):
                self.told.append(event)
                if follow and event["stage"] == "ready":
                    self.network.shows = event["emotion"]
            self.store.write(frame.unix_s)
        return EMOTIONS[int(np.argmax(scores[0].probabilities))]

    def learn(self, name="Ann"):
        self.teacher.begin(name, self.time_s)
        self.sit(125.0, follow=True)
        return self

    def reads(self, emotion, who=0):
        self.network.shows, self.network.who = emotion, who
        self.network.track += 1
        return self.sit(2.0)


@pytest.fixture
def room(tmp_path):
    with closing(Room(tmp_path / "jukebox.db")) as made:
        yield made


Room.close = lambda self: self.store.close()


def rows(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("select name, emotion, examples from people").fetchall()


def test_after_a_lesson_every_face_of_its_person_is_read_rightly(room):
    assert room.reads(Emotion.NEUTRAL) is Emotion.ANGRY
    room.learn()
    assert [room.reads(emotion) for emotion in EMOTIONS] == list(EMOTIONS)
    assert room.told[-1]["text"] == "Ann: I read you by your own faces from now on"
    assert room.teacher.people == {"Ann": dict.fromkeys(map(str, EMOTIONS), 2.0)}


def test_a_guest_is_read_as_before(room):
    room.learn()
    assert room.reads(Emotion.NEUTRAL, who=1) is Emotion.ANGRY
    assert room.reader.person(room.network.track) is None
    assert room.reads(Emotion.NEUTRAL) is Emotion.NEUTRAL
    assert room.reader.person(room.network.track) == "Ann"


def test_of_two_people_each_is_read_by_their_own_faces(room):
    room.learn()
    room.network.who = 1
    room.learn("Bob")
    for who, name in enumerate(("Ann", "Bob")):
        assert [room.reads(emotion, who) for emotion in EMOTIONS] == list(EMOTIONS)
        assert room.reader.person(room.network.track) == name


def test_a_minute_at_rest_gives_neutral_back_and_leaves_anger(room):
    room.teacher.begin("Ann", room.time_s, rest=True)
    room.sit(62.0)
    assert room.reads(Emotion.NEUTRAL) is Emotion.NEUTRAL
    room.network.classify = lambda frame, faces: (
        EmotionScores(
            Face(Box(0, 0, 100, 100), 1.0, 99), SCOWL, SCOWL, 1.0, numbers=numbers_of("angry")
        ),
    )
    assert room.sit(2.0) is Emotion.ANGRY


def test_what_was_learned_outlives_the_process_as_a_few_numbers(room):
    room.learn()
    room.close()
    again = Room(room.path)
    with closing(again):
        assert again.reads(Emotion.NEUTRAL) is Emotion.NEUTRAL
    assert len(rows(room.path)) == 7
    with closing(sqlite3.connect(room.path)) as db:
        (numbers,) = db.execute("select numbers from people").fetchone()
    assert len(json.loads(numbers)) == 72
    assert len(numbers) < 700, "no picture hides in them"


def test_who_is_forgotten_is_gone_from_the_history_and_its_copies(room):
    room.learn()
    back_up(StoreSettings(str(room.path)), NOON)
    (copy,) = (room.path.parent / "backups").glob("*.db")
    assert len(rows(copy)) == 7
    assert room.teacher.forget("Ann").result(5.0) == 7
    assert rows(room.path) == rows(copy) == []
    assert room.reads(Emotion.NEUTRAL) is Emotion.ANGRY
    with pytest.raises(UsageError, match="nobody is known as 'Ann'; nobody was taught yet"):
        room.teacher.forget("Ann")


def test_forgetting_everything_forgets_people_and_forgetting_a_day_does_not(room):
    room.learn()
    room.store.forget(NOON - 86_400.0, NOON + 86_400.0).result(5.0)
    assert len(rows(room.path)) == 7
    room.store.forget(0.0, END_OF_TIME_S).result(5.0)
    assert rows(room.path) == []


def test_forgetting_somebody_in_a_history_of_before_changes_nothing(tmp_path):
    with closing(sqlite3.connect(tmp_path / "old.db")) as db:
        db.execute("create table moods (at text)")
    assert forget_person(tmp_path / "old.db", "Ann") == 0


def test_looks_is_an_example_of_whom_it_is_said_of(room):
    room.learn()
    room.reads(Emotion.SAD)
    assert room.teacher.looks(Emotion.SAD, room.frame()) == "an example of Ann"
    assert room.teacher.people["Ann"]["sad"] == 2.5
    room.reads(Emotion.SAD, who=1)
    assert "nobody's whom I was taught" in room.teacher.looks(Emotion.SAD, room.frame())
    assert room.teacher.people["Ann"]["sad"] == 2.5


def test_three_wrong_words_do_no_harm(room):
    room.learn()
    for told, shows in (("sad", "happy"), ("angry", "neutral"), ("fear", "surprise")):
        room.reads(Emotion(shows))
        room.teacher.looks(Emotion(told), room.frame())
    assert [room.reads(emotion) for emotion in EMOTIONS] == list(EMOTIONS)


def test_the_first_word_of_all_is_an_example_of_the_owner(room):
    assert (
        room.teacher.looks(Emotion.SAD, room.frame()) == "no face can be read, so I learn nothing"
    )
    room.reads(Emotion.SAD)
    assert room.teacher.looks(Emotion.SAD, room.frame()) == "an example of owner"
    assert room.teacher.people == {OWNER: {"sad": 0.5}}


def test_only_one_lesson_at_a_time_and_no_more_people_than_fit(room, monkeypatch):
    room.teacher.begin("Ann", 0.0)
    with pytest.raises(ControlError, match="Ann is being taught now"):
        room.teacher.begin("Bob", 0.0)
    assert room.teacher.stop() == "Ann: the lesson ends"
    room.sit(1.0)
    assert room.teacher.stop() == "nobody is being taught"
    monkeypatch.setattr(teaching, "MOST_PEOPLE", 0)
    with pytest.raises(ControlError, match="forget one first"):
        room.teacher.begin("Bob", 0.0)


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x00b", "--list"])
def test_names_can_be_shown(room, name):
    with pytest.raises(UsageError, match="a name has 1 to 40 letters"):
        room.teacher.begin(name, 0.0)


def test_a_network_that_was_not_measured_cannot_be_taught(room, monkeypatch):
    monkeypatch.setattr(teaching, "read_space", lambda: None)
    room.teacher.use(room.network)
    with pytest.raises(ControlError, match="emotion_int8_single cannot be taught"):
        room.teacher.begin("Ann", 0.0)
    assert room.teacher.looks(Emotion.SAD, room.frame()) == ""
