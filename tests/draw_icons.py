"""Draws the page's icon as pictures for phones, from static/icon.svg.

    run/test/bin/python tests/draw_icons.py

Needs chromium. The paper reaches the edge, because iPhones show black where an icon is
transparent, and the drawing stays within the circle that Android may cut out (40 % of the width).
"""

from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parents[1] / "appliance" / "web" / "static"
SIZES_PX = (180, 192, 512)  # an iPhone's first screen, and what Chromium wants in a manifest
PAPER = "#faf6ee"
# The drawing's corners lie 35.4 units from its middle, (32, 34): within 40 % of 90.
STYLE = f"<style>body {{ margin: 0; background: {PAPER} }} svg {{ display: block }}</style>"


def drawn(browser):
    """The PNG files by name. browser: a Chromium of Playwright."""
    svg = (STATIC / "icon.svg").read_text().replace("0 0 64 64", "-13 -11 90 90")
    found = {}
    for size in SIZES_PX:
        page = browser.new_page(viewport={"width": size, "height": size})
        page.set_content(f"<!doctype html>{STYLE}{svg}")
        found[f"icon-{size}.png"] = page.screenshot()
        page.close()
    return found


def main():
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for name, content in drawn(browser).items():
            (STATIC / name).write_bytes(content)
        browser.close()


if __name__ == "__main__":
    main()
