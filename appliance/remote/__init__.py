"""What people and programs see of the running jukebox and ask of it."""
