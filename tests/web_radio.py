"""A live radio for MPD to play."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Radio(BaseHTTPRequestHandler):
    """A live stream, in which MPD cannot seek."""

    over = threading.Event()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "audio/L16;rate=8000;channels=1")
        self.end_headers()
        while not self.over.wait(0.1):
            try:
                self.wfile.write(bytes(8000))
            except OSError:  # MPD has hung up
                return

    def log_message(self, *_):
        pass


@contextmanager
def on_air() -> Iterator[str]:
    """The address of a live radio, which ends with the block."""
    Radio.over.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Radio) as web:
        threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield f"http://127.0.0.1:{web.server_port}/radio"
        Radio.over.set()
        web.shutdown()
