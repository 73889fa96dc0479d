"""How much a program could send out by way of MPD: by links that MPD opens, and by messages.

    run/test/bin/python tests/bench/way_out.py [SECONDS]

The process that sees faces has no network, but it may use MPD (docs/security.md). Here a program of
this kind sends as much as it can over MPD's socket; a web server and a listener in the network,
both on this machine, count what arrives.
"""

import secrets
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mpd import CommandError, MPDClient

from appliance.private_mpd.process import PrivateMpd

# MPD's protocol takes lines of some 4,000 bytes.
LINK_BYTES, MESSAGE_BYTES = 3500, 3900
PICTURE_BITS = 8 * 640 * 480


class Counting(BaseHTTPRequestHandler):
    """A web server that notes the secret part of each link."""

    seen = []  # noqa: RUF012

    def do_GET(self):
        self.seen.append(len(self.path) - len("/.m3u"))
        self.send_error(404)

    def log_message(self, *_):
        pass


def connected(mpd):
    client = MPDClient()
    client.connect(str(mpd.socket))
    return client


def by_links(mpd, seconds):
    """Bits that reached a web server, and seconds."""
    Counting.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Counting) as web:
        threading.Thread(target=web.serve_forever).start()
        sender, begun = connected(mpd), time.monotonic()
        while time.monotonic() - begun < seconds:
            try:
                secret = secrets.token_hex(LINK_BYTES // 2)
                sender.listplaylistinfo(f"http://127.0.0.1:{web.server_port}/{secret}.m3u")
            except CommandError:
                continue
        took_s = time.monotonic() - begun
        web.shutdown()
    return 4 * len(Counting.seen) * LINK_BYTES, took_s, len(Counting.seen)  # a hex digit: 4 bits


def by_messages(mpd, seconds):
    """Bits that reached somebody who listens at a channel, and seconds."""
    sender, listener = connected(mpd), connected(mpd)
    listener.subscribe("out")
    received, begun = 0, time.monotonic()
    while time.monotonic() - begun < seconds:
        for _ in range(16):  # so many wait for a listener
            sender.sendmessage("out", secrets.token_hex(MESSAGE_BYTES // 2))
        received += sum(len(found["message"]) for found in listener.readmessages())
    return 4 * received, time.monotonic() - begun, received // MESSAGE_BYTES


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with tempfile.TemporaryDirectory() as folder:
        music = Path(folder, "music")
        music.mkdir()
        with PrivateMpd(Path(folder, "mpd"), music, "null") as mpd:
            for way, measure in (("links", by_links), ("messages", by_messages)):
                bits, took_s, times = measure(mpd, seconds)
                rate = bits / took_s
                print(
                    f"{way}: {rate / 1e6:.1f} Mbit/s ({times / took_s:.0f} a second);"
                    f" a gray picture of 640×480 in {PICTURE_BITS / rate:.2f} s"
                )


if __name__ == "__main__":
    main()
