"""Frames from a camera, a film, pictures or the demo reel."""
