"""The comparison of the rig three_apps: what it must find, and what it must let pass."""

import pytest
from three_apps.compare import Rules, compare
from three_apps.proxy import Conversation
from three_apps.records import JUKEBOX, Command, Sight

RULES = Rules(override_s=30.0, crossfade_s=4.0)
OWN = ("addid", "happy/happy-0.wav")


class Tape:
    """A session that is made up: MPD plays the jukebox's song 1 until a test says otherwise."""

    def __init__(self):
        self.commands, self.sights = [], []
        self.time_s, self.state, self.song, self.elapsed_s = 0.0, "stop", "", 0.0
        self.volume, self.modes, self.length = 60, ["0"] * 4, 0
        self.jukebox(*OWN, song_id="1")
        self.jukebox("playid", "1")
        self.state, self.song, self.length = "play", "1", 1
        self.passes(5)

    def passes(self, seconds, **more):
        """MPD is seen for so long in a state."""
        for name, value in more.items():
            setattr(self, name, value)
        for _ in range(round(5 * seconds)):
            self.time_s += 0.2
            self.elapsed_s += 0.2 if self.state == "play" else 0.0
            self.sights.append(
                Sight(self.time_s, self.state, self.song, self.elapsed_s, 300.0, self.volume,
                      tuple(self.modes), self.length)
            )  # fmt: skip
        return self

    def command(self, who, *words, song_id=""):
        self.time_s += 0.01
        self.commands.append(Command(who, self.time_s - 0.01, self.time_s, words, song_id))
        return self

    def jukebox(self, *words, song_id=""):
        return self.command(JUKEBOX, *words, song_id=song_id)

    def person(self, *words, song_id=""):
        return self.command("phone", *words, song_id=song_id)

    def tells(self, words):
        return self.person("sendmessage", "jukebox", words)

    def kinds(self):
        report = compare(self.commands, self.sights, RULES)
        return [finding.kind for finding in report.findings]


UNDONE, SILENT = ["deed undone"], ["unasked silence"]


@pytest.mark.parametrize(
    ("deed", "state"), [(("pause", "1"), "pause"), (("stop",), "stop"), (("clear",), "stop")]
)
@pytest.mark.parametrize("order", [("pause", "0"), ("playid", "1")])
def test_music_after_a_pause_a_stop_or_a_clear_is_a_deed_undone(deed, state, order):
    tape = Tape().person(*deed).passes(15, state=state)
    assert tape.kinds() == []
    assert tape.jukebox(*order).passes(5, state="play").kinds() == UNDONE


def test_music_that_goes_on_by_itself_after_a_pause_is_a_deed_undone():
    tape = Tape().person("pause", "1").passes(5, state="pause").passes(5, state="play")
    assert tape.kinds() == UNDONE


@pytest.mark.parametrize("wish", [("play",), ("sendmessage", "jukebox", "resume")])
def test_a_pause_ends_when_a_person_wishes_so(wish):
    tape = Tape().person("pause", "1").passes(60, state="pause").person(*wish)
    assert tape.jukebox("pause", "0").passes(5, state="play").kinds() == []


@pytest.mark.parametrize("wish", [("play",), ("sendmessage", "jukebox", "mood happy")])
def test_silence_after_a_wish_for_music_is_unasked(wish):
    tape = Tape().person("stop").passes(60, state="stop").person(*wish)
    assert tape.passes(15, state="stop").kinds() == SILENT


@pytest.mark.parametrize("state", ["stop", "pause"])
def test_silence_that_nobody_asked_for_is_found_after_ten_seconds(state):
    assert Tape().passes(9, state=state).passes(3, state="play").kinds() == []
    assert Tape().passes(11, state=state).kinds() == SILENT


def test_a_place_in_the_song_that_stands_still_is_silence():
    tape = Tape()
    for _ in range(60):
        tape.elapsed_s -= 0.2
        tape.passes(0.2)
    assert tape.kinds() == SILENT


def test_an_output_that_a_person_switched_off_is_asked_silence():
    tape = Tape().person("single", "1").passes(1, modes=["0", "0", "1", "0"])
    tape.person("disableoutput", "0").passes(30, state="pause")
    tape.jukebox("pause", "0")
    assert tape.passes(1).kinds() == []
    assert tape.person("enableoutput", "0").passes(15).kinds() == SILENT


