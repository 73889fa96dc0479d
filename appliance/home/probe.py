"""`jukebox home test`: the steps on the way to the broker, and why one of them fails."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from appliance.errors import ConfigError, JukeboxError, why_failed
from appliance.home.entities import DISCOVERY, Topics
from appliance.home.places import Access, access_of, topics_of
from appliance.home.session import ANSWER_S, BrokerError, RefusedError, Session
from appliance.settings import Settings


@dataclass(frozen=True, slots=True)
class Step:
    """One step. text: what was found, or what is wrong and what to do."""

    what: str
    good: bool
    text: str


def probe(settings: Settings, environ: Mapping[str, str]) -> Iterator[Step]:
    """The steps, of which the last one may be one that failed."""
    try:
        access = _access(settings, environ)
    except JukeboxError as error:
        yield Step("settings", False, str(error))
        return
    yield Step("settings", True, f"the broker is at {access}; it is told: {settings.home.share}")
    topics = topics_of(settings, environ)
    steps: dict[str, Callable[[], str]] = {
        "name": lambda: _name(access),
        "port": lambda: _port(access),
        "TLS": lambda: _tls(access),
        "password": lambda: asyncio.run(_password(access, topics)),
        "permission": lambda: asyncio.run(_permission(access, topics)),
    }
    for what, step in steps.items():
        try:
            found = step()
        except (BrokerError, OSError, ValueError) as error:  # a name that TLS takes for none
            yield Step(what, False, str(error))
            return
        if found:
            yield Step(what, True, found)


def _access(settings: Settings, environ: Mapping[str, str]) -> Access:
    if not settings.home.address:
        raise ConfigError(
            "home.address is empty; write the host of the broker, such as 192.168.1.5"
        )
    if settings.home.share == "off":
        raise ConfigError('home.share is "off"; write "presence", "mood" or "all"')
    return access_of(settings.home, environ)


def _name(access: Access) -> str:
    if access.is_socket:
        return ""
    try:
        found = socket.getaddrinfo(access.address, access.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if access.address.lower().rstrip(".").endswith(".local"):
            raise BrokerError(
                f"{access.address} was not found by mDNS ({why_failed(error)}): the broker's"
                " machine is off, or a router keeps the question from it; write its address, such"
                " as 192.168.1.5"
            ) from error
        raise BrokerError(
            f"{access.address} is no name that this machine can look up ({why_failed(error)});"
            " write the address of the broker, such as 192.168.1.5"
        ) from error
    return f"{access.address} is {found[0][4][0]}"


def _port(access: Access) -> str:
    try:
        _connection(access).close()
    except TimeoutError as error:
        raise BrokerError(
            f"{access} does not answer: the machine is off, or a firewall is in between"
        ) from error
    except OSError as error:
        raise BrokerError(
            f"at {access} nobody listens ({why_failed(error)}): the broker does not run, or it has"
            " another port (home.port; 1883 is usual, and 8883 with TLS)"
        ) from error
    return f"somebody listens at {access}"


def _connection(access: Access) -> socket.socket:
    if not access.is_socket:
        return socket.create_connection((access.address, access.port), ANSWER_S)
    made = socket.socket(socket.AF_UNIX)
    try:
        made.connect(access.address)
    except OSError:
        made.close()
        raise
    return made


def _tls(access: Access) -> str:
    if not access.tls or access.is_socket:
        return ""
    try:
        context = ssl.create_default_context(cafile=access.authority or None)
    except OSError as error:
        raise BrokerError(f"home.authority cannot be used: {why_failed(error)}") from error
    try:
        with context.wrap_socket(_connection(access), server_hostname=access.address):
            return "the certificate is good"
    except ssl.SSLCertVerificationError as error:
        raise BrokerError(
            f"the certificate is not accepted: {error.verify_message}; home.authority names the"
            " file of who signed it, and home.address must be a name that stands in it"
        ) from error
    except OSError as error:
        raise BrokerError(
            f"this port speaks no TLS ({why_failed(error)}); set home.tls = false, or another port"
        ) from error


async def _password(access: Access, topics: Topics) -> str:
    session = Session(access, f"{topics.node}_test", lambda *_: None)
    try:
        await session.open()
    except RefusedError as error:
        raise BrokerError(
            f"{error}; home.username and the password must be those of a user of the broker"
        ) from error
    except BrokerError as error:
        hint = "" if access.tls else "; perhaps this port wants TLS (home.tls)"
        raise BrokerError(f"{error}{hint}") from error
    finally:
        session.close()
    return "the broker lets this jukebox in"


async def _permission(access: Access, topics: Topics) -> str:
    """A message to each kind of topic must come back. None of them means anything to anybody."""
    came: set[str] = set()
    session = Session(access, f"{topics.node}_test", lambda topic, *_: came.add(topic))
    tried = [topics.of("test"), f"{DISCOVERY}/device/{topics.node}_test/config"]
    try:
        await session.open()
        for topic in (*tried, topics.command("+")):
            if not all(await session.listen([topic])):
                raise BrokerError(f"the broker's rules forbid this user to read {topic}")
        for topic in tried:
            session.send(topic, "")
            if not await session.until(lambda topic=topic: topic in came):  # type: ignore[misc]
                raise BrokerError(f"the broker's rules forbid this user to write to {topic}")
    finally:
        session.close()
    return "this user may read and write what is needed"
