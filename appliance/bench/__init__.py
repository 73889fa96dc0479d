"""How fast the box is here, against the published pipeline, and what that costs in accuracy."""
