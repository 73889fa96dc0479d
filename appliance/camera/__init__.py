"""Frames from whatever camera there is."""
