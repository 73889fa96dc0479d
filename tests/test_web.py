"""Who may ask the page for what, pairing, and words; without a network."""

import asyncio
import json
import re
import stat
from collections import Counter
from dataclasses import replace
from urllib.parse import urlencode

import cv2
import numpy as np
import pytest
from web_page import InProcess
from web_texts import texts

from appliance.player.steady_volume import SteadyVolume
from appliance.player.watched_mpd import Playing, Song
from appliance.settings import WebSettings
from appliance.web.devices import Devices
from appliance.web.embed import frame_of
from appliance.web.language import FOLDER, read_po
from appliance.web.pairing import Pairing
from appliance.web.places import is_own, own_names
from appliance.web.sign import STATIC
from appliance.web.song import SteadySong
from appliance.web.view import House, now_view

STATUS = {
    "mood": "2 faces: the room looks happy", "emotion": "happy", "faces": 2, "camera": "reel",
    "player": "play", "title": "Sunny", "playlist": "happy", "listener_in_charge": False,
    "asked": None, "hold_until": None, "sleep_at": None, "asleep": False, "resting": False,
    "reason": "the room looks happy", "refusal": "", "sure": "quite", "unclear": None,
}  # fmt: skip
OTHER = Song("8", "happy/rain.opus", "Rain", "Somebody", 180.0)
SUNNY = Song("7", "happy/sunny.opus", "Sunny", "Somebody", 180.0)


@pytest.fixture
def web():
    return InProcess()


# --- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/devices", "/events", "/why", "/cover/1", "/nonsense"])
def test_who_is_not_paired_gets_401_and_the_pairing_page(web, path):
    answer = web.ask(path)
    assert answer.status == 401
    assert "Pair this device" in answer.text


@pytest.mark.parametrize(
    "path", ["/pair", "/sign", "/icon.svg", "/manifest.webmanifest", "/offline"]
)
def test_everybody_sees_the_pairing_page_and_the_sign(web, path):
    assert web.ask(path).status == 200


@pytest.mark.parametrize(
    ("home", "says", "german"),
    [
        ({}, "sends nothing anywhere", "schickt nichts irgendwohin"),
        ({"address": "broker", "share": "off"}, "sends nothing anywhere", "schickt nichts"),
        (
            {"address": "broker", "share": "presence"},
            "whether somebody is here",
            "ob jemand da ist",
        ),
        (
            {"address": "broker", "share": "all"},
            "house how the room looks",
            "wie der Raum aussieht.",
        ),
    ],
)
def test_the_sign_says_what_the_house_is_told(web, home, says, german):
    web.page.house.settings = {"home": home}
    told = web.ask("/sign").text
    assert says in told
    assert german in told
    assert ("sends nothing anywhere" in told) == ("sends nothing" in says)


def test_who_is_paired_sees_the_page(web):
    cookie = web.pairs()
    assert web.ask("/", cookie=cookie).status == 200
    assert web.ask("/", cookie=cookie + "x").status == 401


def test_to_read_is_not_to_act_and_shows_no_devices():
    web = InProcess(open="read")
    shown = web.ask("/")
    assert shown.status == 200
    assert '<button name="tell"' not in shown.text
    assert web.ask("/", "POST", "tell=auto").status == 401
    assert web.ask("/devices").status == 401
    assert web.ask("/diary").status == 401


def test_open_to_all_asks_nobody():
    web = InProcess(open="all")
    assert '<button name="tell"' in web.ask("/").text


