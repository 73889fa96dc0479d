#!/usr/bin/env bash
# What a real Home Assistant makes of the home's announcement (docs/home.md), with a real mosquitto: entities
# and their states, what they ask for, other levels of sharing, the end. Outside CI: it installs 70 packages.
#   tests/home_assistant.sh [ENVIRONMENT]     a folder for them, kept for the next time
# Needs Python 3.13 (as python3.13, or $PYTHON) and Debian's package mosquitto.
set -euo pipefail
here=$(dirname "$(dirname "$(readlink -f "$0")")")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
environment=${1:-$folder/environment}

if [[ ! -x $environment/bin/python ]]; then
    "${PYTHON:-python3.13}" -m venv "$environment"
    pip=("$environment/bin/python" -m pip --quiet --disable-pip-version-check install --ignore-requires-python)
    "${pip[@]}" --no-deps homeassistant==2025.12.5
    # Without Bluetooth and its cloud, which MQTT does not need and which would have to be compiled.
    "$environment/bin/python" - >"$folder/packages" <<'PYTHON'
from importlib.metadata import requires
without = ("home-assistant-bluetooth", "hass-nabucasa", "lru-dict", "audioop-lts", "standard-", "uv")
print(*[name for name in requires("homeassistant") if not name.startswith(without)], sep="\n")
PYTHON
    "${pip[@]}" --prefer-binary -r "$folder/packages" lru-dict paho-mqtt==2.1.0
fi
mkdir "$folder/config"
echo "homeassistant:" >"$folder/config/configuration.yaml"

PYTHONPATH=$here "$environment/bin/python" - "$folder" <<'PYTHON'
import asyncio
import importlib.machinery
import json
import logging
import socket
import subprocess
import sys
import types
from pathlib import Path
from types import MappingProxyType
from unittest.mock import MagicMock


LEFT_OUT = (
    "acme", "audioop", "av", "bleak", "habluetooth", "haffmpeg", "hassil", "hass_nabucasa",
    "home_assistant_bluetooth", "home_assistant_intents", "mutagen", "snitun", "turbojpeg", "zeroconf",
)


class Absent:
    """Stands for packages of parts of Home Assistant that are not used here."""

    def find_spec(self, name, _path=None, _target=None):
        if name.split(".")[0] in LEFT_OUT:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        made = types.ModuleType(spec.name)
        # A class where one is named, because others are derived from it.
        made.__getattr__ = lambda name: type(name, (Exception,), {}) if name[:1].isupper() else MagicMock()
        return made

    def exec_module(self, _module):
        pass


sys.meta_path.append(Absent())

import paho.mqtt.client as mqtt  # noqa: E402
from homeassistant import bootstrap, loader  # noqa: E402
from homeassistant.config_entries import ConfigEntries, ConfigEntry  # noqa: E402
from homeassistant.core import CoreState, HomeAssistant  # noqa: E402
from homeassistant.helpers import device_registry  # noqa: E402
from homeassistant.setup import async_setup_component  # noqa: E402

from appliance.home.entities import ENTITIES, Topics, announcement, told_at  # noqa: E402

FOLDER, TOPICS = Path(sys.argv[1]), Topics("jukebox", "jukebox_1234")


logging.getLogger("homeassistant").setLevel(logging.ERROR)


