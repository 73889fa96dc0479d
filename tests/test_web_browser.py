"""The page in a real browser, Debian's Chromium, beside a demo: what people do, and what they see.

Needs the extra [browser] and the Debian package chromium; skips where either is missing.
"""

import os
import re
import shutil
import signal
import subprocess
from importlib.resources import files

import cv2
import numpy as np
import pytest
from conftest import wait_for
from mpd import MPDClient
from running import JUKEBOX
from web_page import demo_with_page

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra [browser]")

CHROMIUM = shutil.which("chromium", path="/usr/bin:/usr/lib/chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium")

SCREENS = (
    "/", "/why", "/devices", "/player", "/player?search=a", "/player/music?folder=happy",
    "/player/list/happy", "/diary", "/diary/week", "/diary/year", "/pair", "/teach",
    "/nothing",
)  # fmt: skip
PHONE = {"width": 390, "height": 844}
FIRST_SCREEN_BYTES = 60_000
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def demo(music, tmp_path_factory):
    with demo_with_page(tmp_path_factory.mktemp("demo")) as running:
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

    def make(**options):
        visitors.append(Visitor(chromium, demo, **options))
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


def judged(visitor, axe, options):
    """What axe-core finds on every screen, with everything unfolded."""
    found = {}
    for path in (*SCREENS, "/sign"):
        visitor.go(path)
        visitor.page.evaluate(
            "for (const part of document.querySelectorAll('details')) part.open = true"
        )
        visitor.page.evaluate(axe)
        for problem in visitor.page.evaluate("options => axe.run(options)", options)["violations"]:
            found[path, problem["id"]] = [node["html"][:120] for node in problem["nodes"][:3]]
    return found


@pytest.mark.parametrize(
    ("scheme", "options"),
    [
        ("light", {"runOnly": {"type": "tag", "values": AXE_TAGS}}),
        ("dark", {"runOnly": {"type": "rule", "values": ["color-contrast"]}}),
    ],
)
def test_axe_finds_nothing_on_any_screen_and_none_asks_anybody_else(visit, scheme, options):
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text()
    visitor = visit(color_scheme=scheme, reduced_motion="reduce")
    assert judged(visitor, axe, options) == {}
    assert all(url.startswith(visitor.home) for url in visitor.requested)


def test_320_px_are_wide_enough_for_every_screen_in_both_languages(visit):
    for locale in ("en-GB", "de-DE"):
        visitor = visit(viewport={"width": 320, "height": 640}, locale=locale)
        for path in SCREENS:
            visitor.go(path)
            width = visitor.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 320, (path, locale)


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
