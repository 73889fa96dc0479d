"""What a file is, by its first bytes: its name says what somebody calls it, not what it is."""

from __future__ import annotations

ENOUGH_BYTES = 8 * 1024  # of a file's beginning: two frames of an MP3 file have less
# Versions and layers of MPEG audio → kbit/s by index; ISO 11172-3 and 13818-3, layer III.
MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
HERTZ = (44100, 48000, 32000)
BEGINNINGS = {b"fLaC": ".flac", b"wvpk": ".wv"}
CONTAINERS = {
    (b"RIFF", b"WAVE"): ".wav",
    (b"FORM", b"AIFF"): ".aiff",
    (b"FORM", b"AIFC"): ".aiff",
}
OGG_CODECS = {
    b"OpusHead": ".opus",
    b"\x01vorbis": ".ogg",
    b"\x7fFLAC": ".oga",
    b"Speex   ": ".spx",
}
OGG_CODEC_AT = 28  # behind the head of a page with one segment, as the first one is
M4A_BRANDS = (b"M4A ", b"M4B ")


def ending_of(begin: bytes) -> str | None:
    """The ending for a sound file that begins so, such as ".mp3"; None for everything else.

    begin: ENOUGH_BYTES, or the whole file.
    """
    if begin.startswith(b"OggS"):
        codecs = OGG_CODECS.items()
        return next((end for mark, end in codecs if begin.startswith(mark, OGG_CODEC_AT)), None)
    if begin[4:8] == b"ftyp":
        return ".m4a" if _is_m4a(begin) else None
    outer, inner = begin[:4], begin[8:12]
    known = BEGINNINGS.get(outer) or CONTAINERS.get((outer, inner))
    return known or _mpeg_ending(begin)


def _is_m4a(begin: bytes) -> bool:
    """Whether one of the brands is that of sound without pictures."""
    length = int.from_bytes(begin[:4])
    brands = [begin[8:12], *(begin[at : at + 4] for at in range(16, min(length, 256), 4))]
    return any(brand in M4A_BRANDS for brand in brands)


def _mpeg_ending(begin: bytes) -> str | None:
    if begin.startswith(b"ID3"):
        return ".mp3"
    for frame_bytes, ending in ((_mp3_frame_bytes, ".mp3"), (_aac_frame_bytes, ".aac")):
        length = frame_bytes(begin)
        # Two bytes look so by chance in many files; two frames in a row do not.
        if length and frame_bytes(begin[length : length + 8]):
            return ending
    return None


def _mp3_frame_bytes(head: bytes) -> int:
    """The length of a frame of MPEG layer III; 0 if none begins here."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, rate, hertz = (head[1] >> 3) & 3, head[2] >> 4, (head[2] >> 2) & 3
    if version == 1 or rate in (0, 15) or hertz == 3:
        return 0
    is_first = version == 3
    kbits = (MPEG1 if is_first else MPEG2)[rate]
    per_second = HERTZ[hertz] // {3: 1, 2: 2, 0: 4}[version]
    return (144 if is_first else 72) * kbits * 1000 // per_second + ((head[2] >> 1) & 1)


def _aac_frame_bytes(head: bytes) -> int:
    """The length of an ADTS frame of AAC; 0 if none begins here."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else 0
