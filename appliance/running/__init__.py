"""What the running service holds together: its devices, and what it does on request."""
