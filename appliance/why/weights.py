"""What spoke for a look, region by region: the sixteen numbers that may leave the process."""

from __future__ import annotations

from appliance.face_regions import REGIONS, Region
from appliance.why.explainer import Heat


def weights(heat: Heat) -> dict[str, float]:
    """Region → its share in what spoke; they sum to 1, or all are 0 if nothing did.

    heat: float32 (side, side), 0…1.
    """
    whole = float(heat.sum()) or 1.0
    return {name: round(_sum(heat, region) / whole, 3) for name, region in REGIONS.items()}


def _sum(heat: Heat, region: Region) -> float:
    side = len(heat)
    rows = slice(round(region.top * side), round(region.bottom * side))
    columns = slice(round(region.left * side), round(region.right * side))
    return float(heat[rows, columns].sum())
