from dataclasses import replace
from typing import get_args

import pytest
from priors import PRIORS

from appliance.decide.mood import HmmMoodFilter
from appliance.decide.moods_over_time import after, moods
from appliance.decide.phrases import describe, how_sure
from appliance.decide.policy import MusicPolicy
from appliance.records import (
    EMOTIONS,
    Adjustment,
    Box,
    Emotion,
    EmotionScores,
    Face,
    Mood,
    Playback,
    Priors,
    Unclear,
)
from appliance.settings import MoodSettings, Settings

SETTINGS = MoodSettings()
FRAMES_PER_SECOND = 5


def seen_as(emotion: Emotion, probability: float = 0.8, weight: float = 0.5) -> EmotionScores:
    """A face read as this emotion; the rest is shared out as in faces on average."""
    average = dict(zip(EMOTIONS, PRIORS.all, strict=True))
    rest = (1.0 - probability) / (1.0 - average[emotion])
    probabilities = tuple(
        probability if other is emotion else rest * average[other] for other in EMOTIONS
    )
    return EmotionScores(Face(Box(0, 0, 100, 100), 0.9, 1), probabilities, probabilities, weight)


def on_track(number: int, score: EmotionScores) -> EmotionScores:
    """The same face, followed under another number."""
    return replace(score, face=replace(score.face, track=number))


def unclear(cause: Unclear, score: EmotionScores) -> EmotionScores:
    """The same face, which cannot be read well."""
    return replace(score, weight=0.4 * score.weight, unclear=cause)


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

    def changed_after_s(self, began_s: float) -> float:
        """Seconds from began_s until the mood became what it is now."""
        return self.moods[-1].since_s - began_s

    def emotions(self) -> list[Emotion | None]:
        """The emotions one after the other, without repetition."""
        seen: list[Emotion | None] = []
        for mood in self.moods:
            if not seen or seen[-1] is not mood.emotion:
                seen.append(mood.emotion)
        return seen


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_lasting_expression_becomes_the_mood(emotion):
    mood = Room().show(20, seen_as(emotion))
    assert (mood.state, mood.emotion) == ("settled", emotion)
    assert mood.probability > 0.95


def test_the_first_mood_of_all_comes_within_a_second():
    room = Room()
    assert room.show(1, seen_as(Emotion.HAPPY)).emotion is Emotion.HAPPY
    doubtful = Room()
    assert doubtful.show(10, seen_as(Emotion.HAPPY, 0.5)).emotion is None


def test_people_who_come_back_need_more_than_one_observation():
    room = Room()
    room.show(20, seen_as(Emotion.SAD))
    room.show(SETTINGS.away_s + 1)
    assert room.show(0.5, seen_as(Emotion.HAPPY)).emotion is None
    assert room.show(5, seen_as(Emotion.HAPPY, 0.9)).emotion is Emotion.HAPPY


@pytest.mark.parametrize(
    ("first", "second", "most"), [(0.40, 0.40, 0.6), (0.50, 0.35, 0.8), (0.45, 0.20, 0.9)]
)
def test_a_still_and_doubtful_face_never_becomes_a_near_certain_mood(first, second, most):
    """Before, after a minute: 0.97, 0.99 and 0.99 sad."""
    sad, neutral = EMOTIONS.index(Emotion.SAD), EMOTIONS.index(Emotion.NEUTRAL)
    shares = [(1 - first - second) / 5] * len(EMOTIONS)
    shares[sad], shares[neutral] = first, second
    face = replace(seen_as(Emotion.SAD), mean_probabilities=tuple(shares))
    assert max(Room().show(minutes * 60, face).probability for minutes in (1, 5, 20)) < most


def test_a_face_that_moves_says_more_than_one_that_keeps_still():
    """The same doubtful face for the same time, and between them one that says nothing."""
    still, lively = Room(), Room()
    still.show(45, seen_as(Emotion.SAD, 0.4))
    for _ in range(15):
        lively.show(3, seen_as(Emotion.SAD, 0.4))
        lively.show(1, seen_as(Emotion.ANGRY, 0.2))
    doubt = [1 - room.moods[-1].probability for room in (still, lively)]
    assert doubt[1] < 0.5 * doubt[0]


def test_a_passing_grimace_changes_nothing():
    room = Room()
    room.show(20, seen_as(Emotion.NEUTRAL))
    room.show(3, seen_as(Emotion.DISGUST, 0.95))
    room.show(20, seen_as(Emotion.NEUTRAL))
    assert room.emotions() == [None, Emotion.NEUTRAL]


