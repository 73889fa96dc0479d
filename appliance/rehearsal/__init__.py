"""A simulated day through the real jukebox, compared with the known truth: docs/rehearsal.md."""
