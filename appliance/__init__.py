"""The emotional jukebox: what runs on it."""
