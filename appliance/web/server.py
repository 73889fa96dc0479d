"""The page as a process: it serves until it is told to stop, whatever else is away."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import uvicorn

from appliance.admin.answers import Administration
from appliance.errors import ConfigError
from appliance.player.watched_mpd import Mpd
from appliance.process.notify import Notifier
from appliance.process.release import this_version
from appliance.remote.control_places import control_sockets
from appliance.remote.jukebox import Jukebox
from appliance.settings import Settings
from appliance.web.app import make_app
from appliance.web.connections import BoundedProtocol
from appliance.web.devices import Devices
from appliance.web.page import Page
from appliance.web.pairing import Pairing
from appliance.web.pairing_socket import PairingSocket
from appliance.web.places import addresses, devices_file
from appliance.web.view import House

log = logging.getLogger("jukebox")

Announce = Callable[[Page, list[str]], None]

# Streams end at once when they are told to; this is for a browser that does not take its answer.
GRACE_S = 2


def serve(
    settings: Settings,
    environ: Mapping[str, str],
    sockets: Sequence[socket.socket],
    pair_socket: socket.socket | None,
    *,
    administration: Administration,
    announce: Announce = lambda _page, _links: None,
) -> None:
    """Serves the page at the sockets until SIGTERM or SIGINT.

    pair_socket: where `jukebox pair` asks. administration: changes this machine for the page.
    announce: called once, before the first request.
    """
    page = _page(settings, environ, administration)
    asyncio.run(_serve(page, settings, sockets, pair_socket, announce))


def _page(settings: Settings, environ: Mapping[str, str], administration: Administration) -> Page:
    devices = Devices(devices_file(settings, environ))
    page = Page(House(), devices, Pairing(), is_open=settings.web.open != "none")
    page.jukebox = Jukebox(
        control_sockets(settings, environ),
        page.take_in_jukebox,
        lambda event: page.take_in_event(event["event"]),
    )
    page.mpd = Mpd(settings.mpd, page.take_in_mpd)
    page.administration = administration
    return page


async def _serve(
    page: Page,
    settings: Settings,
    sockets: Sequence[socket.socket],
    pair_socket: socket.socket | None,
    announce: Announce,
) -> None:
    ports = [listener.getsockname()[1] for listener in sockets]
    port = 80 if 80 in ports else ports[0]
    links = addresses(port, settings.web)
    server = _Server(uvicorn.Config(
        make_app(page, settings.web), http=BoundedProtocol, ws="none", loop="asyncio",
        lifespan="off", log_config=None, access_log=False, server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=settings.web.certificate or None,
    ), page)  # fmt: skip
    doing = [asyncio.create_task(task) for task in (page.jukebox.run(), page.mpd.run())]
    door = PairingSocket(page, links, this_version())
    notifier = Notifier()
    try:
        _read_certificate(server.config)
        await door.open(pair_socket)
        announce(page, links)
        notifier.ready()
        notifier.status(f"the page is at {', '.join(links)}")
        log.info("the page is at %s", " and ".join(links))
        await server.serve(list(sockets))
        notifier.stopping()
    finally:
        await door.close()
        for task in doing:
            task.cancel()
        await asyncio.gather(*doing, return_exceptions=True)


def _read_certificate(config: uvicorn.Config) -> None:
    """Makes the server ready. Raises ConfigError if the owner's certificate cannot be used."""
    try:
        config.load()
    except OSError as error:  # an SSLError is one, too
        raise ConfigError(
            f"web.certificate is {config.ssl_certfile}, which cannot be used:"
            f" {error.strerror or error}; it must be a .pem file with a certificate and its key"
        ) from error


class _Server(uvicorn.Server):
    """Ends by SIGTERM or SIGINT with exit 0, and ends its streams first."""

    def __init__(self, config: uvicorn.Config, page: Page) -> None:
        super().__init__(config)
        self._page = page

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends at a signal; the way of uvicorn would raise it once more at the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with suppress(RuntimeError, ValueError):  # not the main thread, as in tests
                loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True
        self._page.streams.end()
