"""Pixels to faces and how they look."""
