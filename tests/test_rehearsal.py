"""The rehearsal: its script, its player, its figures, and a short day through the real networks."""

import json
from dataclasses import replace
from itertools import groupby, pairwise
from random import Random

import cv2
import numpy as np
import pytest
from conftest import DATA
from rehearsing import lived

from appliance.cli import main
from appliance.errors import DataError
from appliance.records import EMOTIONS, Adjustment, Decision, Emotion, Mood
from appliance.rehearsal import script
from appliance.rehearsal.day import Diary, Moment, as_rehearsed
from appliance.rehearsal.face_set import FaceSet, composites, load
from appliance.rehearsal.figures import figures
from appliance.rehearsal.player import Action, StandIn
from appliance.rehearsal.rehearsal import Plan, Rehearsal
from appliance.rehearsal.room import Room
from appliance.rehearsal.script import Script, ScriptedAction, Spell, Timeline
from appliance.settings import FaceSettings, ListenerSettings, Settings

HAPPY, SAD, NEUTRAL = Emotion.HAPPY, Emotion.SAD, Emotion.NEUTRAL
FER, VOTES = DATA / "fer2013.zip", DATA / "ferplus_votes.csv"


# -- the script ---------------------------------------------------------------------------------


def seconds(spells):
    return sum(spell.end_s - spell.begin_s for spell in spells)


def test_a_seed_is_a_day():
    first, again, other = (script.write(8 * 3600, seed) for seed in (1, 1, 2))
    assert first.moods.spells == again.moods.spells
    assert first.listener_actions == again.listener_actions
    assert first.moods.spells != other.moods.spells


@pytest.mark.parametrize("seed", range(5))
def test_a_day_has_everything_and_is_mostly_neutral(seed):
    day = script.write(8 * 3600, seed)
    moods = day.moods.spells
    assert {spell.value for spell in moods} == set(EMOTIONS)
    neutral = seconds(spell for spell in moods if spell.value is NEUTRAL)
    assert 0.4 < neutral / seconds(moods) < 0.8
    assert 0.7 < seconds(moods) / day.length_s < 0.95
    assert day.lights.spells
    assert day.glances.spells
    assert day.grimaces.spells
    assert day.guests[0].spells
    assert day.listener_actions


@pytest.mark.parametrize("seed", range(5))
def test_nothing_changes_in_the_dark_and_nothing_happens_without_the_owner(seed):
    day = script.write(8 * 3600, seed)
    for spell in (*day.lights.spells, *day.grimaces.spells, *day.glances.spells):
        here = day.moods.at(spell.begin_s)
        assert here is not None
        assert spell.end_s < day.length_s
    for light in day.lights.spells:
        assert day.moods.at(light.begin_s) == day.moods.at(light.end_s)
    assert all(1.0 <= g.end_s - g.begin_s <= 4.0 for g in day.grimaces.spells)
    assert all(day.truth_at(action.time_s) for action in day.listener_actions)


@pytest.fixture(scope="module")
def days():
    """Forty days of eight hours."""
    return [script.write(8 * 3600, seed) for seed in range(40)]


def in_a_row(days):
    """(mood, the one after it) of all moods that do not end with a stay."""
    return [
        (before, after)
        for day in days
        for before, after in pairwise(day.moods.spells)
        if before.end_s == after.begin_s
    ]


def test_after_neutral_comes_mostly_happy_and_after_others_mostly_neutral(days):
    """As docs/rehearsal.md says."""
    changes = [(before.value, after.value) for before, after in in_a_row(days)]
    following = [after for before, after in changes if before is NEUTRAL]
    shares = {emotion: following.count(emotion) / len(following) for emotion in EMOTIONS}
    expected = {"happy": 0.35, "sad": 0.20, "angry": 0.15, "surprise": 0.12, "fear": 0.10}
    assert shares == pytest.approx(expected | {"disgust": 0.08, "neutral": 0.0}, abs=0.05)
    back = [after is NEUTRAL for before, after in changes if before is not NEUTRAL]
    assert sum(back) / len(back) == pytest.approx(0.7, abs=0.05)


