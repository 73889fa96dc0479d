"""How fast the jukebox is on this machine, compared with the published pipeline."""
