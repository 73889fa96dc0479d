"""The page for phones and computers: a process that sees neither camera nor history itself."""
