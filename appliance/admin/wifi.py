"""A wireless network and its password: as people write it down, and as wpa_supplicant takes it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from appliance.errors import UsageError

# The text of a QR code with which phones share a network. A backslash stands before \ ; , : and ".
CODE = re.compile(r"WIFI:((?:[A-Z0-9]+:(?:[^\\;]|\\.)*;)+);", re.DOTALL | re.IGNORECASE)
FIELD = re.compile(r"([A-Z0-9]+):((?:[^\\;]|\\.)*);", re.DOTALL | re.IGNORECASE)
LONGEST_NAME, SHORTEST_PASSWORD, LONGEST_PASSWORD = 32, 8, 63  # bytes, by IEEE 802.11
READY_KEY = re.compile(r"[0-9a-fA-F]{64}")  # made from name and password already
KEYS = ("name", "password", "hidden")
LONGEST_FILE = 16 * 1024


@dataclass(frozen=True, slots=True)
class WifiNetwork:
    """A network to join. password: "" for none. hidden: it does not tell its name to all.

    Raises UsageError, whose text never has the password in it, as no text about a network has.
    """

    name: str
    password: str = field(repr=False)
    hidden: bool = False

    def __post_init__(self) -> None:
        if not 0 < len(_bytes(self.name)) <= LONGEST_NAME:
            raise UsageError(f"the network's name must have 1 to {LONGEST_NAME} bytes")
        if not self.password or READY_KEY.fullmatch(self.password):
            return
        if not SHORTEST_PASSWORD <= len(_bytes(self.password)) <= LONGEST_PASSWORD:
            raise UsageError(
                f"a Wi-Fi password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
            )
        if any(ord(character) < 32 for character in self.password):
            raise UsageError("a Wi-Fi password has no tabs and no line ends")


def from_file(content: bytes) -> WifiNetwork | None:
    """The network in a wifi.txt; None if it has nothing but comments. Raises UsageError."""
    found: dict[str, str] = {}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", _decoded(content)), 1):
        if not line.strip() or line.strip().startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals or key.strip().lower() not in KEYS:
            # Not what stands there: that may be the password.
            raise UsageError(
                f"wifi.txt, line {number}: it must be one of {', '.join(KEYS)}, then ="
            )
        found[key.strip().lower()] = _without_quotes(value.strip())
    if not found:
        return None
    if "name" not in found:
        raise UsageError("wifi.txt: the network's name is missing: name = …")
    hidden = found.get("hidden", "no").lower() in ("yes", "true", "1")
    return WifiNetwork(found["name"], found.get("password", ""), hidden)


def from_code(text: str) -> WifiNetwork:
    """The network in the QR code with which phones share it. Raises UsageError."""
    if (match := CODE.fullmatch(text)) is None:
        raise UsageError("this is no whole Wi-Fi code: it begins with WIFI: and ends with ;;")
    found: dict[str, str] = {}
    for key, value in FIELD.findall(match[1]):
        found.setdefault(key.upper(), _unescaped(value))
    kind = found.get("T", "").upper()
    if "EAP" in kind or kind == "WEP":
        raise UsageError(f"networks with {kind} are not supported, but WPA2, WPA3 and open ones")
    password = "" if kind == "NOPASS" else found.get("P", "")
    if kind not in ("", "NOPASS") and not password:
        raise UsageError("the code has no password in it, though the network needs one")
    return WifiNetwork(found.get("S", ""), password, found.get("H", "").lower() in ("true", "1"))


def supplicant_conf(network: WifiNetwork) -> str:
    """The settings with which wpa_supplicant joins this network, by WPA2 or WPA3, and no other."""
    lines = [
        "# Written by the jukebox when a network was chosen. It has the password: for root alone.",
        "ctrl_interface=DIR=/run/wpa_supplicant",
        "sae_pwe=2",  # WPA3 by both of its ways
        "network={",
        f"    ssid={_bytes(network.name).hex()}",
    ]
    if network.hidden:
        lines.append("    scan_ssid=1")
    return "\n".join([*lines, *(f"    {line}" for line in _keys(network)), "}", ""])


def _keys(network: WifiNetwork) -> list[str]:
    """The lines with name's and password's keys, in digits.

    Not in quotes: wpa_supplicant 2.10 ends a password at a quote that a # follows somewhere, and
    may log what is left of it (findings/wpa-password-ends-at-hash.sh).
    """
    if not network.password:
        return ["key_mgmt=NONE"]
    if READY_KEY.fullmatch(network.password):  # WPA3 needs the password itself
        return ["key_mgmt=WPA-PSK WPA-PSK-SHA256", f"psk={network.password}"]
    name, password = _bytes(network.name), _bytes(network.password)
    made = hashlib.pbkdf2_hmac("sha1", password, name, 4096, 32)  # as IEEE 802.11 has it
    return [
        "key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE",
        "ieee80211w=1",  # protected frames: WPA3 insists on them, old devices do not know them
        f"psk={made.hex()}",
        f"sae_password={password.hex()}",
    ]


def _bytes(text: str) -> bytes:
    """As they are sent; whatever is no text becomes what no network is called."""
    return text.encode(errors="replace")


def _decoded(content: bytes) -> str:
    """The text of a file, as Windows, too, writes it. Raises UsageError."""
    if len(content) > LONGEST_FILE:
        raise UsageError("wifi.txt: this is too large to be a name and a password")
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("wifi.txt: is not UTF-8; save the file in that encoding") from error


def _without_quotes(value: str) -> str:
    """For a name or password that begins or ends with a space."""
    quoted = len(value) >= 2 and value[0] == value[-1] == '"'
    return value[1:-1] if quoted else value


def _unescaped(value: str) -> str:
    """Quotes without a backslash only say that it is no hexadecimal number."""
    if re.fullmatch(r'"(?:[^\\"]|\\.)*"', value, re.DOTALL):
        value = value[1:-1]
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
