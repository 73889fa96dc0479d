"""The emotional jukebox: what runs on the box."""
