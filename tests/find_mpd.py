#!/usr/bin/env python3
"""Finds MPD as a phone does, with a question by multicast (RFC 6762), and prints its name."""

import socket
import struct

TYPE = b"\x04_mpd\x04_tcp\x05local\x00"
QUESTION = struct.pack("!6H", 0, 0, 1, 0, 0, 0) + TYPE + struct.pack("!HH", 12, 0x8001)

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
    phone.settimeout(2)
    phone.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    phone.sendto(QUESTION, ("224.0.0.251", 5353))
    answer = phone.recv(4096)
# The first answer's data is the service's name: its length, then its text.
data = answer[answer.index(TYPE) :]
start = answer.index(b"Emotional Jukebox")
print(answer[start : start + answer[start - 1]].decode())  # noqa: T201 - that is what it is for