def test_neutral_lasts_eight_minutes_on_average_other_moods_four_and_all_a_minute_and_a_half(days):
    spells = [spell for day in days for spell in day.moods.spells[:-1]]
    for neutral, mean_s in ((True, 480), (False, 240)):
        lengths_s = [
            spell.end_s - spell.begin_s for spell in spells if (spell.value is NEUTRAL) is neutral
        ]
        assert sum(lengths_s) / len(lengths_s) == pytest.approx(mean_s, rel=0.05)
        assert 90 <= min(lengths_s) < 100


# -- the room -----------------------------------------------------------------------------------

GRAYS = {emotion: 20 + 30 * number for number, emotion in enumerate(EMOTIONS)}


def gray_faces():
    """A plain gray face for each emotion, so that a frame tells which one is shown."""
    pictures = {emotion: (np.full((48, 48), gray, np.uint8),) for emotion, gray in GRAYS.items()}
    return FaceSet("gray", pictures, pictures[NEUTRAL])


def room_in(mood, face_set, **spells):
    """A room whose owner stays for a quarter of an hour in this mood."""
    none = Timeline(())
    day = Script(900.0, Timeline((Spell(0.0, 900.0, mood),)), none, none, none, (none, none), ())
    return Room(replace(day, **spells), face_set, seed=1)


def shown(frame):
    """Whose gray is in the middle of the owner's face."""
    gray = frame[205:245, 300:340].mean()
    return min(GRAYS, key=lambda emotion: abs(GRAYS[emotion] - gray))


def test_three_quarters_of_the_pictures_show_the_mood_and_a_seventh_is_neutral():
    room = room_in(HAPPY, gray_faces())
    seen = [shown(room.frame_at(float(time_s))) for time_s in range(900)]
    assert seen.count(HAPPY) / 900 == pytest.approx(0.75, abs=0.04)
    # Neutral is also one of the six wrong ones.
    assert seen.count(NEUTRAL) / 900 == pytest.approx(0.15 + 0.1 / 6, abs=0.03)


def test_a_picture_stays_for_half_a_second_to_one_and_a_half():
    grays = (np.full((48, 48), gray, np.uint8) for gray in range(10, 250, 10))
    many = replace(gray_faces(), pictures=dict.fromkeys(EMOTIONS, tuple(grays)))
    many = replace(many, resting=many.pictures[HAPPY])
    room = room_in(HAPPY, many)
    levels = [round(room.frame_at(n / 10)[205:245, 300:340].mean() / 10) for n in range(600)]
    lengths_s = [len(list(same)) / 10 for _, same in groupby(levels)]
    assert 50 <= len(lengths_s) <= 75
    assert min(lengths_s) >= 0.5
    # Now and then the same gray comes twice.
    assert sorted(lengths_s)[-4] <= 1.6


def test_dark_and_blurred_pictures_are_so():
    lights = Timeline((Spell(300.0, 600.0, "dark"), Spell(600.0, 900.0, "blurred")))
    room = room_in(HAPPY, composites(), lights=lights)
    bright, dark, blurred = (room.frame_at(time_s) for time_s in (299.0, 300.0, 600.0))
    assert bright[:100, :100].mean() == pytest.approx(140, abs=3)
    assert dark[:100, :100].mean() == pytest.approx(10, abs=2)
    assert edges(blurred) < 0.6 * edges(bright)
    assert blurred[125:325, 220:420].std() > 25, "a face can still be made out"


def edges(frame):
    """How sharp the owner's face is; the camera's noise is smoothed away."""
    face = cv2.GaussianBlur(frame[150:300, 250:390].astype(np.float32), (0, 0), 3)
    return np.abs(cv2.Laplacian(face, cv2.CV_32F)).mean()


# -- the player ---------------------------------------------------------------------------------


def playing(emotion=HAPPY, time_s=0.0):
    player = StandIn(Random(1))
    player.carry_out(Decision(emotion, "switch", ""), time_s)
    return player


def test_a_song_ends_and_the_appended_one_follows_then_silence():
    player = playing()
    assert player.playback(10.0).queued_after == 0
    player.carry_out(Decision(SAD, "append", ""), 10.0)
    assert player.playback(10.0).queued_after == 1
    left_s = player.playback(10.0).remaining_s
    assert left_s is not None
    assert player.playback(10.0 + left_s).emotion is SAD
    end = player.playback(11.0 + left_s + 280.0)
    assert (end.state, end.listener) == ("stop", False)


