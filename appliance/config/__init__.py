"""jukebox.toml to settings and back."""
