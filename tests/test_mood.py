from dataclasses import replace

import pytest
from priors import PRIORS

from appliance.decide.mood import HmmMoodFilter
from appliance.records import EMOTIONS, Box, Emotion, EmotionScores, Face, Mood, Priors
from appliance.settings import MoodSettings

SETTINGS = MoodSettings()
FRAMES_PER_SECOND = 5


def looks(emotion: Emotion, probability: float = 0.8, weight: float = 0.5) -> EmotionScores:
    """A face read as this; what is left is shared out as it is on average."""
    average = dict(zip(EMOTIONS, PRIORS.all, strict=True))
    rest = (1.0 - probability) / (1.0 - average[emotion])
    probabilities = tuple(probability if e is emotion else rest * average[e] for e in EMOTIONS)
    return EmotionScores(Face(Box(0, 0, 100, 100), 0.9, 1), probabilities, probabilities, weight)


class Room:
    """Shows faces to a filter and keeps the time."""

    def __init__(self, frames_per_second: float = FRAMES_PER_SECOND) -> None:
        self.filter = HmmMoodFilter(SETTINGS, PRIORS)
        self.step_s = 1.0 / frames_per_second
        self.time_s = 100.0
        self.moods: list[Mood] = []

    def show(self, seconds: float, *scores: EmotionScores, blind: bool = False) -> Mood:
        for _ in range(round(seconds / self.step_s)):
            self.time_s += self.step_s
            self.moods.append(self.filter.update(self.time_s, scores, blind=blind))
        return self.moods[-1]

    def emotions(self) -> list[Emotion | None]:
        """The emotions one after the other, without repetition."""
        seen: list[Emotion | None] = []
        for mood in self.moods:
            if not seen or seen[-1] is not mood.emotion:
                seen.append(mood.emotion)
        return seen


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_lasting_look_becomes_the_mood(emotion):
    mood = Room().show(20, looks(emotion))
    assert (mood.state, mood.emotion) == ("settled", emotion)
    assert mood.probability > 0.95


def test_the_first_mood_of_all_comes_within_half_a_second_of_clear_looks():
    room = Room()
    assert room.show(0.5, looks(Emotion.HAPPY)).emotion is Emotion.HAPPY
    unclear = Room()
    assert unclear.show(1, looks(Emotion.HAPPY, 0.35)).emotion is None
    assert unclear.show(10, looks(Emotion.HAPPY, 0.5)).emotion is Emotion.HAPPY


def test_who_comes_back_needs_more_than_a_look():
    room = Room()
    room.show(20, looks(Emotion.SAD))
    room.show(SETTINGS.away_s + 1)
    assert room.show(0.5, looks(Emotion.HAPPY)).emotion is None
    assert room.show(4, looks(Emotion.HAPPY)).emotion is Emotion.HAPPY


def test_a_passing_grimace_changes_nothing():
    room = Room()
    room.show(20, looks(Emotion.NEUTRAL))
    room.show(3, looks(Emotion.DISGUST, 0.95))
    room.show(20, looks(Emotion.NEUTRAL))
    assert room.emotions() == [None, Emotion.NEUTRAL]


def test_a_lasting_change_is_followed_within_fifteen_seconds():
    room = Room()
    room.show(60, looks(Emotion.SAD))
    assert room.show(15, looks(Emotion.HAPPY)).emotion is Emotion.HAPPY
    assert room.emotions() == [Emotion.SAD, Emotion.HAPPY]


def test_flicker_between_two_near_equals_does_not_flicker_the_mood():
    room = Room()
    room.show(20, looks(Emotion.HAPPY))
    for _ in range(60):
        room.show(1, looks(Emotion.SURPRISE, 0.62))
        room.show(1, looks(Emotion.HAPPY, 0.60))
    assert room.emotions() in ([None, Emotion.HAPPY], [None, Emotion.HAPPY, Emotion.SURPRISE])


def test_a_face_that_is_now_and_then_read_as_neutral_is_sad_as_sad_faces_are():
    room = Room()
    room.show(20, looks(Emotion.NEUTRAL))
    for _ in range(20):
        room.show(1, looks(Emotion.SAD))
        room.show(1, looks(Emotion.NEUTRAL))
    assert room.emotions() == [None, Emotion.NEUTRAL, Emotion.SAD]


def test_a_guest_in_the_background_does_not_take_over_the_room():
    near, far = looks(Emotion.NEUTRAL, weight=0.4), looks(Emotion.DISGUST, 0.9, weight=0.16)
    room = Room()
    room.show(20, near)
    room.show(300, near, far)
    assert room.emotions() == [None, Emotion.NEUTRAL]


def test_who_sits_behind_does_not_take_over_while_the_nearest_looks_away():
    near, far = looks(Emotion.NEUTRAL, weight=0.4), looks(Emotion.HAPPY, 0.95, weight=0.16)
    room = Room()
    room.show(60, near, far)
    room.show(8, far)
    room.show(20, near, far)
    assert room.emotions() == [None, Emotion.NEUTRAL]
    assert room.show(60, far).emotion is Emotion.HAPPY, "left alone they count in full"


