"""`jukebox sort FOLDER`: listens to an owner's music and writes one playlist for each mood.

    files ──ffmpeg──► sound (listening.py) ──librosa──► cues (cues.py) ──► mood (moods.py) ──► lists

It needs the optional extra "sort" and ffmpeg. The music files are only read.
"""
