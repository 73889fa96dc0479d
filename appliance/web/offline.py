"""The page on a phone that cannot reach the jukebox: its icon, and what it says then.

Browsers run a worker only where the page came by HTTPS, or from the machine itself.
"""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from appliance.web.page import page_of

SHORT = "public, max-age=86400"
KEPT = ("page.css", "page.js", "icon.svg")  # what the offline page consists of
PICTURES_PX = (192, 512)  # of the icon, for what shows no SVG (tests/draw_icons.py draws them)


async def icon(request: Request) -> Response:
    """The icon, under a name that bookmarks may keep."""
    found = page_of(request).static["icon.svg"]
    return Response(found.content, media_type=found.kind, headers={"cache-control": SHORT})


async def manifest(request: Request) -> Response:
    """What a phone needs to put the page on its first screen."""
    page = page_of(request)
    _ = page.language(request)
    pictures = [
        {
            "src": page.static[f"icon-{size}.png"].link,
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": "any maskable",
        }
        for size in PICTURES_PX
    ]
    return JSONResponse(
        {
            "id": "/",
            "name": _("Jukebox"),
            "short_name": _("Jukebox"),
            "lang": _.code,
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#faf6ee",
            "theme_color": "#faf6ee",
            "icons": [{"src": "/icon.svg", "sizes": "any", "type": "image/svg+xml"}, *pictures],
        },
        media_type="application/manifest+json",
    )


async def show(request: Request) -> Response:
    """What a browser keeps for the time in which it reaches nothing."""
    return HTMLResponse(page_of(request).text(request, "offline.html"))


async def worker(request: Request) -> Response:
    """The script that shows the kept page. It changes with what it keeps: browsers renew both."""
    page = page_of(request)
    language = page.language(request).code
    kept = [f"/offline?language={language}", *(page.static[name].link for name in KEPT)]
    content = f"{kept} {page.text(request, 'offline.html')}"
    version = hashlib.sha256(content.encode()).hexdigest()[:10]
    return page.script("worker.js", kept=kept, version=version)


ROUTES = [
    Route("/icon.svg", icon),
    Route("/manifest.webmanifest", manifest),
    Route("/offline", show),
    Route("/worker.js", worker),
]