FORGED = {
    "a name of a stranger": {"host": "evil.example:8080", "origin": "http://evil.example:8080"},
    "no name": {"host": None},
    "another site": {"origin": "http://evil.example"},
    "another port of this machine": {"origin": "http://localhost:9999"},
    "a sandboxed frame": {"origin": "null"},
    "a browser that says cross-site": {"sec_fetch_site": "cross-site"},
    "a browser that says same-site": {"sec_fetch_site": "same-site"},
    "no origin at all": {"origin": None},
    "JSON": {"content_type": "application/json"},
    "plain text, which needs no permission": {"content_type": "text/plain"},
    "no type": {"content_type": None},
    "no length": {"content_length": None, "transfer_encoding": "chunked"},
    "a long one": {"content_length": "70000"},
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_post_gets_403_also_from_a_paired_browser(web, how):
    cookie = web.pairs()
    assert web.ask("/", "POST", "tell=auto", cookie=cookie, **FORGED[how]).status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_change_nothing(web, method):
    assert web.ask("/", method, cookie=web.pairs()).status in (403, 405)


def test_a_good_post_passes(web):
    answer = web.ask("/language", "POST", "language=de&back=/", cookie=web.pairs())
    assert (answer.status, answer.headers["location"]) == (303, "/")


def test_behind_a_proxy_with_a_certificate_forms_pass():
    web = InProcess(name="music.home")
    sent = {"host": "music.home", "origin": "https://music.home"}
    assert web.ask("/language", "POST", "language=de&back=/", **sent).status == 303


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_a_form_leads_to_no_other_site(web, back):
    answer = web.ask("/language", "POST", urlencode({"language": "de", "back": back}))
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True), ("localhost:8080", True), ("LOCALHOST.", True), ("192.168.1.4", True),
        ("[::1]:8080", True), ("[fe80::1]", True), ("music.home", True), ("music.home:80", True),
        ("evil.example", False), ("localhost.evil.example", False), ("", False), ("a:b:c", False),
        ("localhost:8080@evil.example", False), ("192.168.1.4.evil.example", False), ("[", False),
    ],
)  # fmt: skip
def test_a_host_is_own_by_name_or_by_any_address(host, own):
    assert is_own(host, own_names(WebSettings(name="Music.Home"))) is own


@pytest.mark.parametrize("path", ["/", "/pair", "/static/page.js", "/nonsense"])
def test_every_answer_forbids_inline_scripts_frames_and_other_hosts(web, path):
    policy = web.ask(path, cookie=web.pairs()).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not any(word in policy for word in ("unsafe", "http", "*", "data:"))


# --- pairing --------------------------------------------------------------------------------------


def test_a_code_pairs_once():
    pairing = Pairing()
    code = pairing.open(0.0)
    assert pairing.take(f" {code[:3].lower()}-{code[3:]}", 1.0) == "good"
    assert pairing.take(code, 2.0) == "closed"


def test_a_code_is_old_after_ten_minutes():
    pairing = Pairing()
    first, second = pairing.open(0.0), pairing.open(0.0)
    assert pairing.take(first, 599.0) == "good"
    assert pairing.take(second, 600.0) == "closed"


def test_five_wrong_codes_lock_until_somebody_makes_a_new_one():
    pairing = Pairing()
    code = pairing.open(0.0)
    assert [pairing.take("WRONG1", 1.0) for _ in range(5)] == ["wrong"] * 4 + ["locked"]
    assert pairing.take(code, 2.0) == "locked"
    assert pairing.take(pairing.open(3.0), 4.0) == "good"


def test_each_wrong_code_takes_longer():
    pairing = Pairing()
    pairing.open(0.0)
    delays = []
    for _ in range(4):
        delays.append(pairing.delay_s)
        pairing.take("WRONG1", 1.0)
    assert delays[0] == 0.0
    assert delays == sorted(set(delays))
    assert 2.0 <= pairing.delay_s <= 8.0


def test_a_wrong_code_keeps_what_was_typed(web):
    web.page.pairing.open(0.0)
    answer = web.ask("/pair", "POST", urlencode({"code": "AB<C12", "name": 'Oma"s phone'}))
    assert answer.status == 403
    assert 'value="AB&lt;C12"' in answer.text
    assert "Oma&#34;s phone" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_link_with_a_code_pairs_nobody_before_a_person_says_yes(web):
    code = web.page.pairing.open(0.0)
    answer = web.ask(f"/pair?code={code}")
    assert f'value="{code}"' in answer.text
    assert "set-cookie" not in answer.headers


def test_the_cookie_is_for_this_machine_and_no_script(web):
    cookie = web.page.pairing.open(0.0)
    web.page.pairing._open[-1].until_s = float("inf")
    answer = web.ask("/pair", "POST", urlencode({"code": cookie}))
    words = answer.headers["set-cookie"].lower()
    assert "httponly" in words
    assert "samesite=strict" in words
    assert len(answer.cookie.partition("=")[2]) >= 40


def test_only_a_hash_of_the_token_is_kept_for_this_user_alone(tmp_path):
    file = tmp_path / "state" / "devices.json"
    device, token = Devices(file).pair("phone", "2026-11-30")
    assert token not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Devices(file).find(token, "2026-12-01").id == device.id
    assert json.loads(file.read_text())[0]["seen"] == "2026-12-01"