def test_a_lasting_change_is_followed_within_fifteen_seconds():
    room = Room()
    room.show(60, seen_as(Emotion.SAD, 0.97))
    assert room.show(15, seen_as(Emotion.HAPPY, 0.97)).emotion is Emotion.HAPPY
    assert room.emotions() == [None, Emotion.SAD, Emotion.HAPPY]


def test_flicker_between_two_near_equals_does_not_flicker_the_mood():
    room = Room()
    room.show(20, seen_as(Emotion.HAPPY))
    for _ in range(60):
        room.show(1, seen_as(Emotion.SURPRISE, 0.62))
        room.show(1, seen_as(Emotion.HAPPY, 0.60))
    assert room.emotions() in ([None, Emotion.HAPPY], [None, Emotion.HAPPY, Emotion.SURPRISE])


def test_a_face_that_is_now_and_then_read_as_neutral_is_sad_as_sad_faces_are():
    room = Room()
    room.show(20, seen_as(Emotion.NEUTRAL))
    for _ in range(20):
        room.show(1, seen_as(Emotion.SAD))
        room.show(1, seen_as(Emotion.NEUTRAL))
    assert room.emotions() == [None, Emotion.NEUTRAL, Emotion.SAD]


def test_a_guest_in_the_background_does_not_take_over_the_room():
    near, far = seen_as(Emotion.NEUTRAL, weight=0.4), seen_as(Emotion.DISGUST, 0.9, weight=0.16)
    room = Room()
    room.show(20, near)
    room.show(300, near, far)
    assert room.emotions() == [None, Emotion.NEUTRAL]


def test_people_behind_do_not_take_over_while_the_nearest_looks_away():
    near, far = seen_as(Emotion.NEUTRAL, weight=0.4), seen_as(Emotion.HAPPY, 0.95, weight=0.16)
    room = Room()
    room.show(60, near, far)
    room.show(8, far)
    room.show(20, near, far)
    assert room.emotions() == [None, Emotion.NEUTRAL]
    left_s = room.time_s
    assert room.show(60, far).emotion is Emotion.HAPPY, "left alone they count in full"
    assert 12 < room.changed_after_s(left_s) < 40


@pytest.mark.parametrize(("seconds", "neutral"), [(4, 0.987), (8, 0.977), (16, 0.948), (30, 0.613)])
def test_those_behind_count_for_more_the_longer_the_nearest_is_away(seconds, neutral):
    """Nearness halves in 10 s; at half of it they count in full, and the far one looks happy."""
    near, far = seen_as(Emotion.NEUTRAL, weight=0.4), seen_as(Emotion.HAPPY, 0.95, weight=0.16)
    room = Room()
    room.show(60, near, far)
    mood = room.show(seconds, far)
    assert mood.emotion is Emotion.NEUTRAL
    assert mood.probability == pytest.approx(neutral, abs=0.002)


@pytest.mark.parametrize("frames_per_second", [1, 2, 5, 15, 30])
def test_the_frame_rate_does_not_matter(frames_per_second):
    room = Room(frames_per_second)
    room.show(30, seen_as(Emotion.SAD, 0.9))
    room.show(30, seen_as(Emotion.HAPPY, 0.9))
    changed = next(mood for mood in room.moods if mood.emotion is Emotion.HAPPY)
    reference = Room(10)
    reference.show(30, seen_as(Emotion.SAD, 0.9))
    reference.show(30, seen_as(Emotion.HAPPY, 0.9))
    expected = next(mood for mood in reference.moods if mood.emotion is Emotion.HAPPY)
    assert changed.since_s == pytest.approx(expected.since_s, abs=2.0)


def test_frames_without_a_picture_in_between_do_not_slow_it_down():
    steady, patchy = Room(1), Room(2)
    steady.show(30, seen_as(Emotion.SAD))
    steady.show(30, seen_as(Emotion.HAPPY))
    for emotion in (Emotion.SAD, Emotion.HAPPY):
        for _ in range(30):
            patchy.show(0.5, blind=True)
            patchy.show(0.5, seen_as(emotion))
    assert [room.moods[-1].emotion for room in (steady, patchy)] == [Emotion.HAPPY] * 2
    assert steady.moods[-1].since_s == pytest.approx(patchy.moods[-1].since_s, abs=1.0)


def test_unclear_scores_are_uncertain_and_not_the_least_wrong_emotion():
    room = Room()
    mood = room.show(30, seen_as(Emotion.ANGRY, 0.30))
    assert (mood.state, mood.emotion) == ("uncertain", None)


