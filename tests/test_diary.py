"""The diary's pictures, and the verbs that draw it, forget it, and write the sign."""

import json
import xml.etree.ElementTree as ET
from contextlib import closing
from datetime import date, datetime, timedelta

import pytest
from web_page import InProcess

from appliance import cli
from appliance.history.queries import read_history
from appliance.history.store import SqliteStore
from appliance.records import Emotion, Mood, Play
from appliance.settings import StoreSettings
from appliance.web import charts
from appliance.web.charts import Run
from appliance.web.diary import _what_to_forget, songs_by_mood, totals
from appliance.web.language import languages

SVG = "{http://www.w3.org/2000/svg}"
ENGLISH = languages()["en"]
NOON = datetime(2026, 11, 27, 12).astimezone()  # in this machine's time
DAY = date(2026, 11, 27)


def happy(emotion=Emotion.HAPPY):
    return Mood("settled", emotion, 0.9, 1, 0.0)


@pytest.fixture
def database(tmp_path):
    """Two hours: an hour that looks happy, an hour that looks sad, a song and a skip in each."""
    with closing(SqliteStore(StoreSettings(path=str(tmp_path / "jukebox.db")))) as store:
        for hour, emotion in enumerate((Emotion.HAPPY, Emotion.SAD)):
            begin = (NOON + timedelta(hours=hour)).timestamp()
            store.record_mood(begin, happy(emotion))
            song = Play(f"Song & <{hour}>", f"{hour}", emotion, "happy", "the room looks happy")
            store.record_play(begin, song, happy(emotion))
            store.record_listener_action(begin + 60, "skip")
            for minute in range(60):
                store.record_seconds(begin + 60 * minute, happy(emotion), 60.0)
    return tmp_path / "jukebox.db"


@pytest.fixture
def config(database):
    file = database.with_name("jukebox.toml")
    file.write_text(f'[store]\npath = "{database}"\n')
    return file


def drawn(picture):
    """The rectangles of a picture by colour."""
    found = {}
    for rect in ET.fromstring(picture).iter(f"{SVG}rect"):
        found.setdefault(rect.get("fill"), []).append(rect)
    return found


class Remembers:
    """A jukebox with a history of these rows."""

    def __init__(self, *rows):
        self.rows = rows

    async def ask(self, _word, wanted):
        rows = [row for row in self.rows if wanted.get("what") in (None, row["what"])]
        return {"data": {"rows": rows, "next": None}}


def shown(path, *rows):
    """A page of the diary of a jukebox with this history."""
    web = InProcess(open="all")
    web.page.jukebox = Remembers(*rows)
    return web.ask(path).text


@pytest.mark.parametrize(
    ("span", "what", "at"),
    [
        ("day", "minutes", "2026-11-27T12:00:00Z"),
        ("week", "hours", "2026-11-27T12:00:00"),
        ("year", "days", "2026-11-27"),
    ],
)
def test_nobody_was_here_is_said_only_where_nothing_is_shown(span, what, at):
    path = f"/diary/{span}?day=2026-11-27"
    assert "Nobody was here" in shown(path)
    moment = {"what": what, "at": at, "happy_s": 5.0, "nobody_s": 0.0}
    assert "Nobody was here" not in shown(path, moment)


def test_a_song_is_no_sign_that_nobody_was_here():
    song = {"at": "2026-11-27T12:00:00Z", "what": "play", "emotion": "happy", "title": "Lark"}
    song["reason"] = "the room looks happy"
    for span in ("day", "week"):
        assert "Nobody was here" not in shown(f"/diary/{span}?day=2026-11-27", song)


def test_a_week_is_named_by_its_first_and_its_last_day():
    assert "23.11. – 29.11.2026" in shown("/diary/week?day=2026-11-27")


# --- pictures ------------------------------------------------------------------------------------


def test_minutes_of_one_mood_are_one_bar_and_a_gap_ends_it():
    moods = [(0, "sad"), (1, "sad"), (2, None), (3, "sad"), (4, "happy")]
    assert charts.runs(moods) == [Run("sad", 0, 2), Run("sad", 3, 4), Run("happy", 4, 5)]


def test_an_hour_belongs_to_the_mood_that_lasted_longest_unless_mostly_nobody_was_there():
    assert charts.leading({"happy_s": 20.0, "sad_s": 30.0}) == "sad"
    assert charts.leading({"happy_s": 20.0, "nobody_s": 30.0}) is None
    assert charts.leading({"nobody_s": 60.0}) is None


def test_each_mood_has_a_place_of_its_own_and_not_only_a_colour():
    picture = charts.day([Run("happy", 0, 60), Run("sad", 0, 60)], [30], [45], ENGLISH)
    places = {rect.get("y") for rects in drawn(picture).values() for rect in rects}
    assert len(places) == 2
    assert len(list(ET.fromstring(picture).iter(f"{SVG}circle"))) == 2


def test_a_picture_is_named_and_needs_no_style():
    for picture in (
        charts.day([], [], [], ENGLISH),
        charts.week([date(2026, 11, 23)], {}, ENGLISH),
        charts.year(2024, {date(2024, 2, 29): "fear"}, ENGLISH),
    ):
        assert ET.fromstring(picture).find(f"{SVG}title").text
        assert "style" not in picture
    leap = drawn(charts.year(2024, {}, ENGLISH))
    assert sum(len(rects) for rects in leap.values()) == 366


