"""Draws the page for the README, on a phone and on a computer, beside a demo of the reel.

    run/test/bin/python tests/draw_page.py

Needs mpd and chromium. There is no face on the page, and those of the reel belong to nobody.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conftest import wait_for
from playwright.sync_api import sync_playwright
from web_page import demo_with_page

DOCS = Path(__file__).resolve().parents[1] / "docs"
SCREENS = {
    "page-phone.png": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5},
    "page-desktop.png": {
        "viewport": {"width": 1180, "height": 760},
        "device_scale_factor": 1,
        "color_scheme": "dark",
    },
}


def main():
    with (
        tempfile.TemporaryDirectory() as folder,
        demo_with_page(Path(folder) / "demo") as demo,
        sync_playwright() as started,
    ):
        browser = started.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for name, options in SCREENS.items():
            page = browser.new_context(**options, locale="en-GB").new_page()
            page.goto(f"http://localhost:{demo.port}/pair?code={demo.pair()}")
            page.get_by_role("button", name="Pair this device").click()
            page.get_by_role("button", name="Not now").click()  # of the first steps
            wait_for(lambda page=page: page.locator("h1").inner_text() == "Looks happy", 200.0)
            wait_for(lambda page=page: "happy" in page.locator(".why").inner_text(), 60.0)
            page.wait_for_timeout(1500)  # the tint of the mood fades in
            page.screenshot(path=str(DOCS / name))
        browser.close()


if __name__ == "__main__":
    main()
