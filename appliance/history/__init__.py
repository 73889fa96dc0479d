"""Moods, songs and state on the disk."""
