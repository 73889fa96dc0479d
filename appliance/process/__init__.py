"""What every process of the jukebox owes systemd and its terminal: log, signals, notifications."""