def test_songs_last_between_two_and_a_half_and_less_than_five_minutes():
    player, lengths_s = StandIn(Random(1)), []
    for _ in range(50):
        player.carry_out(Decision(SAD, "switch", ""), 0.0)
        lengths_s.append(player.playback(0.0).remaining_s)
    assert 150 <= min(lengths_s) < 170
    assert 260 < max(lengths_s) <= 280


def test_a_waiting_song_of_the_same_mood_is_not_added_twice_and_another_replaces_it():
    player = playing()
    assert player.carry_out(Decision(SAD, "append", ""), 1.0)
    assert player.carry_out(Decision(SAD, "append", ""), 2.0) is None
    assert player.carry_out(Decision(NEUTRAL, "append", ""), 3.0)
    assert player.playback(3.0).queued_after == 1


@pytest.mark.parametrize(
    ("what", "state", "listener"),
    [("pause", "pause", True), ("skip", "stop", False), ("volume", "play", False),
     ("queue", "play", True)],
)  # fmt: skip
def test_what_the_listener_does_is_told_once(what, state, listener):
    player = playing()
    assert player.do(ScriptedAction(5.0, what, percent=33), 5.0)
    told, later = player.playback(5.0), player.playback(6.0)
    assert (told.listener_action, later.listener_action) == (what, None)
    assert (told.state, told.listener) == (state, listener)


def test_a_pause_stops_the_time_of_a_song():
    player = playing()
    before = player.playback(20.0).remaining_s
    player.do(ScriptedAction(20.0, "pause"), 20.0)
    player.playback(500.0)
    player.do(ScriptedAction(500.0, "play"), 500.0)
    after = player.playback(500.0)
    assert (after.state, after.remaining_s) == ("play", pytest.approx(before))


def test_the_listeners_own_songs_run_out():
    player = playing()
    player.do(ScriptedAction(5.0, "queue"), 5.0)
    assert player.playback(6.0).queued_after == 2
    assert player.playback(6.0 + 3 * 280.0).state == "stop"


def test_the_jukebox_pauses_and_resumes():
    player = playing()
    player.adjust(Adjustment("pause", ""), 5.0)
    resting = player.playback(6.0)
    assert (resting.resting, resting.listener) == (True, False)
    player.adjust(Adjustment("resume", ""), 7.0)
    assert not player.playback(7.0).resting


# -- the figures --------------------------------------------------------------------------------


def diary_of(length_s, moods, settled, actions=(), *, in_charge=True):
    """A diary of one frame a second. moods: the script's; settled(time): the mood found then."""
    none = Timeline(())
    day = Script(length_s, Timeline(moods), none, none, none, (none, none), ())
    diary = Diary(day, actions=list(actions))
    for time_s in range(int(length_s)):
        emotion = settled(time_s)
        mood = Mood("settled" if emotion else "uncertain", emotion, 0.9, 1, 0.0)
        moment = Moment(float(time_s), day.truth_at(time_s), mood, emotion, in_charge, False)
        diary.moments.append(moment)
    return diary


TWO_MOODS = (Spell(0.0, 1000.0, NEUTRAL), Spell(1000.0, 2000.0, SAD))


def test_shares_and_settling_are_those_of_the_diary():
    late = figures(diary_of(2000, TWO_MOODS, lambda time_s: NEUTRAL if time_s < 1100 else SAD))
    assert late.right_share == pytest.approx(1 - 60 / 1920, abs=0.002)
    assert late.settle_s is not None
    assert late.settle_s.p90 == pytest.approx(90.0)
    never = figures(diary_of(2000, TWO_MOODS, lambda time_s: NEUTRAL))
    assert (never.right_share, never.never_settled) == (pytest.approx(0.5, abs=0.01), 1)
    assert never.settle_s is not None
    assert never.settle_s.p90 == pytest.approx(900.0)


def test_forty_seconds_after_a_change_are_not_judged():
    just_in_time = figures(diary_of(2000, TWO_MOODS, lambda t: SAD if t >= 1040 else NEUTRAL))
    assert just_in_time.right_share == 1.0
    too_late = figures(diary_of(2000, TWO_MOODS, lambda t: SAD if t >= 1041 else NEUTRAL))
    assert too_late.right_share == pytest.approx(1 - 1 / 1920)


def test_music_is_not_judged_while_the_listener_is_in_charge():
    held = figures(diary_of(2000, TWO_MOODS, lambda time_s: NEUTRAL, in_charge=False))
    assert held.music_right_share is None
    assert held.right_share is not None


