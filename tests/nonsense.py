"""Inputs mangled at random, always in the same way; JUKEBOX_NONSENSE says how many of each kind."""

import os
import random
import time
from pathlib import Path

NUMBER = int(os.environ.get("JUKEBOX_NONSENSE", "300"))
FEW = NUMBER if NUMBER > 1000 else NUMBER // 10  # where each takes some hundredths of a second
LONGEST_S = 2.0  # of the processor, which has other things to do
# Caches and the allocator's reserves fill within the first inputs; what grows later grows for ever.
MOST_GROWTH_MB = 16.0
ODD = [
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b'"', b"'", b"{", b"[[[[", b"]", b"=",
    b"\\", b"-1", b"1e999", b"nan", b"9" * 400, b"null", b"true", b"\xf0\x9f\x8e\xb5", b"%s",
    b"../", b"\x1b[2J", b"\\ud800",
]  # fmt: skip


def mangled(good, chance):
    """A good input with some bytes changed, cut out, doubled or replaced by odd ones."""
    text = bytearray(good)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(5):
            case 0:
                text[at:at] = chance.choice(ODD)
            case 1:
                del text[at : at + chance.randint(1, 40)]
            case 2:
                text[at:at] = text[at : at + chance.randint(1, 200)] * chance.randint(1, 9)
            case 3 if at < len(text):
                text[at] = chance.randrange(256)
            case _:
                del text[at:]
    return bytes(text)


def nonsense(*goods, number=NUMBER):
    """So many mangled inputs, each with a limit of time for whoever takes it.

    At the end no file may be open that was not, nor may many have taken memory for good.
    """
    chance = random.Random(1)
    yield from bounded((mangled(chance.choice(goods), chance) for _ in range(number)), number)


def bounded(inputs, number=NUMBER):
    """The inputs, with the limits of nonsense()."""
    files = memory_mb = 0.0
    for count, bad in enumerate(inputs):
        if count == number // 10:
            files, memory_mb = _open_files(), _resident_mb()
        begun = time.process_time()
        yield bad
        assert time.process_time() - begun < LONGEST_S, repr(bad)[:200]
    assert _open_files() <= files
    assert number < 5000 or _resident_mb() <= memory_mb + MOST_GROWTH_MB


def _open_files():
    return len(os.listdir("/proc/self/fd"))


def _resident_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
