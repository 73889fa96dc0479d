#!/usr/bin/env bash
# Software:  paho-mqtt 2.2.0 from PyPI, CPython 3.11; the peer is a socket of this script's own that
#            answers CONNECT and publishes two small, valid messages (MQTT 3.1.1).
# Behaviour: if on_message raises, the message stays the one that is being read: each further call of
#            loop_read() hands it to the handler again, without reading on, so that no later message
#            ever comes.
# Seen:      "first first first first", for two messages and four calls, with one exception each
# Expected:  a message that was handed over to be done with, whatever the handler did: "first second",
#            or the connection to be closed.
# Matters:   who drives paho by an event loop of their own, which logs exceptions and goes on, as
#            asyncio does, is deaf from one unexpected message on and fills the log, while keep-alives
#            go on and the broker sees them online. The jukebox's handler therefore never lets an
#            exception through to paho, and ends its process for one of its own (home/session.py).
# Run first, outside CI: findings/paho-repeats-what-its-handler-refused.sh; it fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check paho-mqtt==2.2.0 2>/dev/null
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import socket
import threading
import time

from paho.mqtt import client as mqtt


def publish(payload):
    body = len(b"t").to_bytes(2, "big") + b"t" + payload
    return bytes([0x30, len(body)]) + body


def broker():
    peer, _ = door.accept()
    peer.recv(1024)  # CONNECT
    peer.sendall(bytes([0x20, 2, 0, 0]))  # CONNACK: accepted
    peer.sendall(publish(b"first") + publish(b"second"))
    over.wait(10)
    peer.close()


door, over = socket.create_server(("127.0.0.1", 0)), threading.Event()
threading.Thread(target=broker, daemon=True).start()
came = []


def on_message(_client, _data, message):
    came.append(message.payload.decode())
    raise ValueError("not what this handler expects")


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_message = on_message
client.connect("127.0.0.1", door.getsockname()[1])
while not client.is_connected():
    client.loop_read()  # one packet a call; the first is the answer to CONNECT
    time.sleep(0.1)
time.sleep(0.5)  # both messages have come
for _ in range(4):
    try:
        client.loop_read()
    except ValueError:
        pass
over.set()
print(*came)
PYTHON
)
echo "$seen"
[[ $seen == "first first first first" ]]