def test_unclear_observations_do_not_count_for_the_rarest_mood():
    room = Room()
    room.show(20, seen_as(Emotion.NEUTRAL))
    mood = room.show(10, seen_as(Emotion.DISGUST, 0.24))
    assert (mood.emotion, mood.probability > 0.8) == (Emotion.NEUTRAL, True)


def test_a_mood_becomes_uncertain_half_a_minute_after_the_last_clear_observation():
    room = Room()
    room.show(20, seen_as(Emotion.HAPPY))
    assert room.show(30, seen_as(Emotion.ANGRY, 0.25)).emotion is Emotion.HAPPY
    assert room.show(5, seen_as(Emotion.ANGRY, 0.25)).state == "uncertain"


def test_somebody_who_arrives_and_cannot_be_read_is_uncertain_within_a_second():
    room = Room()
    assert room.show(1, seen_as(Emotion.HAPPY, 0.25)).state == "uncertain"


def test_two_people_of_different_moods_are_not_nobody():
    """Their mean reading leads by less than the margin; "nobody is here" was told for 45 s."""
    pair = seen_as(Emotion.HAPPY), on_track(2, seen_as(Emotion.SAD))
    room = Room()
    room.show(20, seen_as(Emotion.NEUTRAL))
    room.show(SETTINGS.away_s + 10)
    came_s = room.time_s
    room.show(60, *pair)
    states = {mood.state for mood in room.moods[-300:] if mood.since_s > came_s}
    assert "nobody" not in states
    assert next(m.since_s for m in room.moods if m.since_s > came_s) <= came_s + 1.0


def test_a_picture_of_a_face_is_nobody():
    poster = replace(seen_as(Emotion.HAPPY), weight=0.0, picture=True)
    room = Room()
    mood = room.show(120, poster)
    assert (mood.state, mood.faces, mood.company) == ("nobody", 0, False)
    mood = room.show(30, poster, on_track(2, seen_as(Emotion.SAD)))
    assert (mood.emotion, mood.faces, mood.company) == (Emotion.SAD, 1, False)
    room.show(SETTINGS.away_s + 1, poster)
    assert room.moods[-1].state == "nobody", "a person who has left is not kept by their poster"


def test_a_poster_that_counts_as_a_picture_only_later_does_not_keep_the_room_occupied():
    room = Room()
    assert room.show(60, seen_as(Emotion.HAPPY)).emotion is Emotion.HAPPY
    poster = replace(seen_as(Emotion.HAPPY), weight=0.0, picture=True)
    assert room.show(SETTINGS.away_s + 1, poster).state == "nobody"


def test_the_music_goes_on_within_two_seconds_for_two_people_of_different_moods():
    pair = seen_as(Emotion.HAPPY), on_track(2, seen_as(Emotion.SAD))
    resting = Playback("pause", "Sunny", Emotion.HAPPY, 50.0, 0, charge="resting")
    playing = replace(resting, state="play", charge="jukebox")
    room, policy = Room(), MusicPolicy(Settings())
    room.show(1200)
    came_s = room.time_s
    while policy.decide(room.time_s, 0.0, room.show(room.step_s, *pair), resting) is None:
        assert room.time_s - came_s < 2.0
    for _ in range(3600):
        decided = policy.decide(room.time_s, 0.0, room.show(room.step_s, *pair), playing)
        assert not isinstance(decided, Adjustment), decided


CAUSES = get_args(Unclear)


@pytest.mark.parametrize("cause", CAUSES)
def test_people_are_told_why_the_mood_is_uncertain(cause):
    mood = Mood("uncertain", None, 0.3, 1, 0.0, unclear=cause)
    assert describe(mood).startswith("1 face: the mood is uncertain, ")
    assert describe(replace(mood, unclear="turned")).endswith("I see you from the side")


@pytest.mark.parametrize("cause", CAUSES)
def test_a_face_that_cannot_be_read_well_is_somebody_whose_mood_is_uncertain(cause):
    room = Room()
    mood = room.show(120, unclear(cause, seen_as(Emotion.SAD, 0.95)))
    assert (mood.state, mood.faces, mood.unclear) == ("uncertain", 1, cause)
    assert room.show(20, seen_as(Emotion.HAPPY)).emotion is Emotion.HAPPY
    assert room.moods[-1].unclear is None


def test_a_hand_before_the_mouth_for_some_seconds_does_not_end_the_mood():
    room = Room()
    room.show(60, seen_as(Emotion.HAPPY))
    for _ in range(10):
        room.show(2, unclear("hidden", seen_as(Emotion.SAD, 0.95)))
        room.show(8, seen_as(Emotion.HAPPY))
    assert room.emotions() == [None, Emotion.HAPPY]