@pytest.mark.parametrize("frames_per_second", [1, 2, 5, 15, 30])
def test_the_frame_rate_does_not_matter(frames_per_second):
    room = Room(frames_per_second)
    room.show(30, looks(Emotion.SAD))
    room.show(30, looks(Emotion.HAPPY))
    changed = next(mood for mood in room.moods if mood.emotion is Emotion.HAPPY)
    reference = Room(10)
    reference.show(30, looks(Emotion.SAD))
    reference.show(30, looks(Emotion.HAPPY))
    expected = next(mood for mood in reference.moods if mood.emotion is Emotion.HAPPY)
    assert changed.since_s == pytest.approx(expected.since_s, abs=1.1)


def test_frames_without_a_picture_in_between_do_not_slow_it_down():
    steady, patchy = Room(1), Room(2)
    steady.show(30, looks(Emotion.SAD))
    steady.show(30, looks(Emotion.HAPPY))
    for emotion in (Emotion.SAD, Emotion.HAPPY):
        for _ in range(30):
            patchy.show(0.5, blind=True)
            patchy.show(0.5, looks(emotion))
    ends = [room.moods[-1].since_s for room in (steady, patchy)]
    assert [room.moods[-1].emotion for room in (steady, patchy)] == [Emotion.HAPPY] * 2
    assert ends[0] == pytest.approx(ends[1], abs=1.0)


def test_unclear_scores_are_uncertain_and_not_the_least_wrong_emotion():
    room = Room()
    mood = room.show(30, looks(Emotion.ANGRY, 0.30))
    assert (mood.state, mood.emotion) == ("uncertain", None)


def test_looks_that_cannot_decide_do_not_speak_for_the_rarest_mood():
    room = Room()
    room.show(20, looks(Emotion.NEUTRAL))
    mood = room.show(10, looks(Emotion.DISGUST, 0.24))
    assert (mood.emotion, mood.probability > 0.8) == (Emotion.NEUTRAL, True)


def test_a_mood_becomes_uncertain_only_when_it_lasts():
    room = Room()
    room.show(20, looks(Emotion.HAPPY))
    assert room.show(5, looks(Emotion.ANGRY, 0.25)).emotion is Emotion.HAPPY
    assert room.show(30, looks(Emotion.ANGRY, 0.25)).state == "uncertain"


def test_a_glance_away_keeps_the_mood_and_a_long_absence_is_nobody():
    room = Room()
    room.show(20, looks(Emotion.HAPPY))
    assert room.show(SETTINGS.away_s - 2).emotion is Emotion.HAPPY
    mood = room.show(4)
    assert (mood.state, mood.faces) == ("nobody", 0)


def test_nobody_was_here_at_the_start():
    assert Room().show(1).state == "nobody"


def test_blindness_is_no_absence_but_is_uncertain_in_the_end():
    room = Room()
    room.show(20, looks(Emotion.HAPPY))
    assert room.show(SETTINGS.away_s - 2, blind=True).emotion is Emotion.HAPPY
    assert room.show(4, blind=True).state == "uncertain"
    assert room.show(10, looks(Emotion.HAPPY)).emotion is Emotion.HAPPY


def test_what_was_unclear_before_a_gap_ends_no_mood_within_it():
    room = Room()
    room.show(20, looks(Emotion.HAPPY))
    room.show(15, looks(Emotion.HAPPY, 1 / 7))
    assert room.show(SETTINGS.away_s - 2, blind=True).emotion is Emotion.HAPPY


def test_the_heavier_of_two_faces_decides():
    near, far = looks(Emotion.HAPPY, weight=0.6), looks(Emotion.SAD, weight=0.1)
    mood = Room().show(20, far, near)
    assert (mood.emotion, mood.faces) == (Emotion.HAPPY, 2)


def test_a_gap_in_the_frames_does_not_let_one_picture_decide():
    room = Room()
    room.show(20, looks(Emotion.NEUTRAL))
    room.time_s += 50
    assert room.show(room.step_s, looks(Emotion.ANGRY, 1.0)).emotion is Emotion.NEUTRAL


def test_since_tells_when_the_mood_began():
    room = Room()
    room.show(20, looks(Emotion.HAPPY))
    began = next(mood.since_s for mood in room.moods if mood.emotion)
    assert room.moods[-1].since_s == began
    assert room.time_s - 20 < began < room.time_s - 10


def test_settings_change_without_losing_what_was_seen():
    room = Room()
    room.show(20, looks(Emotion.HAPPY))
    room.filter.settings = MoodSettings(dwell_s=20)
    assert room.show(room.step_s, looks(Emotion.HAPPY)).emotion is Emotion.HAPPY


def test_other_priors_take_effect_without_losing_what_was_seen():
    room = Room()
    room.show(20, looks(Emotion.HAPPY))
    before = room.moods[-1].probability
    room.filter.priors = Priors.even()
    after = room.show(room.step_s, looks(Emotion.HAPPY))
    assert after.emotion is Emotion.HAPPY
    assert after.probability != before


@pytest.mark.parametrize(("people", "mood"), [("all", Emotion.HAPPY), ("largest", Emotion.SAD)])
def test_whose_faces_count_can_be_set(people, mood):
    room = Room()
    room.filter.settings = replace(SETTINGS, people=people)
    near = replace(looks(Emotion.SAD), face=Face(Box(0, 0, 200, 200), 0.9, 1), weight=0.3)
    surer = replace(looks(Emotion.HAPPY), face=Face(Box(300, 0, 90, 90), 0.9, 2), weight=0.9)
    seen = room.show(30, near, surer)
    assert (seen.emotion, seen.faces) == (mood, 2)
