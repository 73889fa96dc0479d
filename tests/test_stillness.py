"""Pictures are not people: faces in which nothing moves for minutes, with a camera's noise."""

from functools import cache
from math import sin

import cv2
import numpy as np
import pytest
from bench.pictures import (
    POSTERS,
    Scene,
    as_person,
    as_picture,
    calmest,
    composite_head,
    film,
    heads_of,
    to_and_fro,
)
from conftest import DATA
from priors import PRIORS

from appliance.decide.mood import HmmMoodFilter
from appliance.records import EMOTIONS, Box, Emotion, EmotionScores, Face, Frame
from appliance.settings import MoodSettings
from appliance.vision.pictures import PictureAware
from appliance.vision.stillness import Stillness

HEAD, OTHER = composite_head(Emotion.HAPPY), composite_head(Emotion.SURPRISE)
WIDTH, HEIGHT = 240, 200
X, Y = 118.3, 98.6  # of the face's middle
RANDOM = np.random.default_rng(1)
NOISE = [RANDOM.normal(0, 2.5, (HEIGHT, WIDTH)).astype(np.float32) for _ in range(9)]
STEP_S = 0.5  # as often as frames of a calm room are read


@cache
def seen_from_afar(head, closed, side):
    """A head as a lens shows it whose pixels are larger."""
    return cv2.GaussianBlur(
        head.closed if closed else head.gray, (0, 0), 0.4 * head.box.width / side
    )


def drawn(time_s, side=90, *, head=HEAD, closed=False, moved=(0.0, 0.0), turned=0.0, light=1.0):
    """A head on a wall, with noise. moved: pixels; turned: degrees."""
    picture, scale = seen_from_afar(head, closed, side), side / head.box.width
    middle = head.box.x + head.box.width / 2, head.box.y + head.box.height / 2
    place = cv2.getRotationMatrix2D(middle, turned, scale)
    place[:, 2] += X + moved[0] - middle[0], Y + moved[1] - middle[1]
    shown = cv2.warpAffine(picture, place, (WIDTH, HEIGHT), borderValue=150)
    return (light * shown + NOISE[round(time_s / STEP_S) % 9]).clip(0, 255).astype(np.uint8)


def face(time_s, side=90, track=1, moved=(0.0, 0.0)):
    """The face as a tracker has it, which is never quite right."""
    x, y = X + moved[0] + 2 * sin(time_s * 7), Y + moved[1] + 2 * sin(time_s * 11)
    return Face(Box(round(x - side / 2), round(y - side / 2), side, side), 0.95, track)


class Room:
    """A face before the camera, half a second at a time."""

    def __init__(self, side=90):
        self.stillness, self.time_s, self.side = Stillness(), 0.0, side

    def shows(self, seconds, track=1, how=lambda _: {}):
        """Whether each frame of these seconds shows a picture. how: time → options of drawn()."""
        told = []
        for _ in range(round(seconds / STEP_S)):
            self.time_s += STEP_S
            options = how(self.time_s)
            luma = drawn(self.time_s, self.side, **options)
            seen = face(self.time_s, self.side, track, options.get("moved", (0.0, 0.0)))
            told.append(track in self.stillness.pictures(Frame(self.time_s, 0.0, luma), [seen]))
        return told

    def is_empty(self, seconds):
        for _ in range(round(seconds / STEP_S)):
            self.time_s += STEP_S
            luma = np.full((HEIGHT, WIDTH), 150, np.uint8)
            self.stillness.pictures(Frame(self.time_s, 0.0, luma), [])


def swaying(time_s):
    swing = sin(2.3 * time_s) + 0.3 * sin(5.7 * time_s)
    return {"moved": (3 * swing, 0.5 * swing), "turned": 1.5 * swing}


def under_changing_light(time_s):
    """A lamp goes on and off, which makes some of the skin white, and the daylight drifts."""
    lamp = 0.7 if int(time_s / 40) % 2 else 1.7
    return {"light": lamp + 0.1 * sin(time_s / 9)}


def in_the_light_of_a_film(time_s):
    return {"light": 0.8 + 0.2 * sin(5.1 * time_s)}


def blinking(time_s):
    """A blink every 8 s of which every other one falls between two frames; a sway of a pixel."""
    return {"closed": time_s % 16 == 0, "moved": (0.7 * sin(1.4 * time_s), 0.5 * sin(1.7 * time_s))}


@pytest.mark.parametrize("side", [60, 90, 140])
@pytest.mark.parametrize("how", [lambda _: {}, swaying, under_changing_light])
def test_a_poster_is_a_picture_after_two_minutes_and_stays_one(side, how):
    room = Room(side)
    told = room.shows(240, how=how)
    assert not any(told[: int(60 / STEP_S)]), "a minute is too short: people can stare"
    assert all(told[int(120 / STEP_S) :])