def test_the_cause_is_that_of_the_foremost_face_and_of_most_of_the_time():
    near, far = seen_as(Emotion.HAPPY, 0.25), unclear("small", seen_as(Emotion.HAPPY, 0.25))
    room = Room()
    assert room.show(30, near, on_track(2, far)).unclear is None
    assert room.show(20, unclear("turned", near), on_track(2, far)).unclear == "turned"
    assert room.show(0.4, unclear("dark", near)).unclear == "turned"
    assert room.show(10, unclear("dark", near)).unclear == "dark"


def test_a_face_without_any_weight_is_still_somebody():
    room = Room()
    mood = room.show(30, replace(unclear("dark", seen_as(Emotion.SAD)), weight=0.0))
    assert (mood.state, mood.unclear) == ("uncertain", "dark")


@pytest.mark.parametrize(
    ("emotion", "probability"),
    [(Emotion.HAPPY, 0.81), (Emotion.SAD, 0.81), (Emotion.NEUTRAL, 0.90)],
)
def test_moods_end_after_minutes_neutral_ones_half_as_often(emotion, probability):
    """After 50 s unseen: e^(-50/240), for neutral e^(-50/480)."""
    room = Room()
    room.show(60, seen_as(emotion))
    assert room.show(50).probability == pytest.approx(probability, abs=0.02)


def test_a_mood_mostly_goes_back_to_neutral():
    """Half of the time goes by before the absence of the former expression tells anything."""
    room = Room()
    room.show(120, seen_as(Emotion.HAPPY))
    began_s = room.time_s
    assert room.show(20, seen_as(Emotion.NEUTRAL)).emotion is Emotion.NEUTRAL
    assert room.changed_after_s(began_s) == pytest.approx(13.6, abs=1.0)


def smile_now_and_then(room: Room, times: int) -> None:
    """Five seconds of seventeen; the face rests between, as most faces do."""
    for _ in range(times):
        room.show(5, seen_as(Emotion.HAPPY, 0.95))
        room.show(12, seen_as(Emotion.NEUTRAL, 0.9))


def test_a_face_that_smiles_now_and_then_is_happy_also_while_it_rests():
    room = Room()
    room.show(60, seen_as(Emotion.NEUTRAL, 0.9))
    smile_now_and_then(room, 20)
    assert room.emotions() == [None, Emotion.NEUTRAL, Emotion.HAPPY]
    assert room.moods[-1].since_s < 100 + 60 + 90, "at the latest with the fifth smile"
    rests_s = room.time_s
    assert room.show(60, seen_as(Emotion.NEUTRAL, 0.9)).emotion is Emotion.NEUTRAL
    assert 15 < room.changed_after_s(rests_s) < 35, "a rest that lasts is the end of it"


def test_whoever_comes_next_may_be_a_person_whose_face_shows_more():
    """A calm person is known after some smiles; the next one is anybody again."""
    took_s = []
    for smiles in (0, 20):
        room = Room()
        smile_now_and_then(room, smiles)
        room.show(SETTINGS.away_s + 1)
        room.show(20, seen_as(Emotion.HAPPY, 0.95))
        rests_s = room.time_s
        room.show(60, seen_as(Emotion.NEUTRAL, 0.9))
        took_s.append(room.changed_after_s(rests_s))
    assert took_s[1] == pytest.approx(took_s[0], abs=1.5)


def test_a_glance_away_keeps_the_mood_and_after_a_long_absence_nobody_is_here():
    room = Room()
    room.show(20, seen_as(Emotion.HAPPY))
    assert room.show(SETTINGS.away_s - 2).emotion is Emotion.HAPPY
    mood = room.show(4)
    assert (mood.state, mood.faces) == ("nobody", 0)


def test_nobody_was_here_at_the_start():
    assert Room().show(1).state == "nobody"


def test_blindness_is_not_absence_but_becomes_uncertain_in_the_end():
    room = Room()
    room.show(20, seen_as(Emotion.HAPPY))
    assert room.show(SETTINGS.away_s - 2, blind=True).emotion is Emotion.HAPPY
    assert room.show(4, blind=True).state == "uncertain"
    assert room.show(10, seen_as(Emotion.HAPPY)).emotion is Emotion.HAPPY


def test_what_was_unclear_before_a_gap_ends_no_mood_within_it():
    room = Room()
    room.show(20, seen_as(Emotion.HAPPY))
    room.show(15, seen_as(Emotion.HAPPY, 1 / 7))
    assert room.show(SETTINGS.away_s - 2, blind=True).emotion is Emotion.HAPPY


