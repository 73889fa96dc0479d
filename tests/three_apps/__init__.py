"""Three MPD apps used at once beside the real jukebox, and a comparison of what all of them did.

PYTHONPATH=tests run/test/bin/python -m three_apps --minutes 30 --seed 1

See `__main__.py`. Outside CI: it needs as long as it plays.
"""
