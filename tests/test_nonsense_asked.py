"""What is held before the camera, and asked of root's process and of the page: anything at all."""

import io
import json
from types import SimpleNamespace

import cv2
import numpy as np
import segno
from nonsense import FEW, nonsense
from test_admin import RecordingMachine

from appliance.admin.administrator import Administrator
from appliance.admin.server import _reply
from appliance.vision.qr_codes import shown_word
from appliance.web.devices import Devices
from appliance.web.pairing import Pairing
from appliance.web.pairing_socket import PairingSocket

LONGEST_CODE = 60  # bytes; larger codes are read in the same way, but take longer


def drawn(content):
    """A code as a screen shows it: dark on white, uint8."""
    out = io.BytesIO()
    segno.make_qr(content, error="l").save(out, kind="png", scale=4, border=4)
    return cv2.imdecode(np.frombuffer(out.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)


def test_a_code_before_the_camera():
    goods = (b"JUKEBOX:ABCDEFGHJK::", "Grüße: \U0001f3b5".encode(), "süß".encode("latin-1"))
    for bad in nonsense(*goods, number=FEW):
        word = shown_word(drawn(bad[:LONGEST_CODE] or b"x"))
        assert word is None or (len(word) == 10 and word.isascii())


def test_a_code_without_utf_8_ends_nothing_and_the_other_reader_is_asked(monkeypatch):
    def fails(_picture):
        raise UnicodeDecodeError("utf-8", b"\x8f", 0, 1, "invalid start byte")

    reader = SimpleNamespace(detectAndDecodeMulti=fails)
    monkeypatch.setattr("cv2.QRCodeDetectorAruco", lambda: reader)
    assert shown_word(drawn(b"JUKEBOX:ABCDEFGHJK::")) == "ABCDEFGHJK"


def requests():
    goods = (
        {"id": 1, "do": "settings", "args": {}},
        {"id": 2, "do": "write", "args": {"text": "[mood]\ndwell_s = 3\n", "hash": "0"}},
        {"id": 3, "do": "choose", "args": {"output": "alsa:CARD=A,DEV=0"}},
        {"id": 4, "do": "rename", "args": {"name": "music"}},
        {"id": 5, "do": "revoke", "args": {"device": "12ab"}},
        {"id": 6, "do": "pair", "args": {}},
    )
    return nonsense(*(json.dumps(good).encode() for good in goods))


def test_a_request_to_roots_process(tmp_path):
    (tmp_path / "jukebox.toml").write_text("# ours\n")
    administrator = Administrator(RecordingMachine(tmp_path / "jukebox.toml"))
    for bad in requests():
        answer = json.loads(_reply(bad.partition(b"\n")[0], administrator, by_root=False))
        assert answer["ok"] or answer["error"]["code"] in ("usage", "refused", "edited")


def test_a_request_to_pair():
    page = SimpleNamespace(pairing=Pairing(), devices=Devices(None))
    asked = PairingSocket(page, ["http://jukebox.local/"], "1")
    for bad in requests():
        answer = json.loads(asked._answer(bad.partition(b"\n")[0]))
        assert answer["ok"] or answer["error"]["code"] == "usage"