def test_a_song_that_ends_with_single_is_asked_silence():
    tape = Tape().person("single", "1").passes(5, modes=["0", "0", "1", "0"])
    assert tape.passes(60, state="stop").kinds() == []
    assert tape.jukebox("playid", "1").kinds() == UNDONE


@pytest.mark.parametrize("deed", [("playid", "7"), ("next",), ("seekcur", "+10")])
def test_another_song_within_the_half_minute_is_a_deed_undone(deed):
    tape = Tape().passes(5).person(*deed).passes(5)
    tape.jukebox(*OWN, song_id="2").jukebox("playid", "2")
    assert tape.passes(2, song="2").kinds() == UNDONE


def test_another_song_after_the_half_minute_or_at_the_songs_end_is_none():
    tape = Tape().person("seekcur", "+10").passes(31)
    tape.jukebox(*OWN, song_id="2").jukebox("playid", "2").passes(2, song="2")
    tape.elapsed_s = 290.0
    tape.person("seekcur", "290").passes(9).jukebox(*OWN, song_id="3").jukebox("playid", "3")
    assert tape.kinds() == []


@pytest.mark.parametrize("deed", [("next",), ("deleteid", "1")])
def test_music_that_goes_on_after_the_last_song_was_passed_over_is_no_deed_undone(deed):
    tape = Tape().person(*deed).jukebox(*OWN, song_id="2").jukebox("playid", "2")
    assert tape.passes(5, song="2").kinds() == []


def test_a_persons_own_song_is_never_left_unless_they_ask_for_it():
    tape = Tape().person("addid", "own/own-0.wav", song_id="7").person("playid", "7")
    tape.passes(60, song="7").jukebox(*OWN, song_id="2").jukebox("playid", "2")
    assert tape.kinds() == UNDONE
    tape = Tape().person("addid", "own/own-0.wav", song_id="7").person("playid", "7")
    tape.passes(5, song="7").tells("auto").jukebox(*OWN, song_id="2").jukebox("playid", "2")
    assert tape.kinds() == []


def test_a_fade_that_had_begun_may_end_after_a_person_turned_the_volume():
    tape = Tape().person("seekcur", "+10").passes(31).jukebox(*OWN, song_id="2").passes(1)
    assert tape.person("setvol", "40").passes(1).jukebox("playid", "2").kinds() == []


def test_a_fade_that_had_begun_must_not_end_after_a_person_moved_within_the_song():
    tape = Tape().tells("auto").jukebox(*OWN, song_id="2").passes(1)
    assert tape.person("seekcur", "+10").passes(1).jukebox("playid", "2").kinds() == UNDONE


def test_of_two_people_within_a_second_either_may_be_heeded():
    tape = Tape().tells("auto").person("addid", "own/own-0.wav", song_id="7").person("playid", "7")
    tape.passes(5, song="7").jukebox(*OWN, song_id="2").jukebox("playid", "2")
    assert tape.kinds() == []


def test_a_seek_in_stopped_music_and_a_next_in_paused_music_may_play():
    tape = Tape().person("stop").passes(5, state="stop").person("seekid", "1", "9")
    assert tape.passes(5, state="play").kinds() == []
    tape = Tape().person("pause", "1").passes(5, state="pause").person("next")
    assert tape.passes(5, state="play").kinds() == []
    tape = Tape().person("pause", "1").passes(5, state="pause").person("next")
    assert tape.passes(30, state="stop").kinds() == []


def test_a_volume_that_the_jukebox_changes_or_keeps_is_a_deed_undone():
    tape = Tape().person("setvol", "40").passes(3, volume=40)
    assert tape.kinds() == []
    assert tape.jukebox("setvol", "60").passes(3, volume=60).kinds() == UNDONE
    tape = Tape().person("setvol", "40").passes(31, volume=40).jukebox("setvol", "20")
    assert tape.passes(4, volume=20).kinds() == []
    assert tape.passes(9).kinds() == UNDONE


