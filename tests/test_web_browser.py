"""The page in a real browser, Debian's Chromium, beside a demo: what people do, and what they see.

Needs the extra [browser] and the Debian package chromium; skips where either is missing.
"""

import os
import re
import shutil
import signal
import subprocess
from importlib.resources import files
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from conftest import wait_for, write_tone
from mpd import MPDClient
from running import JUKEBOX
from web_page import demo_with_page, house_with_page, page_and_button

from appliance.remote.control_client import ControlClient
from appliance.web.sign import STATIC, notice

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra [browser]")
draw_icons = pytest.importorskip("draw_icons")

CHROMIUM = shutil.which("chromium", path="/usr/bin:/usr/lib/chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium")

SCREENS = (
    "/", "/why", "/devices", "/player", "/player?search=a", "/player/music?folder=happy",
    "/player/list/happy", "/diary", "/diary/week", "/diary/year", "/pair", "/teach", "/nothing",
    "/offline", "/settings", "/settings/name", "/settings/sound", "/settings/camera",
    "/settings/music?walk=yes",
)  # fmt: skip
PHONE = {"width": 390, "height": 844}
FIRST_SCREEN_BYTES = 60_000
# Names in lists, which buttons beside them may squeeze until each letter has its own line.
NARROWEST_TITLE_PX = """Math.min(320, ...[...document.querySelectorAll(".list li > span")]
    .map((title) => title.getBoundingClientRect().width))"""
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def demo(music, tmp_path_factory):
    with demo_with_page(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def house(music, tmp_path_factory):
    """Processes that a test may end and start again, beside music that it may change."""
    with house_with_page(tmp_path_factory.mktemp("house"), music) as running:
        running.browser()  # until the page has found jukebox and MPD
        yield running


@pytest.fixture(scope="module")
def remote(demo):
    return demo.browser()


@pytest.fixture(autouse=True)
def at_ease(remote):
    """The moods decide, the camera is open, and music plays: what the test before did is over."""
    for words in ("auto", "resume", "sleep off", "camera on"):
        remote.act(tell=words)


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as started:
        # The tests run as root, for whom Chromium's own sandbox is not made.
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visitor:
    """A browser context. requested: every address that it asked for. troubles: of its console."""

    def __init__(self, chromium, demo, paired=True, **options):
        self.home = f"http://localhost:{demo.port}"
        self.context = chromium.new_context(**({"viewport": PHONE, "locale": "en-GB"} | options))
        self.context.set_default_timeout(15_000)
        self.requested, self.troubles = [], []
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        if paired:
            self.go(f"/pair?code={demo.pair()}")
            self.page.get_by_role("button", name=re.compile("Pair|koppeln")).click()
            self.page.wait_for_url(f"{self.home}/")

    def _on_console(self, message):
        # Chromium writes every answer of 400 and more there.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.troubles.append(message.text)

    def go(self, path):
        return self.page.goto(self.home + path)

    def button(self, name, **options):
        return self.page.get_by_role("button", name=name, **options)

    def sees(self, text):
        playwright.expect(self.page.get_by_text(text).first).to_be_visible(timeout=15_000)


@pytest.fixture
def visit(chromium, demo):
    """Makes visitors; each must end without a trouble in the console."""
    visitors = []

    def make(at=demo, **options):
        visitors.append(Visitor(chromium, at, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
        assert visitor.troubles == []


# --- stories -------------------------------------------------------------------------------------


def test_a_guest_pairs_by_typing_the_code(visit, demo):
    guest = visit(paired=False)
    assert guest.go("/").status == 401
    guest.page.get_by_label("Code of six").fill(demo.pair().lower())
    guest.page.get_by_label("call this device").fill("Grandmother's phone")
    guest.button("Pair this device").click()
    guest.page.wait_for_url(f"{guest.home}/")
    guest.go("/devices")
    guest.sees("Grandmother's phone")
    guest.button("Remove Grandmother's phone").click()
    guest.sees("May this device use the jukebox?")


def test_an_open_pairing_page_notices_the_button_and_needs_no_code(chromium, config):
    with page_and_button(config) as (port, press):
        guest = Visitor(chromium, SimpleNamespace(port=port), paired=False)
        guest.go("/")
        assert guest.page.get_by_label("Code of six").is_visible()
        press()
        guest.sees("the next device needs no code")
        assert violations(guest.page) == {}
        guest.button("Pair this device").click()
        guest.page.wait_for_url(f"{guest.home}/")
        guest.sees("Play music for …")
        guest.context.close()


def show_in(room, picture):
    """Puts a picture of the room, 640×480, into the folder that serves as the camera."""
    cv2.imwrite(str(room.with_suffix(".png")), picture)
    room.with_suffix(".png").replace(room / "room.png")


def test_a_phone_that_is_held_before_the_camera_is_paired(chromium, music, tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    picture = np.full((480, 640), 90, np.uint8)
    show_in(room, picture)
    with demo_with_page(tmp_path / "demo", "--camera", str(room)) as demo:
        guest = Visitor(chromium, demo, paired=False)
        guest.go("/")
        guest.button("Show the pattern").click()
        screen = np.frombuffer(guest.page.locator(".shown").screenshot(), np.uint8)
        code = cv2.imdecode(screen, cv2.IMREAD_GRAYSCALE)
        width = 180  # a phone at an arm's length
        height = code.shape[0] * width // code.shape[1]
        picture[150 : 150 + height, 230 : 230 + width] = cv2.resize(
            code, (width, height), interpolation=cv2.INTER_AREA
        )
        show_in(room, picture)
        guest.page.wait_for_url(f"{guest.home}/", timeout=30_000)
        guest.sees("Play music for …")
        guest.context.close()


def test_the_mood_the_song_and_the_reason_are_shown(visit):
    visitor = visit()
    playwright.expect(visitor.page.locator("body")).not_to_have_attribute("data-mood", "nobody")
    assert re.match(r"Looks \w+|I am not sure", visitor.page.locator("h1").inner_text())
    visitor.sees("Why this song:")
    visitor.page.get_by_role("link", name="More about this").click()
    visitor.sees(re.compile("I read looks, not feelings|I see no face now"))


def test_what_spoke_is_said_in_words_and_drawn_with_a_table(visit):
    visitor = visit()

    def shown():
        visitor.go("/why")
        return visitor.page.get_by_text("Most of it:").count()

    wait_for(shown, 30.0)
    assert re.search(r"Most of it: [a-z ]+ \d+\s%", visitor.page.locator("main").inner_text())
    drawing = visitor.page.get_by_role("img", name=re.compile("A drawn face")).first
    playwright.expect(drawing).to_be_visible()
    visitor.page.get_by_text("The same as a table").first.focus()
    visitor.page.keyboard.press("Enter")
    table = visitor.page.locator("details table").first
    assert table.locator("tbody tr").count() == 16
    shares = [float(text.rstrip(" %")) for text in table.locator("td").all_inner_texts()]
    assert 98.0 < sum(shares) < 102.0
    assert visitor.page.locator("main img, canvas").count() == 0


def test_buttons_answer_at_once_and_keep_the_keyboards_place(visit):
    visitor = visit()
    hold = visitor.button("Keep this music")
    hold.focus()
    visitor.page.keyboard.press("Enter")
    visitor.sees("The music stays as it is until")
    assert visitor.page.evaluate("document.activeElement.textContent") == "Let it change again"
    visitor.page.keyboard.press("Enter")
    visitor.sees("The music may change again.")


def test_a_mood_is_chosen_and_given_back(visit):
    visitor = visit()
    sad = visitor.page.locator(".b").get_by_role("button", name="sad")
    sad.click()
    playwright.expect(sad).to_have_attribute("aria-pressed", "true")
    visitor.button("by the faces").click()
    playwright.expect(sad).to_have_attribute("aria-pressed", "false")


def test_two_phones_see_the_same(visit):
    one, other = visit(), visit()
    one.button("Camera off").click()
    playwright.expect(other.page.locator("h1")).to_have_text("The camera is off")
    other.button("Camera on").click()
    playwright.expect(one.page.locator("h1")).not_to_have_text("The camera is off")


def test_the_volume_slider_turns_mpd(visit):
    one, other = visit(), visit()
    slider = one.page.get_by_label("Volume")
    slider.focus()
    slider.fill("37")
    playwright.expect(other.page.get_by_label("Volume")).to_have_value("37")


def test_a_song_is_found_queued_moved_and_removed(visit):
    visitor = visit()
    visitor.go("/player")
    visitor.page.get_by_label("Title, artist").fill("window")
    visitor.button("Search").click()
    visitor.button("Play Window Seat later").first.click()
    visitor.sees("It plays after the others.")
    visitor.button("Move Window Seat up").last.click()
    visitor.sees("Done.")
    visitor.button("Remove Window Seat").last.click()
    visitor.sees("Done.")


def test_the_playing_song_goes_into_another_mood_and_out_again(visit):
    visitor = visit()
    visitor.go("/player")
    title = visitor.page.locator("#playing").inner_text().rpartition("– ")[2]
    visitor.page.get_by_label("Put it into").select_option("disgust")
    visitor.button("Put it there").click()
    visitor.sees(re.compile("It is in the playlist now.|in this playlist already"))
    visitor.go("/player/list/disgust")
    visitor.button(f"Take {title} out").click()
    visitor.sees("It is out of the playlist.")
    assert visitor.button(f"Take {title} out").count() == 0


@pytest.mark.parametrize("script", [True, False])
def test_a_song_from_this_device_is_put_in_and_stands_in_the_list(visit, house, tmp_path, script):
    song = tmp_path / f"From my phone {script}.wav"
    write_tone(song, 440 if script else 550)
    visitor = visit(house, java_script_enabled=script)
    visitor.go("/player/list/happy")
    visitor.page.get_by_label("Songs for this mood").set_input_files(song)
    visitor.button("Put it in").click()
    visitor.sees("1 song is in the folder now.")
    playwright.expect(visitor.page.locator("#songs")).to_contain_text(song.stem)


def test_while_a_song_is_sent_a_bar_shows_how_much(visit, house, tmp_path):
    song = tmp_path / "Long.wav"
    write_tone(song, 440, seconds=120.0)
    visitor = visit(house)
    visitor.go("/player/list/happy")
    visitor.page.evaluate(
        """() => {
            window.seen = []
            const bar = document.querySelector("[data-upload] progress")
            new MutationObserver(() => window.seen.push([bar.hidden, bar.value]))
                .observe(bar, { attributes: true })
        }"""
    )
    visitor.page.get_by_label("Songs for this mood").set_input_files(song)
    visitor.button("Put it in").click()
    visitor.sees("1 song is in the folder now.")
    playwright.expect(visitor.page.locator("[data-upload] progress")).to_be_hidden()
    assert [False, 100] in visitor.page.evaluate("window.seen")


def test_what_is_no_music_or_too_large_gets_a_sentence(visit, house, tmp_path):
    letter = tmp_path / "letter.mp3"
    letter.write_text("Dear jukebox")
    visitor = visit(house)
    for largest_mb, said in (
        ("500", "letter.mp3: this is no music that I know."),
        ("0.000001", "letter.mp3 is larger than 500 MB."),
    ):
        visitor.go("/player/list/happy")  # anew: the page may still be showing the last answer
        visitor.page.get_by_label("Songs for this mood").set_input_files(letter)
        form = visitor.page.locator("[data-upload]")
        form.evaluate(f"form => form.dataset.largest = {largest_mb}")
        visitor.button("Put it in").click()
        visitor.sees(said)


def test_what_is_no_link_gets_a_sentence_and_stays_typed(visit):
    visitor = visit()
    visitor.go("/player/list/happy")
    field = visitor.page.get_by_label("Its link")
    field.fill("ftp://example.org/")
    visitor.button("Try it and add it").click()
    visitor.sees("this is no link")
    assert field.input_value() == "ftp://example.org/"


def test_a_stored_video_opens_in_its_sites_player_only_after_a_yes(visit, demo):
    link = "https://www.youtube.com/watch?v=abcdefghijk"
    app = MPDClient()
    app.connect(str(demo.mpd_socket))
    app.playlistadd("happy", link)
    visitor = visit()
    visitor.context.route("https://**", lambda route: route.abort("blockedbyclient"))
    visitor.go("/player/list/happy")
    visitor.page.get_by_role("link", name="Open there").click()
    visitor.sees("YouTube then sees this device's address")
    assert visitor.page.locator("iframe").count() == 0
    assert all(url.startswith(visitor.home) for url in visitor.requested)
    visitor.button("Open the player of YouTube").click()
    frame = visitor.page.locator("iframe").get_attribute("src")
    assert frame == "https://www.youtube-nocookie.com/embed/abcdefghijk"
    assert visitor.go("/embed?link=https://youtu.be/lmnopqrstuv").status == 404
    app.playlistdelete("happy", len(app.listplaylist("happy")) - 1)
    app.disconnect()


def test_the_diary_forgets_the_day_only_after_a_yes(visit):
    visitor = visit()
    visitor.go("/diary")
    visitor.page.get_by_text("Forget", exact=True).click()
    visitor.button("Forget everything").click()  # the browser asks for the tick
    assert visitor.page.url.endswith("/diary")
    visitor.page.get_by_label("Yes, really").check()
    visitor.button("Forget everything").click()
    visitor.sees(re.compile(r"Forgotten: \d+ entries."))


def now_at(jukebox, section, key, value):
    """The settings in force, if this one is in force."""
    in_force = jukebox.ask("settings")["data"]
    return in_force if in_force[section][key] == value else None


def test_a_setting_that_cannot_be_is_said_beside_it_and_a_good_one_counts_at_once(visit, demo):
    visitor = visit()
    visitor.page.get_by_role("link", name="Settings").click()
    field = visitor.page.get_by_label("Seconds without a face")
    other = visitor.page.get_by_label("The highest volume in these hours")
    field.fill("soon")
    other.fill("25")
    visitor.button("Save").click()
    visitor.sees("One setting cannot be like this")
    visitor.sees('mood.away_s is "soon"; it must be a number from 1 to 86400')
    assert (field.input_value(), other.input_value()) == ("soon", "25")
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("45")
    visitor.button("Save").click()
    visitor.sees("saved, and in force")
    with ControlClient(demo.folder / "control.sock") as jukebox:
        in_force = wait_for(lambda: now_at(jukebox, "mood", "away_s", 45.0), 10.0)
    assert in_force["volume"]["quiet_max"] == 25


def test_settings_that_the_running_jukebox_cannot_take_over_are_not_kept(visit, demo):
    before = (demo.folder / "jukebox.toml").read_text()
    visitor = visit()
    visitor.go("/settings")
    visitor.page.get_by_label("A .tflite file").fill("/no/such.tflite")
    visitor.button("Save").click()
    visitor.sees("nothing is saved, because the jukebox cannot run with this: /no/such.json")
    assert (demo.folder / "jukebox.toml").read_text() == before
    visitor.page.get_by_label("A .tflite file").fill("")
    visitor.button("Save").click()
    visitor.sees("saved; nothing is different")
    assert visitor.page.get_by_text("/no/such.json").count() == 0


def test_settings_that_somebody_edited_meanwhile_are_shown_as_a_difference(visit, demo):
    visitor = visit(java_script_enabled=False)
    visitor.go("/settings")
    text = demo.config.read_text()
    assert "iso_minutes = 20.0" in text
    demo.config.write_text(text.replace("iso_minutes = 20.0", "iso_minutes = 33.0"))
    visitor.page.get_by_label("Length of that fade").fill("4")
    visitor.button("Save").click()
    visitor.sees("Somebody has changed the settings meanwhile")
    rows = visitor.page.locator("tbody tr").all_inner_texts()
    assert [row.split() for row in rows] == [
        ["music.crossfade_s", "3", "4"], ["music.iso_minutes", "33", "20"],
    ]  # fmt: skip
    visitor.page.get_by_label('How long "iso"').fill("33")
    visitor.button("Save").click()
    visitor.sees("saved, and in force")
    assert "crossfade_s = 4\n" in demo.config.read_text()
    assert "iso_minutes = 33.0\n" in demo.config.read_text()


def test_a_first_visit_leads_through_name_sound_camera_and_music(visit):
    visitor = visit()
    visitor.page.get_by_role("link", name="Begin").click()
    visitor.page.get_by_label("Name, of letters").fill("no name")
    visitor.button("Give it this name").click()
    visitor.sees("it must have letters, digits and hyphens only")
    for heading in ("Where shall the music play?", "What the camera sees", "Music for the moods"):
        visitor.page.get_by_role("link", name="Next").click()
        visitor.sees(heading)
    visitor.sees("First steps: 4 of 4")
    visitor.sees("3 songs")
    visitor.button("Done, to the music").click()
    visitor.sees("Play music for …")
    assert visitor.page.get_by_text("New here?").count() == 0


def test_the_pictures_of_the_icon_are_drawn_from_it(chromium):
    for name, content in draw_icons.drawn(chromium).items():
        new, kept = (
            cv2.imdecode(np.frombuffer(content, np.uint8), 1),
            cv2.imread(f"{STATIC}/{name}"),
        )
        assert cv2.absdiff(new, kept).mean() < 1.0, "run tests/draw_icons.py"


def test_the_sign_is_one_page_of_a6_with_the_longest_name_of_a_machine(chromium):
    page = chromium.new_page()
    page.set_content(notice(f"http://{'m' * 63}.local:8080/"))
    printed = page.pdf(prefer_css_page_size=True)
    page.close()
    (width, height), *more = re.findall(rb"MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert more == []
    in_mm = [round(float(points) / 72 * 25.4) for points in (width, height)]
    assert in_mm == [105, 148]


def test_it_speaks_german_when_asked(visit):
    visitor = visit()
    visitor.button("Deutsch").click()
    visitor.sees("Musik spielen für …")
    assert visitor.page.locator("html").get_attribute("lang") == "de"


def test_it_works_without_javascript(visit):
    visitor = visit(java_script_enabled=False)
    visitor.button("Keep this music").click()
    visitor.sees("The music stays as it is until")
    visitor.button("Let it change again").click()
    visitor.sees("The music may change again.")


# --- for everybody -------------------------------------------------------------------------------


def violations(page):
    """What axe-core finds on this screen, with everything unfolded."""
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    options = {"runOnly": {"type": "tag", "values": AXE_TAGS}}
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    return {
        problem["id"]: [node["html"][:120] for node in problem["nodes"][:3]] for problem in found
    }


def judged(visitor):
    """What axe-core finds on every screen."""
    found = {}
    for path in (*SCREENS, "/sign"):
        visitor.go(path)
        if problems := violations(visitor.page):
            found[path] = problems
    return found


@pytest.mark.parametrize(
    ("scheme", "locale"),
    [("light", "en-GB"), ("dark", "de-DE")],
)
def test_axe_finds_nothing_on_any_screen_and_none_asks_anybody_else(visit, scheme, locale):
    visitor = visit(color_scheme=scheme, locale=locale, reduced_motion="reduce")
    assert judged(visitor) == {}
    assert all(url.startswith(visitor.home) for url in visitor.requested)


def test_320_px_are_wide_enough_for_every_screen_in_both_languages(visit):
    for locale in ("en-GB", "de-DE"):
        visitor = visit(viewport={"width": 320, "height": 640}, locale=locale)
        for path in SCREENS:
            visitor.go(path)
            width = visitor.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 320, (path, locale)
            assert visitor.page.evaluate(NARROWEST_TITLE_PX) >= 100, (path, locale)


def test_the_keyboard_reaches_every_button_in_order(visit):
    visitor = visit()
    visitor.go("/")
    reached = []
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        name = visitor.page.evaluate(
            "(document.activeElement.ariaLabel || document.activeElement.innerText"
            " || document.activeElement.id).trim()"
        )
        if name in reached[-1:] or not name:
            break
        reached.append(name)
    assert reached[0] == "To the content"
    wanted = ["Now", "Pause", "Next song", "volume", "Keep this music", "Camera off", "happy"]
    places = [reached.index(name) if name in reached else -1 for name in wanted if name != "Pause"]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("path", ["/why", "/player/list/happy", "/offline"])
def test_by_the_keyboard_alone_everything_on_a_screen_is_reached(visit, path):
    visitor = visit()
    visitor.go(path)
    wanted = visitor.page.evaluate(
        """() => {
            const all = document.querySelectorAll("a[href], button, input, select, summary")
            const seen = [...all].filter((one) => one.type !== "hidden" && one.checkVisibility())
            seen.forEach((one, number) => { one.dataset.number = number })
            return seen.length
        }"""
    )
    reached = []
    for _ in range(wanted):
        visitor.page.keyboard.press("Tab")
        reached.append(visitor.page.evaluate("Number(document.activeElement.dataset.number)"))
    assert reached == list(range(wanted))


def test_the_first_screen_is_light_and_asks_nobody_else(visit):
    visitor = visit()
    sizes = {}
    visitor.page.on(
        "response", lambda got: sizes.update({got.url: got}) if "/events" not in got.url else None
    )
    visitor.requested.clear()
    visitor.page.reload(wait_until="load")
    wait_for(lambda: visitor.page.evaluate("document.getElementById('cover').complete"))
    total = sum(len(got.body()) for got in sizes.values())
    assert 15_000 < total <= FIRST_SCREEN_BYTES
    assert {url.split("/", 3)[2] for url in visitor.requested} == {visitor.home.split("/")[2]}


def test_six_tabs_of_one_browser_all_answer(visit):
    visitor = visit()
    tabs = [visitor.context.new_page() for _ in range(6)]
    for tab in tabs:
        tab.goto(f"{visitor.home}/")
        playwright.expect(tab.locator("h1")).to_be_visible()
    tabs[-1].get_by_role("button", name="Keep this music").click()
    playwright.expect(tabs[-1].get_by_role("button", name="Let it change")).to_be_visible()
    tabs[-1].get_by_role("button", name="Let it change").click()


# --- in need -------------------------------------------------------------------------------------


def test_a_jukebox_that_hangs_is_said_and_so_is_its_return(visit, demo):
    visitor = visit()
    os.kill(demo.process.pid, signal.SIGSTOP)
    try:
        visitor.button("Another song").click()  # MPD still answers
        visitor.button("Keep this music").click()
        visitor.sees("the jukebox gave no answer")
    finally:
        os.kill(demo.process.pid, signal.SIGCONT)
    # It does late what it was asked for, and takes the skip for what it was.
    visitor.button("Let it change again").click()
    visitor.sees("The music may change again.")


def said_and_over(visitor, text, end):
    """The page says what is wrong, and no more once `end` has put it right."""
    visitor.sees(text)
    end()
    playwright.expect(visitor.page.locator(".trouble")).to_be_hidden(timeout=30_000)


def test_a_player_that_is_gone_is_said_and_so_is_its_return(visit, house):
    visitor = visit(house)
    house.mpd.kill()
    said_and_over(visitor, "The music player cannot be reached.", house.mpd.start)


def test_a_jukebox_that_is_gone_is_said_and_so_is_its_return(visit, house):
    visitor = visit(house)
    house.stop_jukebox()
    said_and_over(visitor, "The jukebox is not running", house.start_jukebox)


def test_a_connection_that_is_silent_for_forty_seconds_is_taken_for_dead(visit, house):
    visitor = visit(house)
    visitor.page.clock.install()
    visitor.go("/")
    visitor.page.wait_for_function("document.body.classList.contains('live')")
    visitor.page.clock.fast_forward(30_000)
    assert not visitor.page.locator(".trouble").is_visible()
    os.kill(house.page.pid, signal.SIGSTOP)
    try:
        visitor.page.clock.fast_forward(45_000)
        visitor.page.clock.fast_forward(5_000)
        visitor.sees("The page has lost its connection.")
    finally:
        os.kill(house.page.pid, signal.SIGCONT)
    playwright.expect(visitor.page.locator(".trouble")).to_be_hidden(timeout=20_000)


def test_where_nothing_is_reached_a_page_of_ours_says_so_and_comes_back_by_itself(visit, house):
    visitor = visit(house)
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    house.stop_page()
    visitor.go("/player")
    visitor.sees("I cannot reach the jukebox")
    assert visitor.page.get_by_role("link", name="Try again").is_visible()
    house.start_page()
    visitor.sees("Find music")


def test_a_page_that_was_killed_is_said_and_found_again(visit, demo):
    visitor = visit()
    os.kill(demo.page_pid, signal.SIGKILL)
    visitor.sees("The page has lost its connection.")
    command = [*JUKEBOX, "web", "--config", str(demo.config), "--port", str(demo.port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as again:
        try:
            wait_for(lambda: not visitor.page.locator(".trouble").is_visible(), 20.0)
            visitor.button("Keep this music").click()
            visitor.sees("The music stays as it is until")
        finally:
            again.terminate()
    visitor.troubles.clear()  # what a browser says of a server that is gone