def test_a_revoked_device_is_asked_for_a_code_again(web):
    cookie = web.pairs()
    other = web.pairs()
    first = web.page.devices.all[0]
    web.ask("/devices", "POST", f"device={first.id}", cookie=other)
    assert web.ask("/", cookie=cookie).status == 401
    assert web.ask("/", cookie=other).status == 200


def test_a_damaged_list_of_devices_pairs_nobody_and_stops_nothing(tmp_path):
    file = tmp_path / "devices.json"
    file.write_text('[{"id": 3}]')
    assert Devices(file).all == []


def test_for_ten_minutes_after_the_button_one_device_needs_no_code():
    pairing = Pairing()
    assert pairing.take("", 0.0) == "closed"
    pairing.open_by_button(0.0)
    assert pairing.take("", 599.0) == "good"
    assert pairing.take("", 599.0) == "closed"
    pairing.open_by_button(1000.0)
    assert pairing.take("", 1600.0) == "closed"


def test_the_button_makes_no_wrong_code_right():
    pairing = Pairing()
    pairing.open_by_button(0.0)
    pairing.open(0.0)
    assert pairing.take("WRONG1", 1.0) == "wrong"
    assert pairing.take("", 1.0) == "good"


def test_a_press_of_the_button_pairs_the_next_browser_without_a_code(web):
    assert 'id="code"' in web.ask("/pair").text
    assert json.loads(web.ask("/paired").text) == {"may": False, "button": False}
    web.page.take_in_event("mood")
    assert json.loads(web.ask("/paired").text)["button"] is False
    web.page.take_in_event("pairing")
    assert json.loads(web.ask("/paired").text)["button"] is True
    assert 'id="code"' not in web.ask("/pair").text
    answer = web.ask("/pair", "POST", urlencode({"name": "phone"}))
    assert web.ask("/", cookie=answer.cookie).status == 200
    assert web.ask("/pair", "POST", urlencode({"name": "another"})).status == 403


# --- without a network ----------------------------------------------------------------------------


def test_a_browser_keeps_a_page_for_when_it_reaches_nothing(web):
    script = web.ask("/worker.js").text
    kept = json.loads(script.partition("KEPT = ")[2].partition("\n")[0])
    assert kept[0] == "/offline?language=en"
    assert [web.ask(path).status for path in kept] == [200] * 4
    offline = web.ask(kept[0]).text
    assert "I cannot reach the jukebox" in offline
    assert "/devices" not in offline
    german = web.ask("/worker.js", accept_language="de").text
    assert german.partition("STORE = ")[2] != script.partition("STORE = ")[2]


def test_what_an_action_led_to_is_not_kept_for_that_time_but_shown_by_the_next_page(web):
    answer = web.ask("/offline", cookie="said=Done.")
    assert "Done." not in answer.text
    assert "set-cookie" not in answer.headers
    assert "Done." in web.ask("/pair", cookie="said=Done.").text


def test_the_worker_is_asked_for_each_time_and_is_a_script(web):
    headers = web.ask("/worker.js").headers
    assert headers["cache-control"] == "no-cache"
    assert headers["content-type"].startswith("text/javascript")


def test_a_phone_can_put_the_page_on_its_first_screen(web):
    manifest = json.loads(web.ask("/manifest.webmanifest", accept_language="de").text)
    assert (manifest["display"], manifest["start_url"], manifest["lang"]) == (
        "standalone",
        "/",
        "de",
    )
    icons = {icon["sizes"]: icon for icon in manifest["icons"]}
    assert set(icons) == {"any", "192x192", "512x512"}
    for size, icon in icons.items():
        kind = "image/svg+xml" if size == "any" else "image/png"
        assert web.ask(icon["src"]).headers["content-type"] == icon["type"] == kind
        assert (icon.get("purpose") == "any maskable") == (size != "any")


def test_an_iphone_finds_a_picture_of_the_icon_before_it_is_paired(web):
    links = re.findall(r'<link rel="apple-touch-icon" href="([^"]+)">', web.ask("/pair").text)
    assert len(links) == 1
    assert web.ask(links[0]).headers["content-type"] == "image/png"


