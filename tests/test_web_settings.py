"""The settings as a form, and the screens of the machine, without a network."""

import asyncio
import html
import re
import tomllib
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from web_page import InProcess

from appliance.admin.administrator import Administrator
from appliance.admin.answers import Answer
from appliance.admin.machine import UsersJukebox
from appliance.config.editing import edited
from appliance.config.loading import parse
from appliance.errors import ControlError, JukeboxError
from appliance.settings import Settings, keys
from appliance.vision.view import View, advice
from appliance.web.machine import camera_words
from appliance.web.settings_form import changes, typed_of, value_of

OWN = '# Mine.\n[mood]\ndwell_s = 8.0 # calm\n[mpd]\npassword = "hush"\n'
ALL = [key for table in keys().values() for key in table.values()]


class Jukebox:
    """Takes every setting over, at once, unless it refuses."""

    refused_model = "/no/such.tflite"
    file = None  # of its settings
    view = ControlError("the jukebox gave no answer")

    async def ask(self, word, wait_s):
        assert word == "view"
        if isinstance(self.view, Exception):
            raise self.view
        return {"text": self.view, "data": {"fit": "set " not in self.view}}

    @property
    def settings_refused(self):
        is_there = self.file is not None and self.file.exists()
        refused = is_there and self.refused_model in self.file.read_text()
        return f"{self.refused_model}: not there" if refused else ""

    def next_reload(self):
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class House(InProcess):
    """The page of a jukebox whose settings lie in a file."""

    def __init__(self, file):
        super().__init__()
        self.file = file
        self.reloads = 0
        self.page.jukebox = Jukebox()
        self.page.jukebox.file = file
        self.page.administration = Administrator(UsersJukebox(file, self._note))
        self.cookie = self.pairs()

    def _note(self):
        self.reloads += 1

    def get(self, path="/settings", **headers):
        return self.ask(path, cookie=self.cookie, **headers)

    def post(self, path="/settings", form=(), **headers):
        return self.ask(path, "POST", urlencode(dict(form)), cookie=self.cookie, **headers)

    def form(self):
        """What a browser would send if nobody typed anything."""
        return fields(self.get().text)


def fields(text):
    """The fields of the form, as a browser reads them."""
    form = text[text.index('class="settings"') :].partition("</form>")[0]
    inputs = r'<input (?!type="checkbox")[^>]*?name="([^"]*)"[^>]*?value="([^"]*)"'
    found = dict(re.findall(inputs, form))
    found |= re.findall(r'<textarea[^>]*? name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    for name, options in re.findall(r'<select[^>]*? name="([^"]*)"[^>]*>(.*?)</select>', form):
        (found[name],) = re.findall(r'<option value="([^"]*)" selected>', options)
    return {name: html.unescape(value) for name, value in found.items()}