@pytest.mark.parametrize("side", [60, 90, 140])
def test_somebody_who_sits_still_and_blinks_is_no_picture(side):
    assert not any(Room(side).shows(300, how=blinking))


def test_small_faces_are_never_pictures_because_their_blinks_may_not_be_seen():
    assert not any(Room(40).shows(200))


def test_in_flickering_light_nobody_is_taken_for_a_picture_because_blinks_may_not_be_seen():
    assert not any(Room().shows(200, how=in_the_light_of_a_film))


@pytest.fixture
def poster():
    """A room with a poster that has been hanging for a while."""
    room = Room()
    assert room.shows(130)[-1]
    return room


def test_a_poster_that_is_lost_and_found_again_is_still_a_picture(poster):
    for track, gone_s in ((2, 1.0), (3, 600.0)):
        poster.is_empty(gone_s)
        assert all(poster.shows(5, track))


def test_a_poster_is_still_known_after_many_people_have_come_and_gone(poster):
    places = [(x, y) for x in (-60.0, -35.0, 35.0, 60.0) for y in (-40.0, 0.0, 40.0)]
    for track, place in enumerate(places, start=100):
        poster.shows(6, track, how=lambda _, place=place: {"head": OTHER, "moved": place})
    poster.is_empty(1.0)
    assert all(poster.shows(5, track=200))


def test_who_sits_down_in_front_of_a_poster_counts_at_once(poster):
    sits = {"head": OTHER, "moved": (4.0, 3.0)}
    assert not any(poster.shows(20, how=lambda _: sits))


def test_a_poster_behind_somebody_is_a_picture_again_when_they_leave(poster):
    sits = {"head": OTHER, "moved": (4.0, 3.0)}
    poster.shows(20, how=lambda _: sits)
    assert all(poster.shows(10)[int(3 / STEP_S) :])


def test_a_picture_that_blinks_counts_again(poster):
    opens = poster.time_s + 1.0
    told = poster.shows(60, how=lambda time_s: {"closed": time_s <= opens})
    assert not any(told)


def test_a_frame_without_a_picture_changes_nothing(poster):
    assert poster.stillness.pictures(Frame(poster.time_s, 0.0, None), []) == frozenset()
    assert all(poster.shows(5))


class Reader:
    """A classifier to which every face looks happy."""

    def classify(self, frame, faces):
        shares = tuple(0.94 if emotion is Emotion.HAPPY else 0.01 for emotion in EMOTIONS)
        return tuple(EmotionScores(seen, shares, shares, 0.5) for seen in faces)


def test_before_a_poster_alone_the_room_is_empty_and_a_person_fills_it():
    reader, mood = PictureAware(Reader()), HmmMoodFilter(MoodSettings(away_s=20.0), PRIORS)

    def after(seconds, since_s, **options):
        for number in range(round(seconds / STEP_S)):
            time_s = since_s + number * STEP_S
            scores = reader.classify(Frame(time_s, 0.0, drawn(time_s, **options)), [face(time_s)])
            told = mood.update(time_s, scores)
        return scores[0], told

    scores, told = after(60, 0.0)
    assert (scores.picture, scores.weight, told.emotion) == (False, 0.5, Emotion.HAPPY)
    scores, told = after(100, 60.0)
    assert (scores.picture, scores.weight, told.state) == (True, 0.0, "nobody")
    scores, told = after(10, 160.0, head=OTHER)
    assert (scores.picture, scores.weight, told.emotion) == (False, 0.5, Emotion.HAPPY)


@pytest.fixture(scope="module")
def heads():
    """Two whole heads, from even places of the sorted names."""
    if not (people := DATA / "people.zip").exists():
        pytest.skip(f"{people}: not there")
    return heads_of(people, 2, odd=False)


@pytest.mark.heavy
@pytest.mark.parametrize("kind", POSTERS)
def test_posters_of_real_heads_are_people_for_two_minutes_at_most(heads, kind):
    for number, head in enumerate(heads):
        scene = Scene(head, kind, 90, number, jpeg=70)
        assert as_person(film(scene, 6.0, 2.5)) <= 0.05


@pytest.mark.heavy
def test_real_heads_that_blink_are_no_pictures(heads):
    for number, head in enumerate(heads):
        scene = Scene(head, "person", 90, number, jpeg=70)
        assert as_picture(film(scene, 15.0, 2.5)) <= 0.01


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["again", "eat", "no", "sorry", "thanks", "yes"])
def test_people_in_their_calmest_seconds_are_no_pictures(name):
    path = DATA / "video" / "asl_gestures" / f"{name}.mkv"
    if not path.exists():
        pytest.skip(f"{path}: not there")
    clip, rate = calmest(path)
    assert as_picture(to_and_fro(clip, rate, 5.0, 2.5)) <= 0.01
