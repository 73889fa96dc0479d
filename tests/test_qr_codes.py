"""QR codes of the page before the camera: what is read, and that no frame waits for it."""

import io
import re
import threading

import cv2
import numpy as np
import pytest
import segno
from conftest import wait_for

from appliance.errors import ControlError
from appliance.records import Frame
from appliance.running.code_scanner import CodeScanner
from appliance.vision.qr_codes import shown_word
from appliance.web.pairing import ALPHABET
from appliance.web.qr import terminal
from appliance.web.showing import Shown

WORD = ALPHABET[:10]
TEXT = Shown("", WORD, 0.0).text


def drawn(text, module_px=4):
    """A code as a screen shows it: dark on white, uint8."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", scale=module_px, border=4)
    return cv2.imdecode(np.frombuffer(out.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)


def before_the_camera(code, turn_degrees=0.0, light=1.0):
    """A gray room of 640×480 pixels with the code in it."""
    room = np.random.default_rng(0).integers(80, 120, (480, 640), np.uint8)
    height, width = code.shape
    room[200 : 200 + height, 250 : 250 + width] = code
    turn = cv2.getRotationMatrix2D((320, 240), turn_degrees, 1.0)
    return (cv2.warpAffine(room, turn, (640, 480), borderValue=100) * light).astype(np.uint8)


def test_what_the_page_shows_is_the_smallest_code():
    assert segno.make_qr(TEXT, error="m").version == 1


@pytest.mark.parametrize("module_px", [4, 6, 8])
@pytest.mark.parametrize("turn_degrees", [0, 12, -25])
def test_a_word_is_read_from_a_phone_in_the_room(module_px, turn_degrees):
    assert shown_word(before_the_camera(drawn(TEXT, module_px), turn_degrees)) == WORD


def test_a_word_is_read_from_a_phone_that_is_farther_away():
    assert shown_word(before_the_camera(drawn(TEXT, module_px=3))) == WORD


def test_a_word_is_read_in_dim_light():
    assert shown_word(before_the_camera(drawn(TEXT), light=0.4)) == WORD


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/",
        "JUKEBOX:ABCDEFGHKL",
        "JUKEBOX:ABC::",
        "WIFI:S:home;P:secret;;",
        TEXT + "X",
    ],
)
def test_other_codes_mean_nothing(text):
    assert shown_word(before_the_camera(drawn(text))) is None


@pytest.mark.parametrize("shape", [(1, 1), (480, 640), (3, 900)])
def test_a_picture_without_a_code_means_nothing(shape):
    noise = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    assert shown_word(noise) is None


# --- beside the loop -----------------------------------------------------------------------------


def frame(time_s, picture=None):
    return Frame(time_s, 0.0, np.zeros((9, 9), np.uint8) if picture is None else picture)


@pytest.fixture
def scanner():
    """Whose reader says what the test has put into `words`."""
    words = []
    made = CodeScanner(
        {
            "page": lambda _picture: words.pop(0) if words else None,
            "wifi": lambda _picture: "WIFI:S:Home;;",
        }
    )
    made.words = words
    yield made
    made.close()


def test_nobody_looks_unless_somebody_asked(scanner):
    scanner.words.append(WORD)
    scanner.note(frame(0.0))
    assert scanner.words == [WORD]


def test_the_word_is_the_answer_and_then_it_looks_no_more(scanner):
    scanner.words += [None, WORD]
    found = scanner.begin(0.0, 20.0)
    times = iter(range(100))

    def step():
        scanner.note(frame(float(next(times))))
        return found.done()

    assert wait_for(step) is True
    assert found.result() == WORD
    scanner.begin(0.0, 20.0)


def test_after_its_time_the_answer_is_empty(scanner):
    found = scanner.begin(0.0, 20.0)
    scanner.note(frame(19.0))
    assert not found.done()
    scanner.note(frame(20.0))
    assert found.result(0) == ""


def test_two_cannot_ask_at_once(scanner):
    scanner.begin(0.0, 20.0)
    with pytest.raises(ControlError, match="already"):
        scanner.begin(1.0, 20.0)


def test_a_slow_look_delays_no_frame(scanner):
    go_on = threading.Event()
    slow = CodeScanner({"page": lambda _picture: WORD if go_on.wait(10.0) else None})
    found = slow.begin(0.0, 20.0)
    for number in range(20):
        slow.note(frame(number / 10))
    assert not found.done()
    go_on.set()
    wait_for(lambda: slow.note(frame(3.0)) or found.done())
    slow.close()


def test_what_the_terminal_shows_is_a_code_that_phones_read():
    link = "http://192.0.2.2:8080/pair?code=ABCDEF"
    blocks = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in terminal(link).splitlines()]
    halves = [[block in half for block in line] for line in blocks for half in ("█▀", "█▄")]
    picture = cv2.resize(np.array(halves, np.uint8) * 255, None, fx=8, fy=8, interpolation=0)
    assert cv2.QRCodeDetectorAruco().detectAndDecode(picture)[0] == link


def test_the_code_of_a_network_is_looked_for_only_if_it_was_asked_for(scanner):
    found = scanner.begin(0.0, 20.0, "wifi")
    times = iter(range(100))

    def came():
        scanner.note(frame(float(next(times))))
        return found.done()

    wait_for(came)
    assert found.result() == "WIFI:S:Home;;"