def about(text, name):
    """What stands below a field."""
    found = re.search(rf'id="{re.escape(name)}-more">(.*?)</small>', text, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", found[1])).strip()


@pytest.fixture
def house(tmp_path):
    (tmp_path / "jukebox.toml").write_text(OWN)
    return House(tmp_path / "jukebox.toml")


# --- the form ------------------------------------------------------------------------------------


def test_every_setting_is_a_field_with_its_meaning_and_a_password_is_not_shown(house):
    shown = house.get()
    assert shown.status == 200
    names = fields(shown.text).keys() - {"hash"}
    assert names == {str(key) for key in ALL}
    text = html.unescape(shown.text)
    assert [key for key in ALL if key.meaning not in text] == []
    assert "hush" not in text
    assert fields(shown.text)["mood.dwell_s"] == "8"


def test_a_form_that_nobody_touched_changes_nothing(house):
    house.file.write_text(OWN + '[playlists]\nhappy = ["a", "b"]\n[gender]\nenabled = true\n')
    form = house.form()
    assert form["playlists.happy"] == "a\nb"
    said = house.post(form=form)
    assert (said.status, said.headers["location"]) == (303, "/settings")
    assert house.file.read_text().startswith(OWN)
    assert house.reloads == 0


def test_what_was_typed_is_written_in_its_line_and_put_in_force(house):
    form = house.form() | {
        "mood.dwell_s": " 12,5 ", "playlists.sad": "rain\r\n\r\nhttp://radio.example/x\r\n",
        "gender.enabled": "yes", "camera.rotate_degrees": "90", "camera.off_hours": "22:00-07:00",
    }  # fmt: skip
    assert house.post(form=form).status == 303
    text = house.file.read_text()
    assert text.startswith(OWN.replace("8.0", "12.5"))
    assert tomllib.loads(text) == tomllib.loads(OWN.replace("8.0", "12.5")) | {
        "camera": {"rotate_degrees": 90, "off_hours": "22:00-07:00"},
        "gender": {"enabled": True},
        "playlists": {"sad": ["rain", "http://radio.example/x"]},
    }
    assert house.reloads == 1


def test_what_is_wrong_is_said_beside_its_field_as_at_a_start_and_nothing_is_lost(house):
    wrong = {"mood.dwell_s": "-3", "mood.margin": "much", "gpio.led": "4", "gpio.button": "4",
             "camera.off_hours": "at night", "music.crossfade_s": "3"}  # fmt: skip
    said = house.post(form=house.form() | wrong)
    assert said.status == 422
    text = said.text
    assert about(text, "mood.dwell_s").startswith(
        "mood.dwell_s is -3; it must be a number from 0 to 600"
    )
    assert 'mood.margin is "much"; it must be a number' in about(text, "mood.margin")
    assert "they need a pin each" in about(text, "gpio.button")
    assert "it must be a time of day" in about(text, "camera.off_hours")
    assert fields(text).items() >= wrong.items()
    assert text.count('aria-invalid="true"') == 4
    assert "4 settings cannot be like this" in text
    assert house.file.read_text() == OWN
    corrected = {**wrong, "mood.dwell_s": "3", "mood.margin": "1", "gpio.button": "5",
                 "camera.off_hours": ""}  # fmt: skip
    assert house.post(form=fields(text) | corrected).status == 303
    assert "crossfade_s = 3" in house.file.read_text()


def test_nonsense_in_every_field_is_a_sentence_beside_each(house):
    wrong = [key for key in ALL if key.kind is not str]
    nonsense = {str(key): "" if isinstance(key.default, tuple) else "#" for key in wrong}
    said = house.post(form=house.form() | nonsense)
    assert said.status == 422
    assert [key for key in wrong if str(key) not in about(said.text, str(key))] == []
    assert house.file.read_text() == OWN


def test_the_same_in_german(house):
    said = house.post(form=house.form() | {"mood.dwell_s": "-3"}, accept_language="de")
    wanted = "mood.dwell_s ist -3; richtig ist eine Zahl von 0 bis 600"
    assert about(said.text, "mood.dwell_s").startswith(wanted)


def test_a_password_is_changed_and_forgotten_and_else_stays(house):
    house.post(form=house.form() | {"mpd.password": "new"})
    assert parse(house.file.read_bytes(), "f").mpd.password == "new"
    house.post(form=house.form() | {"mood.dwell_s": "9"})
    assert parse(house.file.read_bytes(), "f").mpd.password == "new"
    house.post(form=house.form() | {"mpd.password.forget": "yes"})
    assert parse(house.file.read_bytes(), "f").mpd.password == ""


def test_a_file_that_was_edited_meanwhile_is_shown_as_a_difference_and_not_overwritten(house):
    form = house.form() | {"mood.dwell_s": "12"}
    house.file.write_text(f"{OWN}[music]\ncrossfade_s = 2.0\n")
    said = house.post(form=form)
    assert said.status == 409
    table = re.search(r"<tbody>(.*?)</tbody>", said.text, re.DOTALL)[1]
    rows = re.findall(r">([\w.]+)</a></th><td>(.*?)</td><td>(.*?)</td>", table)
    assert rows == [("mood.dwell_s", "8", "12"), ("music.crossfade_s", "2", "6")]
    assert "dwell_s = 8.0" in house.file.read_text()
    again = fields(said.text)
    assert again["mood.dwell_s"] == "12"
    assert house.post(form=again | {"music.crossfade_s": "2"}).status == 303
    assert "dwell_s = 12" in house.file.read_text()
    assert "crossfade_s = 2.0\n" in house.file.read_text()


def test_a_file_that_is_wrong_already_is_said_with_its_lines_and_left(house):
    house.file.write_text("[mood]\ndwell_s = -1\n")
    for said in (house.get(), house.post(form={"mood.dwell_s": "3"})):
        assert said.status == 422
        assert "jukebox.toml:2: mood.dwell_s is -1" in html.unescape(said.text)
        assert 'class="settings"' not in said.text
    assert house.file.read_text() == "[mood]\ndwell_s = -1\n"


def test_a_key_within_braces_is_said_to_need_a_hand(house):
    house.file.write_text("mood = {dwell_s = 3}\n")
    said = house.post(form=house.form() | {"mood.dwell_s": "4"})
    assert "mood.dwell_s is written in a way that can be changed by hand only" in said.text
    assert fields(said.text)["mood.dwell_s"] == "4"


def test_where_there_is_no_file_yet_one_is_made(house):
    house.file.unlink()
    assert house.post(form=house.form() | {"gpio.led": "4"}).status == 303
    assert house.file.read_text() == "[gpio]\nled = 4\n"


def test_what_else_is_in_force_is_said_beside_its_field(house):
    house.page.house.status = {"camera": "off"}
    house.page.house.settings = {"mood": {"dwell_s": 12.0, "margin": 0.94}}
    text = house.get().text
    assert "In force now: 12" in about(text, "mood.dwell_s")
    assert text.count("In force now") == 1


def test_only_a_paired_device_sees_or_changes_settings(house):
    for path in ("/settings", "/settings/name", "/settings/sound", "/settings/walked"):
        assert house.ask(path).status == 401
        assert house.ask(path, "POST", "hash=x").status == 401
        assert house.post(path, origin="http://evil.example").status == 403
    assert house.file.read_text() == OWN


def test_an_administration_that_is_away_is_said(house):
    class Away:
        def do(self, word, arguments):
            raise ControlError("nobody is there who may change this machine")

    house.page.administration = Away()
    for said in (house.get(), house.post(form={"hash": ""}), house.get("/settings/sound")):
        assert "nobody is there who may change this machine" in said.text
    assert house.post("/settings/name", {"name": "music"}).status == 422


def test_every_default_survives_the_way_through_the_form():
    typed = typed_of(Settings())
    values = {(key.section, key.name): value_of(key, typed[str(key)]) for key in ALL}
    assert parse(edited("", values).encode(), "f") == Settings()


def test_a_form_with_few_fields_leaves_the_others(house):
    assert changes({"gpio.led": "3"}, Settings()) == {("gpio", "led"): 3}


@pytest.mark.parametrize(
    ("language", "words"), [("en", "nothing is saved"), ("de", "Nichts ist gespeichert")]
)
def test_settings_that_the_running_jukebox_refuses_are_not_kept(house, language, words):
    """At its next start it would play nothing, and who holds a phone could not mend it."""
    before = house.file.read_text()
    form = house.form() | {"emotion.model": "/no/such.tflite", "mood.dwell_s": "9"}
    said = house.post(form=form, **{"accept-language": language})
    assert (said.status, words in said.text) == (422, True)
    assert "/no/such.tflite: not there" in said.text
    assert 'value="9"' in said.text, "what was typed stays"
    assert house.file.read_text() == before
    assert house.reloads == 2, "and the jukebox has the former ones again"
    assert house.post(form=house.form() | {"mood.dwell_s": "9"}).status == 303


def test_a_certificate_with_which_the_page_could_not_start_again_is_not_saved(house, tmp_path):
    (tmp_path / "bad.pem").write_text("no certificate")
    for name, why in (("none.pem", "No such file"), ("bad.pem", "which cannot be used")):
        form = house.form() | {"web.certificate": str(tmp_path / name)}
        said = house.post(form=form)
        assert (said.status, why in about(said.text, "web.certificate")) == (422, True)
    assert house.file.read_text() == OWN


# --- the machine ---------------------------------------------------------------------------------


class Machine:
    """Notes what it is asked for. refuses: what it says instead of doing it."""

    def __init__(self):
        self.asked, self.refuses = [], ""

    def do(self, word, arguments):
        self.asked.append((word, arguments))
        if self.refuses and word != "outputs":
            raise JukeboxError(self.refuses)
        hdmi = {"id": "alsa:A", "name": "vc4-hdmi-0", "kind": "hdmi"}
        usb = {"id": "alsa:B", "name": "<b>", "kind": "usb"}
        data = {"outputs": [hdmi, usb], "chosen": "alsa:A", "name": "jukebox", **arguments}
        return Answer("the music plays there from now on", data)


@pytest.fixture
def machine(house):
    house.page.administration = Machine()
    return house.page.administration


def test_outputs_have_names_for_people_and_a_tone(house, machine):
    text = house.get("/settings/sound").text
    assert "HDMI: a television or monitor · plays here" in text
    assert "&lt;b&gt;" in text
    assert text.count('value="tone"') == 2
    assert text.count('value="choose"') == 1
    house.post("/settings/sound", {"output": "alsa:B", "do": "tone"})
    said = house.post("/settings/sound", {"output": "alsa:B", "do": "choose", "walk": "yes"})
    assert machine.asked[1:] == [("tone", {"output": "alsa:B"}), ("choose", {"output": "alsa:B"})]
    assert said.headers["location"] == "/settings/sound?walk=yes"
    machine.refuses = "MPD does not start"
    said = house.post("/settings/sound", {"output": "alsa:B", "do": "choose", "walk": "yes"})
    assert (said.status, "MPD does not start" in said.text) == (422, True)
    assert "First steps: 2 of 4" in said.text


def test_a_new_name_says_where_the_page_is_and_a_bad_one_stays_typed(house, machine):
    said = house.post("/settings/name", {"name": "music"})
    assert "http://music.local:8080/ within a minute" in said.text
    machine.refuses = "the name is 'ü'; it must have letters"
    said = house.post("/settings/name", {"name": "ü"})
    assert (said.status, 'value="ü"' in said.text) == (422, True)
    assert 'aria-invalid="true"' in said.text


def test_the_first_steps_are_offered_until_they_are_done_or_not_wanted(house, machine):
    house.page.mpd = type("Away", (), {"playing": None})()
    assert "New here?" in house.get("/").text
    for number, step in enumerate(("name", "sound", "camera"), 1):
        text = house.get(f"/settings/{step}?walk=yes").text
        assert f"First steps: {number} of 4" in text
        assert re.search(r'href="/settings/\w+\?walk=yes">Next', text)
    text = house.get("/settings/music?walk=yes").text
    assert "First steps: 4 of 4" in text
    done = house.post("/settings/walked")
    assert done.headers["location"] == "/"
    house.cookie += f"; {done.cookie}"
    assert "New here?" not in house.get("/").text


@pytest.mark.parametrize(
    ("status", "said", "good"),
    [
        (None, "is not running", False),
        ({"camera": "lost"}, "I see no camera", False),
        ({"camera": "off"}, "The camera is off", False),
        ({"camera": "USB"}, "The camera works: USB. It is black: take the cover off.", False),
        ({"camera": "USB"}, "The camera works: USB. It is black: take the cover off.", True),
    ],
)
def test_the_camera_is_checked_in_words(house, status, said, good):
    view = {"text": "it is black: take the cover off", "fit": good}
    words, is_good = camera_words(status, view, house.page.languages["en"])
    assert said in " ".join(words)
    assert is_good == good


def test_a_camera_that_must_be_turned_leads_to_the_setting_in_the_words_of_check(house):
    house.page.house.status = {"camera": "USB"}
    house.page.jukebox.view = "it is upside down: set camera.rotate_degrees = 180"
    text = house.get("/settings/camera").text
    assert "It is upside down: set camera.rotate_degrees = 180." in text
    assert 'href="/settings#camera.rotate_degrees"' in text
    assert 'id="camera.rotate_degrees"' in house.get("/settings").text


def test_a_jukebox_that_does_not_answer_is_said_on_the_screen_of_the_camera(house):
    house.page.house.status = {"camera": "USB"}
    assert "The jukebox gave no answer." in house.get("/settings/camera").text


TOO_DARK, SHARP = View(0.08, False, 0.6, 0, (), 640), View(0.5, False, 0.6, 0, (), 640)


REFUSED = "at 192.168.1.5:1883 nobody listens (Connection refused): the broker does not run, or it"


@pytest.mark.parametrize(
    ("broker", "english", "german"),
    [
        (None, "Nobody tells how it stands with the broker", "Niemand sagt, wie es um den Broker"),
        (
            {"good": True, "text": "the broker at 192.168.1.5 is there"},
            "the broker at",
            "der unter",
        ),
        (
            {
                "good": False,
                "text": f"{REFUSED} has another port (home.port; 1883 is usual, and 8883 with TLS)",
            },
            REFUSED,
            "unter 192.168.1.5:1883 hört niemand zu (Verbindung abgelehnt): Der Broker läuft nicht",
        ),
    ],
)
def test_the_settings_say_how_it_stands_with_the_broker(house, broker, english, german):
    house.page.house.status = {"broker": broker}
    for home, said in (
        ({"address": "192.168.1.5", "share": "all"}, True),
        ({"address": "192.168.1.5", "share": "off"}, False),
        ({"address": "", "share": "all"}, False),
    ):
        house.page.house.settings = {"home": home}
        assert (english in html.unescape(house.get().text)) == said
        shown = html.unescape(house.get(accept_language="de").text)
        assert (german in shown) == said


@pytest.mark.parametrize(
    ("view", "german"),
    [
        (replace(SHARP, brightness=0.0), "Das Bild ist schwarz: Nehmen Sie"),
        (replace(SHARP, is_uniform=True), "Das Bild ist überall gleich grau: "),
        (replace(SHARP, turn_degrees=180), "Das Bild steht auf dem Kopf: Stellen Sie"),
        (replace(SHARP, turn_degrees=90), "Das Bild liegt auf der Seite: Stellen Sie"),
        (replace(SHARP, sharpness=0.1), "Das Bild ist unscharf: "),
        (TOO_DARK, "Es ist zu dunkel, um Gesichter gut zu lesen: "),
        (replace(SHARP, faces_px=(90,)), "Ich sehe 1 Gesicht, 90 Pixel hoch"),
        (replace(SHARP, faces_px=(90, 60)), "Ich sehe 2 Gesichter, das größte 90 Pixel hoch"),
        (replace(SHARP, faces_px=(30,)), "Ein Gesicht von 30 Pixeln ist zu weit weg: Kommen"),
        (SHARP, "Ich sehe niemanden: Setzen Sie sich vor die Kamera, "),
    ],
)
def test_each_advice_of_the_camera_is_said_in_german(house, view, german):
    english = advice(view, 40, 0).text
    said = house.page.languages["de"].of_jukebox(english)
    assert said.startswith(german)
    assert " in sight" not in said
    assert "faces are" not in said
