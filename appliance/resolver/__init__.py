"""What links in playlists play: a process of its own, the only one with a network."""
