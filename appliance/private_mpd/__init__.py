"""An MPD of the jukebox's own, for the demo, the bench and the tests."""