def test_moods_of_less_than_a_minute_are_not_counted_as_changes():
    moods = (
        Spell(0.0, 1000.0, NEUTRAL),
        Spell(1000.0, 1050.0, SAD),
        Spell(1050.0, 1120.0, HAPPY),
        Spell(1120.0, 2000.0, NEUTRAL),
    )
    assert figures(diary_of(2000, moods, lambda time_s: NEUTRAL)).mood_changes == 3


def switch(time_s, emotion, before, what="switch", **more):
    return Action(time_s, what, by_jukebox=True, emotion=emotion, before=before, **more)


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        (switch(500.0, HAPPY, NEUTRAL), 1),
        (switch(500.0, NEUTRAL, HAPPY), 0),
        (switch(1020.0, NEUTRAL, HAPPY), 0),  # so it was a moment ago
        (switch(1050.0, NEUTRAL, HAPPY), 1),
        (switch(500.0, NEUTRAL, NEUTRAL), 0),
    ],
)
def test_a_change_to_music_of_another_mood_is_wrong(action, wrong):
    assert (
        figures(diary_of(2000, TWO_MOODS, lambda time_s: NEUTRAL, [action])).wrong_changes == wrong
    )


@pytest.mark.parametrize(
    ("action", "against"),
    [
        (switch(700.0, SAD, NEUTRAL), 1),
        (switch(700.0, SAD, NEUTRAL, "fade"), 1),
        (switch(700.0, SAD, NEUTRAL, "append"), 1),
        (Action(700.0, "pause", by_jukebox=True), 1),
        (Action(700.0, "volume", by_jukebox=True), 1),
        (switch(499.0, SAD, NEUTRAL), 0),
        (switch(1100.0, SAD, NEUTRAL), 0),
        (switch(700.0, NEUTRAL, NEUTRAL, "append"), 0),
        (switch(700.0, NEUTRAL, NEUTRAL), 0),  # it had run out and goes on
        (switch(700.0, SAD, NEUTRAL, after_own_songs=True), 0),
    ],
)
def test_acting_within_ten_minutes_of_the_listener_is_against_them(action, against):
    actions = [Action(500.0, "skip", by_jukebox=False), action]
    assert (
        figures(diary_of(2000, TWO_MOODS, lambda time_s: NEUTRAL, actions)).against_listener
        == against
    )


def test_the_listeners_own_songs_are_respected_only_until_they_have_run_out():
    action, later = Action(500.0, "queue", by_jukebox=False), switch(750.0, NEUTRAL, SAD)
    ran_out = switch(700.0, SAD, NEUTRAL, after_own_songs=True)
    moods = (Spell(0.0, 2000.0, NEUTRAL),)
    assert (
        figures(diary_of(2000, moods, lambda time_s: NEUTRAL, [action, later])).against_listener
        == 1
    )
    spent = figures(diary_of(2000, moods, lambda time_s: NEUTRAL, [action, ran_out, later]))
    assert spent.against_listener == 0


def test_changes_while_uncertain_or_away_are_counted():
    moods = (Spell(0.0, 1000.0, NEUTRAL), Spell(1500.0, 2000.0, SAD))
    actions = [switch(time_s, SAD, NEUTRAL) for time_s in (300.0, 1200.0, 1800.0)]
    found = figures(
        diary_of(2000, moods, lambda time_s: None if time_s < 400 else NEUTRAL, actions)
    )
    assert found.changes_while_uncertain_or_away == 2


# -- the day ------------------------------------------------------------------------------------


def test_people_who_are_read_rightly_hear_the_right_music_and_are_never_overruled():
    found = figures(lived(script.write(3 * 3600, 4)))
    assert found.listener_actions >= 2
    assert found.music_changes > 10
    assert (found.right_share, found.music_right_share) == (1.0, 1.0)
    assert (found.wrong_changes, found.against_listener) == (0, 0)
    assert found.changes_while_uncertain_or_away == 0


def test_a_jukebox_that_does_not_step_aside_is_found_out():
    rude = Settings(listener=ListenerSettings(override_minutes=0))
    assert figures(lived(script.write(4 * 3600, 3), rude)).against_listener > 0


