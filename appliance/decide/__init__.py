"""Moods from scores, and what should play. Pure: no device, no clock, nothing random."""