async def main(port):
    hass = HomeAssistant(str(FOLDER / "config"))
    hass.config.skip_pip = True
    hass.config_entries = ConfigEntries(hass, {})
    loader.async_setup(hass)
    await bootstrap.async_load_base_functionality(hass)
    await hass.config_entries.async_initialize()
    assert await async_setup_component(hass, "homeassistant", {})
    hass.config.components.update({"http", "file_upload", "repairs"})
    broker = {"broker": "127.0.0.1", "port": port, "discovery": True}
    await hass.config_entries.async_add(ConfigEntry(
        version=1, minor_version=2, domain="mqtt", title="mqtt", data=broker, options={}, source="user",
        unique_id=None, discovery_keys=MappingProxyType({}), subentries_data=None,
    ))
    hass.set_state(CoreState.running)
    asked = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: asked.append((message.topic, message.payload))
    client.connect("127.0.0.1", port)
    client.subscribe("jukebox/+/+/set")
    client.loop_start()

    def of(key):
        return next((s for s in hass.states.async_all() if s.entity_id.endswith(f"_kitchen_{key}")), None)

    async def until(condition, what):
        for _ in range(300):
            if condition():
                print("good ", what)
                return
            await asyncio.sleep(0.1)
        raise SystemExit(f"BAD   {what}: {[(s.entity_id, s.state) for s in hass.states.async_all()]}")

    async def announce(share):
        message = announcement(TOPICS, share, name="Kitchen", version="1", volume_max=80)
        client.publish(TOPICS.discovery, json.dumps(message), 1, True)
        client.publish(TOPICS.of("availability"), "online", 1, True)
        wanted = {entity.key for entity in told_at(share) if entity.key != "sure"}  # hidden until shown
        await until(
            lambda: {entity.key for entity in ENTITIES if of(entity.key)} == wanted, f"entities at {share}"
        )

    async def tell(name, what, **told):
        def is_shown():
            client.publish(TOPICS.of(name), json.dumps(told))  # again, as the home does
            return all(of(key).state == str(value) for key, value in what.items())
        await until(is_shown, f"{told} is shown as {what}")

    async def call(service, key, topic, payload, **data):
        domain, _, name = service.partition(".")
        await hass.services.async_call(domain, name, {"entity_id": of(key).entity_id, **data}, blocking=True)
        await until(lambda: (TOPICS.command(topic), payload) in asked, f"{service} asks for {payload}")

    await announce("presence")
    assert of("volume").attributes["max"] == 80
    state = {"occupied": "ON", "camera": "ON", "volume": 40, "trouble": "the camera is lost"}
    shown = {"occupied": "on", "camera": "on", "volume": 40, "trouble": "on"}
    await tell("state", shown, **state)
    assert of("trouble").attributes["sentence"] == "the camera is lost"
    await tell("state", {"occupied": "unknown", "camera": "off", "volume": "unknown", "trouble": "off"},
               occupied=None, camera="OFF", volume=None, trouble="")
    client.publish(TOPICS.of("touch"), json.dumps({"event_type": "skip"}))
    await until(lambda: of("touch").attributes.get("event_type") == "skip", "a listener's skip")
    await announce("all")
    await tell("state", {"asked": "auto"}, **state, asked="auto")
    for mood in ("happy", "uncertain", "nobody"):
        await tell("mood", {"mood": mood, "why": "it is so"}, mood=mood, sure="very", why="it is so")
    await tell("mood", {"mood": "unknown", "why": "x" * 255}, mood=None, sure=None, why="x" * 255)
    await call("switch.turn_off", "camera", "camera", b"OFF")
    await call("number.set_value", "volume", "volume", b"33", value=33)
    await call("select.select_option", "asked", "asked", b"sad", option="sad")
    for key in ("hold", "resume", "skip"):
        await call("button.press", key, key, b"PRESS")
    await announce("presence")
    client.publish(TOPICS.of("availability"), "offline", 1, True)
    await until(lambda: of("camera").state == "unavailable", "offline is unavailable")
    for topic in TOPICS.retained:
        client.publish(topic, "", 1, True)
    await until(lambda: not device_registry.async_get(hass).devices, "withdrawn, the device is gone")
    client.loop_stop()


with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
(FOLDER / "mosquitto.conf").write_text(f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\n")
mosquitto = subprocess.Popen(["/usr/sbin/mosquitto", "-c", FOLDER / "mosquitto.conf"], stderr=subprocess.DEVNULL)
try:
    asyncio.run(main(port))
finally:
    mosquitto.kill()
PYTHON