def test_the_heavier_of_two_faces_decides():
    near, far = seen_as(Emotion.HAPPY, weight=0.6), seen_as(Emotion.SAD, weight=0.1)
    mood = Room().show(20, far, near)
    assert (mood.emotion, mood.faces) == (Emotion.HAPPY, 2)


def test_a_gap_in_the_frames_does_not_let_one_picture_decide():
    room = Room()
    room.show(20, seen_as(Emotion.NEUTRAL))
    room.time_s += 50
    assert room.show(room.step_s, seen_as(Emotion.ANGRY, 1.0)).emotion is Emotion.NEUTRAL


def test_a_gap_in_the_frames_does_not_let_one_unclear_picture_end_the_mood():
    room = Room()
    room.show(60, seen_as(Emotion.HAPPY))
    room.time_s += 50
    mood = room.show(room.step_s, seen_as(Emotion.ANGRY, 0.25))
    assert (mood.state, mood.emotion) == ("settled", Emotion.HAPPY)


def test_since_says_when_the_mood_began():
    room = Room()
    room.show(20, seen_as(Emotion.HAPPY))
    began = next(mood.since_s for mood in room.moods if mood.emotion)
    assert room.moods[-1].since_s == began
    assert room.time_s - 20 < began < room.time_s - 10


def test_settings_change_without_losing_what_was_seen():
    room = Room()
    room.show(20, seen_as(Emotion.HAPPY))
    room.filter.settings = MoodSettings(dwell_s=20)
    assert room.show(room.step_s, seen_as(Emotion.HAPPY)).emotion is Emotion.HAPPY


def test_other_priors_take_effect_without_losing_what_was_seen():
    room = Room()
    room.show(20, seen_as(Emotion.HAPPY))
    before = room.moods[-1].probability
    room.filter.priors = Priors.even()
    after = room.show(room.step_s, seen_as(Emotion.HAPPY))
    assert after.emotion is Emotion.HAPPY
    assert after.probability != before


@pytest.mark.parametrize(("people", "mood"), [("all", Emotion.HAPPY), ("largest", Emotion.SAD)])
def test_whose_faces_count_can_be_set(people, mood):
    room = Room()
    room.filter.settings = replace(SETTINGS, people=people)
    near = replace(seen_as(Emotion.SAD), face=Face(Box(0, 0, 200, 200), 0.9, 1), weight=0.3)
    surer = replace(seen_as(Emotion.HAPPY), face=Face(Box(300, 0, 90, 90), 0.9, 2), weight=0.9)
    seen = room.show(30, near, surer)
    assert (seen.emotion, seen.faces) == (mood, 2)


def a_second_after(before: Emotion) -> dict[Emotion, float]:
    """The probabilities of the moods a second after this one was certain."""
    certain = [0.0] * 14
    certain[EMOTIONS.index(before)] = 1.0
    return dict(zip(EMOTIONS, moods(after(tuple(certain), 1.0)), strict=True))


@pytest.mark.parametrize("before", EMOTIONS)
def test_after_a_mood_comes_neutral_mostly_and_every_other_mood_has_the_same_chance(before):
    chances = a_second_after(before)
    assert sum(chances.values()) == pytest.approx(1.0)
    ended = 1.0 - chances.pop(before)
    if before is not Emotion.NEUTRAL:
        assert chances.pop(Emotion.NEUTRAL) == pytest.approx(0.7 * ended)
    assert min(chances.values()) == pytest.approx(max(chances.values()))


@pytest.mark.parametrize("mood", EMOTIONS)
def test_a_neutral_mood_lasts_twice_as_long_as_others(mood):
    lasts_s = 480 if mood is Emotion.NEUTRAL else 240
    assert 1.0 - a_second_after(mood)[mood] == pytest.approx(1 / lasts_s)


def test_after_an_hour_anybody_may_sit_there():
    certain = tuple(float(number == EMOTIONS.index(Emotion.HAPPY)) for number in range(14))
    calm = [sum(beliefs[7:]) for beliefs in (after(certain, 36.0), after(certain, 360.0))]
    assert calm == pytest.approx([0.3 * 0.01, 0.3 * 0.1])


@pytest.mark.parametrize(
    ("probability", "sure"),
    [(0.95, "very"), (0.9, "very"), (0.89, "quite"), (0.7, "quite"), (0.69, "fairly")],
)
def test_how_sure_a_mood_is_is_told_in_three_steps(probability, sure):
    assert how_sure(Mood("settled", Emotion.HAPPY, probability, 1, 0.0)) == sure
    assert how_sure(Mood("uncertain", None, probability, 1, 0.0)) == ""