def test_totals_are_minutes_and_songs_are_counted():
    assert totals([{"happy_s": 90.0}, {"happy_s": 90.0, "sad_s": 10.0}]) == [("happy", 3)]
    plays = [{"what": "play", "emotion": "sad", "title": title} for title in ("A", "B", "A")]
    assert songs_by_mood(plays) == {"sad": [("A", 2), ("B", 1)]}


# --- verbs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", ["day", "week", "year"])
def test_the_diary_is_drawn_into_a_file(config, tmp_path, span):
    out = tmp_path / "diary.svg"
    words = ["diary", "--day", "2026-11-27", "--span", span, "--out", str(out)]
    assert cli.main([*words, "--config", str(config)]) == 0
    colours = set(drawn(out.read_text()))
    assert charts.COLOURS["happy"] in colours
    assert (charts.COLOURS["sad"] in colours) is (span != "year")


@pytest.mark.parametrize("span", ["day", "week", "year"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-13-45", "today"])
def test_a_day_that_nobody_can_mean_is_a_usage_error(config, span, day, capsys):
    assert cli.main(["diary", "--day", day, "--span", span, "--config", str(config)]) == 2
    assert "it must be a day from 2000 to 2200, such as 2026-11-30" in capsys.readouterr().err


@pytest.mark.parametrize("link", ["", "http://jukebox.local/" + "x" * 4000])
def test_a_link_that_no_code_can_hold_makes_no_sign(config, tmp_path, link):
    out = tmp_path / "sign.html"
    words = ["sign", "--out", str(out), "--link", link, "--config", str(config)]
    assert cli.main(words) == 2
    assert not out.exists()


def test_an_hour_is_forgotten_where_no_jukebox_runs(config, database, capsys):
    begin = NOON.isoformat()
    words = ["forget", "hour", "--from", begin, "--json", "--config", str(config)]
    assert cli.main(words) == 0
    assert json.loads(capsys.readouterr().out) == {"rows": 63}
    left = read_history(database, 0.0, limit=99)
    assert {entry.emotion for entry in left if entry.emotion} == {"sad"}


def test_everything_is_forgotten(config, database, capsys):
    assert cli.main(["forget", "everything", "--config", str(config)]) == 0
    assert read_history(database, 0.0, limit=99) == []
    assert b"Song" not in database.read_bytes()
    assert "also in the copies" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["day", "--from", "noon"],
        ["day", "--from", "0001-01-01"],
        ["day", "--from", "9999-12-31"],
        ["hour", "--from", "9999-12-31T23:30"],
        ["everything", "--from", "2026-11-27"],
    ],
)
def test_what_cannot_be_meant_forgets_nothing(config, database, capsys, words):
    assert cli.main(["forget", *words, "--config", str(config)]) == 2
    assert len(read_history(database, 0.0, limit=99)) == 6


def test_the_sign_is_one_file_in_two_languages(config, tmp_path, capsys):
    out = tmp_path / "sign.html"
    words = ["sign", "--out", str(out), "--link", "http://jukebox.local/", "--config", str(config)]
    assert cli.main(words) == 0
    sign = out.read_text()
    assert "A camera looks at this room" in sign
    assert "Eine Kamera sieht diesen Raum" in sign
    assert "105mm 148mm" in sign
    assert 'href="/' not in sign
    assert 'src="/' not in sign


@pytest.mark.parametrize(
    ("what", "day", "hour", "named"),
    [
        ("everything", None, "", {}),
        ("day", None, "", None),  # a day that is none: never today in its place
        ("hour", None, "18", None),
        ("hour", DAY, "24", None),
        ("hour", DAY, "", None),
        ("hour", DAY, "²", None),
        ("week", DAY, "", None),
    ],
)
def test_the_page_forgets_only_what_is_named(what, day, hour, named):
    assert _what_to_forget(what, day, hour) == named


def test_the_page_forgets_the_named_hour_and_day():
    hour, day = _what_to_forget("hour", DAY, "18"), _what_to_forget("day", DAY, "")
    assert hour["from"][:13] == "2026-11-27T18"
    assert (day["from"][:13], day["to"][:13]) == ("2026-11-27T00", "2026-11-28T00")


@pytest.mark.parametrize(
    ("verb", "name", "known"),
    [
        ("sign", "sign.pdf", ".html or .htm"),
        ("sign", "sign", ".html or .htm"),
        ("diary", "day.png", ".svg"),
        ("why face.png", "why.jpg", ".png"),
        ("rehearse", "day.svg", ".png"),
    ],
)
def test_a_file_that_a_verb_cannot_write_is_refused_by_its_ending(
    verb, name, known, tmp_path, capsys
):
    option = "--plot" if verb == "rehearse" else "--out"
    with pytest.raises(SystemExit) as ended:
        cli.main([*verb.split(), option, str(tmp_path / name)])
    assert ended.value.code == 2
    assert f"{name} is not the name of a {known} file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_ending_in_large_letters_is_the_same(tmp_path, config):
    words = ["sign", "--out", str(tmp_path / "SIGN.HTML"), "--config", str(config)]
    assert cli.main(words) == 0