@pytest.mark.parametrize("size", [180, 192, 512])
def test_a_picture_of_the_icon_is_opaque_and_stays_in_the_circle_that_phones_cut_out(size):
    picture = cv2.imread(str(STATIC / f"icon-{size}.png"), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (size, size, 3)
    row, column = np.nonzero((picture != picture[0, 0]).any(axis=2))
    far = np.hypot(row - (size - 1) / 2, column - (size - 1) / 2).max()
    assert 0.3 * size < far <= 0.4 * size + 1


# --- words ----------------------------------------------------------------------------------------


def view(playing=None, **status):
    english = InProcess().page.languages["en"]
    return now_view(House(STATUS | status, {"volume": {"max": 70}}, playing), english)


PLAYING = Playing("play", SUNNY, None, 40, 12.0, 0.0)


@pytest.mark.parametrize(
    ("status", "looks", "details"),
    [
        ({}, "Looks happy", "quite sure · 2 faces"),
        ({"faces": 1, "sure": "very"}, "Looks happy", "very sure · 1 face"),
        (
            {"emotion": None, "sure": "", "unclear": "dark", "mood": "1 face: …", "faces": 1},
            "I can't see clearly: it is too dark",
            "1 face",
        ),
        ({"emotion": None, "sure": "", "faces": 0, "mood": "nobody is here"}, "Nobody is here", ""),
        ({"camera": "off"}, "The camera is off", ""),
        ({"camera": "lost"}, "I miss the camera", ""),
    ],
)
def test_the_mood_is_said_in_words_with_how_sure(status, looks, details):
    said = view(**status)
    assert (said["looks"], said["details"]) == (looks, details)


def test_the_song_says_why_and_what_comes_next():
    said = view(PLAYING)
    assert said["why"] == "Why this song: the room looks happy"
    assert said["next"] == "Next: another song for “happy”"
    assert said["volume_max"] == 70
    assert view(PLAYING, listener_in_charge=True)["why"] == "Somebody chose this music."


def test_whose_doing_it_is_is_said():
    paused = view(PLAYING, listener_in_charge=True, charge="paused")
    assert paused["why"] == "Somebody paused the music."
    assert "diary cannot be written" in view(PLAYING, history="lost")["trouble"]


def test_what_people_asked_for_is_said():
    said = view(PLAYING, asked="sad", hold_until="18:30", sleep_at="22:00")
    assert [wish.rstrip(".") for wish in said["wishes"]] == [
        "Music for “sad”, until you choose “by the faces”",
        "The music stays as it is until 18:30",
        "The music fades out at 22:00",
    ]


def test_without_a_jukebox_or_mpd_it_says_so():
    english = InProcess().page.languages["en"]
    assert "jukebox is not running" in now_view(House(), english)["trouble"]
    assert "player cannot be reached" in now_view(House(STATUS), english)["trouble"]
    assert now_view(House(STATUS), english)["song"] == "I cannot see what plays"


def test_what_songs_are_called_is_no_html(web):
    song = Song("7", "x", "<script>alert(1)</script>", "\udcff", None)
    web.page.house.status, web.page.house.playing = STATUS, Playing("play", song, None, 4, 0.0, 0.0)
    shown = web.ask("/", cookie=web.pairs()).text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


# --- players of other sites ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "player"),
    [
        ("https://www.youtube.com/watch?v=abcdefghijk", "youtube-nocookie.com/embed/abcdefghijk"),
        ("https://youtu.be/abcdefghijk?t=3", "youtube-nocookie.com/embed/abcdefghijk"),
        (
            "https://open.spotify.com/track/0123456789abcdefghijkl?si=x",
            "open.spotify.com/embed/track/0123456789abcdefghijkl",
        ),
    ],
)
def test_a_link_of_a_known_site_has_a_player(link, player):
    site, frame = frame_of(link)
    assert frame.endswith(player)
    assert frame.startswith(f"{site.origin}/")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/watch?v=abcdefghijk",
        "https://www.youtube.com.evil.example/watch?v=abcdefghijk",
        "https://youtu.be/abc", "javascript:alert(1)", 'https://youtu.be/abcdefghijk" onload="', "",
    ],
)  # fmt: skip
def test_no_other_link_has_one(link):
    assert frame_of(link) is None


# --- languages -----------------------------------------------------------------------------------


def test_every_text_is_there_in_every_language(web):
    for language in web.page.languages.values():
        if language.code != "en":
            assert {text for text in texts() if text not in language.texts} == set()


