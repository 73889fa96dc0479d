"""MPD: what it does, what people do to it, and what the jukebox does."""
