"""Pixels → faces and the emotions that they show."""