def test_no_text_is_translated_twice():
    for file in FOLDER.glob("*.po"):
        english = re.findall(r'^msgid "(.+)"$', file.read_text(), re.MULTILINE)
        assert len(english) > 100
        assert [text for text, times in Counter(english).items() if times > 1] == []


def test_a_translation_keeps_the_names_in_braces(web):
    for language in web.page.languages.values():
        for english, own in language.texts.items():
            if "{word}" not in english:
                assert sorted(re.findall(r"\{\w+\}", english)) == sorted(
                    re.findall(r"\{\w+\}", own)
                )


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr,de", "de"),
        ("fr", "en"),
        ("", "en"),
        (",;,;" * 99, "en"),
    ],
)
def test_the_language_is_the_first_known_that_the_browser_wants(web, accepted, code):
    assert f'<html lang="{code}">' in web.ask("/pair", accept_language=accepted).text


def test_a_chosen_language_stays(web):
    chosen = web.ask("/language", "POST", "language=de&back=/pair").cookie
    assert '<html lang="de">' in web.ask("/pair", cookie=chosen, accept_language="en").text


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("the room looks happy", "der Raum sieht so aus: fröhlich"),
        ("the room looks angry; calm", "der Raum sieht so aus: verärgert; darum etwas Ruhiges"),
        ("somebody asked for disgust", "jemand hat sich das gewünscht: angewidert"),
        (
            "the camera is off; but its disk cannot be written, so a restart forgets that",
            "the camera is off; aber ihr Datenträger lässt sich nicht beschreiben,"
            " darum vergisst sie das beim Neustart",
        ),
        ("something new", "something new"),
    ],
)
def test_what_the_jukebox_says_is_said_in_german_as_far_as_it_is_known(web, english, german):
    assert web.page.languages["de"].of_jukebox(english) == german


def test_a_po_file_may_have_long_texts_and_quotes():
    read = read_po('msgid ""\nmsgstr "Head"\n\nmsgid "a "\n"b"\nmsgstr "\\"c\\" "\n"d"\n')
    assert read == {"a b": '"c" d'}


# --- the volume ----------------------------------------------------------------------------------


def test_the_steps_of_a_fade_are_not_shown_but_what_stays_and_what_people_set(monkeypatch):
    monkeypatch.setattr("appliance.player.steady_volume.STEADY_S", 0.05)
    shown = []

    async def listen():
        volume = SteadyVolume(lambda: shown.append(volume.shown))
        for percent in (60, 50, 40, 30, 20, 30, 40, 50, 60):
            volume.see(percent)
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.1)
        volume.see(45)
        await asyncio.sleep(0.1)
        volume.set(30)
        volume.see(30)
        volume.see(None)

    asyncio.run(listen())
    assert shown == [60, 45, 30, None]


def test_the_moment_between_two_songs_is_not_shown_but_a_stop_that_lasts_is(monkeypatch):
    monkeypatch.setattr("appliance.web.song.STOPPED_S", 600.0)
    stopped, other = replace(PLAYING, state="stop", song=None), replace(PLAYING, song=OTHER)
    shown = []

    async def listen():
        song = SteadySong(lambda _before: shown.append(song.shown))
        for playing in (PLAYING, stopped, stopped, other):
            song.see(playing)
            await asyncio.sleep(0)
        assert shown == [PLAYING, other]
        monkeypatch.setattr("appliance.web.song.STOPPED_S", 0.0)
        song.see(stopped)
        while stopped not in shown:
            await asyncio.sleep(0)
        song.see(None)

    asyncio.run(listen())
    assert shown == [PLAYING, other, stopped, None]


def test_a_stop_with_an_error_is_shown_at_once():
    shown = []
    song = SteadySong(lambda _before: shown.append(song.shown))
    song.see(PLAYING)
    song.see(broken := replace(PLAYING, state="stop", song=None, error="no sound card"))
    assert shown == [PLAYING, broken]


def test_time_and_volume_alone_are_no_news():
    later = replace(PLAYING, elapsed_s=22.0, unix_s=10.0, volume_percent=3)
    assert not later.tells_more_than(PLAYING)
    assert replace(later, elapsed_s=60.0).tells_more_than(PLAYING)
    assert replace(later, state="pause").tells_more_than(PLAYING)
    assert replace(later, error="no sound card").tells_more_than(PLAYING)