def test_a_mode_that_is_otherwise_than_set_is_a_deed_undone():
    tape = Tape().person("random", "1").passes(2)
    assert tape.kinds() == []
    assert tape.passes(9).kinds() == UNDONE
    tape = Tape().person("random", "1").passes(9, modes=["0", "1", "0", "0"])
    assert tape.kinds() == []
    assert tape.jukebox("random", "0").kinds() == UNDONE


@pytest.mark.parametrize("order", [("clear",), ("stop",), ("seekcur", "9"), ("deleteid", "7")])
def test_what_the_jukebox_must_never_do_is_found(order):
    assert Tape().jukebox(*order).kinds() == UNDONE


def test_a_song_offered_too_early_after_a_clear_is_a_deed_undone():
    tape = Tape().person("clear").passes(5, state="stop", song="", length=0)
    assert tape.jukebox(*OWN, song_id="2").kinds() == UNDONE
    tape = Tape().person("clear").passes(10, state="stop", song="", length=0)
    assert tape.jukebox(*OWN, song_id="2").kinds() == []


def test_another_mood_than_somebody_asked_for_is_a_deed_undone():
    tape = Tape().tells("mood sad").passes(60)
    assert tape.jukebox("addid", "sad/sad-0.wav", song_id="2").kinds() == []
    assert tape.jukebox("addid", "happy/happy-0.wav", song_id="3").kinds() == UNDONE


def test_what_changes_nothing_is_no_deed():
    tape = Tape().passes(5, state="pause")
    for deed in [("pause", "1"), ("setvol", "60"), ("random", "0")]:
        tape.person(*deed)
    assert sum(compare(tape.commands, tape.sights, RULES).deeds.values()) == 0


def test_the_proxy_reads_lists_refusals_and_ids():
    seen = []
    talk = Conversation("phone", seen.append)
    talk.answers(b"OK MPD 0.23.5\n", 0.0)
    talk.asks(b'idle\nnoidle\nstatus\naddid "own/a b.wav"\n', 1.0)
    talk.answers(b"OK\nvolume: 60\nOK\nId: 7\nO", 2.0)
    talk.answers(b"K\n", 3.0)
    talk.asks(b"command_list_ok_begin\nclear\nadd nowhere\nplay\ncommand_list_end\npause 1\n", 4.0)
    talk.answers(b"list_OK\nACK [50@1] {add} No such directory\nOK\n", 5.0)
    assert seen == [
        Command("phone", 1.0, 3.0, ("addid", "own/a b.wav"), "7"),
        Command("phone", 4.0, 5.0, ("clear",)),
        Command("phone", 4.0, 5.0, ("pause", "1")),
    ]


def test_a_volume_in_the_moment_before_the_jukebox_sets_one_may_be_met():
    met = Tape().person("setvol", "41").jukebox("setvol", "56").person("setvol", "41")
    assert met.passes(5, volume=41).kinds() == []
    stays = Tape().person("setvol", "41").jukebox("setvol", "56").passes(12, volume=56)
    assert stays.kinds() == UNDONE


@pytest.mark.parametrize(("after_s", "found"), [(0.2, []), (2.0, UNDONE)])
def test_a_resume_and_a_volume_of_the_same_moment_may_be_heeded_in_either_order(after_s, found):
    tape = Tape().tells("resume").passes(after_s).person("setvol", "68").passes(1, volume=68)
    tape.jukebox("setvol", "34").passes(1, volume=34).jukebox("setvol", "68")
    assert tape.passes(5, volume=68).kinds() == found


@pytest.mark.parametrize(("to_s", "found"), [("293", []), ("100", UNDONE)])
def test_the_end_of_a_song_in_which_somebody_went_on_is_known_while_mpd_hangs(to_s, found):
    tape = Tape().person("addid", "own/own-0.wav", song_id="7").person("playid", "7")
    tape.song, tape.elapsed_s = "7", 0.0
    tape.passes(40).person("seekid", "7", to_s)
    tape.time_s += 6.9
    tape.jukebox(*OWN, song_id="8").jukebox("playid", "8")
    assert tape.passes(1, song="8").kinds() == found
