"""What the running service holds together: its devices, and a calibration on request."""
