"""A face that belongs to nobody, with how much each of its regions spoke for a look, as SVG.

Drawn for this project; a table beside it says the same (templates/why.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from appliance.face_regions import REGIONS, Region

SIDE = 240
COLOUR = "#c2571f"
FAINTEST, STRONGEST = (
    0.04,
    0.8,
)  # opacity of a region that spoke little, and of the one that spoke most
TOLD = 3  # regions that are named in words

# In the square of the regions: brows at 0.28, eyes at 0.38, the mouth at 0.76 of the height.
OUTLINE = "M120 6C58 6 30 58 32 116c2 70 44 118 88 118s86-48 88-118C210 58 182 6 120 6z"
LINES = (
    "M46 70q22-14 46-3M148 67q24-11 46 3"  # brows
    "M52 92q17-13 36 0q-18 11-36 0zM152 92q19-13 36 0q-18 11-36 0z"  # eyes
    "M112 94q-4 30-13 44q3 12 21 12t21-12q-9-14-13-44"  # nose
    "M78 182q22-9 42-3q20-6 42 3q-42 26-84 0zM78 182q42 7 84 0"  # mouth
)
PUPILS = ((70, 92), (170, 92))


def picture(weights: Mapping[str, float], title: str, number: int) -> str:
    """The face as SVG. weights: region → share in what spoke; of an earlier jukebox some may lack.

    title: what the picture says, for those who do not see it. number: another for each picture of
    a page.
    """
    most = max(weights.values(), default=0.0)
    shapes = [
        _shape(region, weights.get(name, 0.0) / most if most > 0 else 0.0)
        for name, region in REGIONS.items()
    ]
    pupils = "".join(f'<circle cx="{x}" cy="{y}" r="5" fill="currentColor"/>' for x, y in PUPILS)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="face" viewBox="0 0 {SIDE} {SIDE}"'
        f' role="img">'
        f"<title>{escape(title)}</title>"
        f'<clipPath id="head-{number}"><path d="{OUTLINE}"/></clipPath>'
        f'<g clip-path="url(#head-{number})" fill="{COLOUR}">{"".join(shapes)}</g>'
        f'<g fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round"'
        f' stroke-linejoin="round"><path d="{OUTLINE}"/><path d="{LINES}"/></g>{pupils}</svg>'
    )


def strongest(weights: Mapping[str, float]) -> list[tuple[str, int]]:
    """The regions that spoke most, with their percent; those of less than one percent left out."""
    ranked = sorted(weights.items(), key=lambda item: -item[1])[:TOLD]
    return [(name, round(100 * share)) for name, share in ranked if share >= 0.01]


def _shape(region: Region, strength: float) -> str:
    opacity = FAINTEST + (STRONGEST - FAINTEST) * strength
    x, y = region.left * SIDE, region.top * SIDE
    width, height = (region.right - region.left) * SIDE, (region.bottom - region.top) * SIDE
    return (
        f'<rect x="{x + 1:.1f}" y="{y + 1:.1f}" width="{width - 2:.1f}" height="{height - 2:.1f}"'
        f' rx="9" fill-opacity="{opacity:.2f}"/>'
    )
