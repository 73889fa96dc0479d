"""jukebox.toml → settings, and back."""
