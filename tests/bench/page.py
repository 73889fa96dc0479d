"""What the page costs: memory and processor with 1 and 20 open pages, and click to state.

    run/test/bin/python tests/bench/page.py [SECONDS [OPEN_PAGES…]]

SECONDS for each number of open pages: 60, and 1 and 20 pages, unless said. Meanwhile another
browser asks twice a second: the slowest answer says how late the page's loop ever was.
Beside a demo of the reel, whose mood changes every twenty seconds all day: more than any room.
"""

import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from web_page import demo_with_page

PER_DEVICE = 4


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with (
        tempfile.TemporaryDirectory() as folder,
        demo_with_page(Path(folder) / "demo") as demo,
        ExitStack() as at_end,
    ):
        browsers = [demo.browser() for _ in range(5)]
        browsers[0].ask("/")
        for open_pages in [int(word) for word in sys.argv[2:]] or (1, 20):
            streams = [
                at_end.enter_context(stream(demo.port, browsers[number // PER_DEVICE].cookie))
                for number in range(open_pages)
            ]
            time.sleep(2.0)
            print(f"{open_pages} open: {watched(demo, seconds, streams, browsers[-1])}")
        clicks = sorted(click_ms(browsers[0], number) for number in range(40))
        print(f"click to state: median {median(clicks):.0f} ms, slowest {clicks[-1]:.0f} ms")


def stream(port, cookie):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(
        f"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    connection.setblocking(False)
    return connection


def watched(demo, seconds, streams, browser):
    """The share of a core that the page takes while browsers read, its memory, and its delays."""
    began, spent_s = time.monotonic(), cpu_s(demo)
    answers_ms, memory = [], [memory_mb(demo)]
    while time.monotonic() - began < seconds:
        time.sleep(0.5)
        asked = time.monotonic()
        browser.ask("/paired")
        answers_ms.append(1000 * (time.monotonic() - asked))
        memory.append(memory_mb(demo))
        for connection in streams:
            try:
                connection.recv(65536)
            except BlockingIOError:
                continue
    share = (cpu_s(demo) - spent_s) / (time.monotonic() - began)
    middle = memory[len(memory) // 2]
    return (
        f"{share:.2%} of a core, the other browser's questions included;"
        f" memory {memory[0]:.1f} MB at first, {middle:.1f} half-way,"
        f" {memory[-1]:.1f} at the end, {max(memory):.1f} at most;"
        f" {len(answers_ms)} answers in {median(answers_ms):.1f} ms, the slowest in"
        f" {max(answers_ms):.0f}"
    )


def cpu_s(demo):
    fields = Path(f"/proc/{demo.page_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory_mb(demo):
    status = Path(f"/proc/{demo.page_pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def click_ms(browser, number):
    """From a press to the changed state; presses come at any moment of a frame."""
    time.sleep(0.05 + 0.07 * (number % 7))
    began = time.monotonic()
    browser.act(tell="hold" if number % 2 else "resume")
    return 1000 * (time.monotonic() - began)


if __name__ == "__main__":
    main()