@pytest.mark.parametrize(("asked_s", "rehearsed_s"), [(1.0, 10.0), (30.0, 30.0)])
def test_new_faces_are_searched_for_every_ten_seconds_or_less_often(asked_s, rehearsed_s):
    settings = Settings(faces=FaceSettings(search_every_s=asked_s))
    assert as_rehearsed(settings).faces.search_every_s == rehearsed_s


@pytest.mark.heavy
def test_a_short_day_through_the_real_networks(tmp_path, capsys):
    picture = tmp_path / "day.png"
    arguments = ["--hours", "0.25", "--seed", "28", "--json", "--plot", str(picture)]
    assert main(["rehearse", *arguments]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["against_listener"] == 0
    assert answer["changes_while_uncertain_or_away"] == 0
    assert answer["replay_s"] < 0.25 * 3600
    assert answer["frames"] == 1800
    assert answer["listener_actions"] == answer["doings"] > 0
    assert answer["right_share"] > 0.6, "six of the seven composites are read rightly"
    assert cv2.imread(str(picture)).std() > 20


@pytest.mark.heavy
def test_two_filters_that_saw_the_same_are_compared(capsys):
    assert main(["rehearse", "--hours", "0.1", "--compare"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["ours", "average", "vote", "goal"]
    assert all(len(line) < 100 for line in said)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--hours", "0"], "--hours must be"),
        (["--hours", "inf"], "--hours must be"),
        (["--votes", "x.csv"], "--votes goes only with --faces"),
        (["--plot", "day.pdf"], "is not the name of a .png file"),
    ],
)
def test_misuse_is_refused(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["rehearse", *arguments])
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


# -- the faces ----------------------------------------------------------------------------------


@pytest.fixture
def faces(tmp_path):
    """Two faces of each emotion."""
    for number, emotion in enumerate(EMOTIONS):
        for row in (2 * number, 2 * number + 1):
            file = tmp_path / "faces" / "PublicTest" / emotion / f"{row:05}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(file), np.full((48, 48), 10 * row, np.uint8))
    return tmp_path / "faces"


def test_the_class_of_a_picture_is_its_mood(faces):
    face_set = load(faces, "PublicTest")
    assert set(face_set.counts().values()) == {2}
    assert face_set.pictures[SAD][0].max() == 10 * 2 * EMOTIONS.index(SAD)


def test_with_votes_only_pictures_are_taken_that_the_crowd_sees_so(faces, tmp_path):
    names = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    lines = ["row," + ",".join(names)]
    for row in range(14):
        votes = [0] * 7
        votes[row // 2] = 6
        if row % 2:  # as many see something else
            votes[(row // 2 + 1) % 7] = 6
        lines.append(f"{row}," + ",".join(map(str, votes)))
    (tmp_path / "votes.csv").write_text("\n".join(lines))
    face_set = load(faces, "PublicTest", tmp_path / "votes.csv")
    assert set(face_set.counts().values()) == {1}


@pytest.mark.parametrize(
    ("name", "split", "complaint"),
    [("nowhere.zip", "PublicTest", "cannot be read"), ("faces", "Training", "has no Training")],
)
def test_absent_pictures_are_one_sentence(faces, name, split, complaint):
    with pytest.raises(DataError, match=complaint):
        load(faces.parent / name, split)


def test_there_is_one_composite_of_each_emotion():
    assert set(composites().counts().values()) == {1}


# -- with the shared faces ----------------------------------------------------------------------


def needs_faces():
    if not FER.exists():
        pytest.skip(f"the shared faces {FER.name} are not on this machine")


@pytest.mark.heavy
def test_a_quarter_of_an_hour_of_known_faces_is_read_rightly():
    needs_faces()
    plan = Plan(faces=FER, votes=VOTES, hours=0.25, seed=3)
    found = Rehearsal(plan, Settings()).live().figures
    assert found.right_share is not None
    assert found.right_share > 0.85
    assert found.against_listener == 0


@pytest.mark.heavy
def test_a_calibrated_face_at_rest_is_neutral_again():
    needs_faces()
    plan = Plan(faces=FER, hours=0.12, seed=1, resting=Emotion.ANGRY)
    before = Rehearsal(plan, Settings()).live().figures.right_share_by_mood["neutral"]
    plan = replace(plan, calibrated=True)
    after = Rehearsal(plan, Settings()).live().figures.right_share_by_mood["neutral"]
    assert before < 0.5 < after
