"""An MPD of the jukebox's own, for the demo, the bench and tests; a system MPD is never touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from mpd import MPDClient, MPDError

from appliance.errors import PlayerError, why_failed
from appliance.private_mpd.outputs import choose_output, mpd_plugins, output_blocks, quoted
from appliance.private_mpd.recording import begin_recording, end_recording, recording_file
from appliance.process.signals import interrupt_waits
from appliance.resolver.protocol import answers

START_S = 20.0  # MPD 0.23 listens within 0.2 s; on a busy machine or a slow SD card it took over 5
STOP_S = 1.5  # the demo must have ended two seconds after Ctrl-C
SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path less its closing zero, man 7 unix


class PrivateMpd:
    """A running MPD that plays from the folder `music`; use it in a with statement.

    folder: for its database, state, stored playlists and log; made if missing, kept at the end.
    output: null, alsa, pulse, pipewire, record:FILE.wav, or auto for the first that exists here.
    real_time: False lets a recording run as fast as the machine decodes (for tests). In real time
    it still runs up to 1.5 s (MPD's 64 chunks) ahead of the clock. socket: where it listens;
    log_file: its log.

    Raises PlayerError if MPD is not installed, or if it does not start, with the end of its log.
    MPD ends with the thread that started it, even if that is killed: start it in the main thread.
    """

    def __init__(
        self, folder: Path, music: Path, output: str = "auto", *, real_time: bool = True
    ) -> None:
        self.folder = folder.absolute()
        self.music = music.absolute()
        if output == "auto":
            output = choose_output(mpd_plugins(find_program()), os.environ)
        self.output = output
        self.log_file = self.folder / "mpd.log"
        self._real_time = real_time
        self._short_folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = self.folder / "socket"

    def __enter__(self) -> PrivateMpd:
        """Start MPD and bring its database up to date. Raises PlayerError."""
        (self.folder / "playlists").mkdir(parents=True, exist_ok=True)
        self._place_socket()
        self._check_alone()
        if recording := recording_file(self.output):
            begin_recording(recording)
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop MPD, complete a recording, and remove its socket."""
        self.stop()
        if recording := recording_file(self.output):
            end_recording(recording)
        self.socket.unlink(missing_ok=True)
        if self._short_folder:
            shutil.rmtree(self._short_folder, ignore_errors=True)

    def start(self) -> None:
        """Start MPD and wait until it answers and knows its music, also after stop() or kill().

        Raises PlayerError if it does not start, or if another MPD serves the same folder.
        """
        self._check_alone()
        config = self.folder / "mpd.conf"
        try:
            config.write_text(self._config(), encoding="utf-8")
        except OSError as error:
            raise PlayerError(f"{config} cannot be written: {error.strerror}") from error
        # setpriv: the kernel ends MPD when this process ends, for whatever reason.
        # A session of its own: Ctrl-C reaches only the jukebox, which stops MPD last.
        command = ["setpriv", "--pdeathsig", "TERM", find_program(), "--no-daemon", "--stderr"]
        with self.log_file.open("wb") as log_output, interrupt_waits():
            self._process = process = subprocess.Popen(  # noqa: S603  fixed arguments and own paths
                [*command, str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log_output,
                stderr=log_output,
                start_new_session=True,
            )
        self._wait_until_it_answers(process)
        self._read_music()

    def stop(self) -> None:
        """End MPD with SIGTERM, and with SIGKILL after 1.5 s."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End MPD at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        """The process id of the running MPD. Raises PlayerError if none runs."""
        if self._process is None:
            raise PlayerError("the private MPD is not running")
        return self._process.pid

    def _check_alone(self) -> None:
        if answers(self.socket):
            raise PlayerError(
                f"another MPD already serves {self.socket}; end the jukebox that started it first"
            )

    def _place_socket(self) -> None:
        """Put the socket into the runtime folder if its path would exceed 107 bytes."""
        if len(os.fsencode(self.socket)) > SOCKET_PATH_BYTES:
            parent = os.environ.get("XDG_RUNTIME_DIR")
            parent = parent if parent and os.path.isdir(parent) else None
            self._short_folder = Path(tempfile.mkdtemp(prefix="jukebox-mpd-", dir=parent))
            self.socket = self._short_folder / "socket"

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        give_up = time.monotonic() + START_S
        while not answers(self.socket):
            if process.poll() is not None:
                raise self._failure(f"MPD ended at once with status {process.returncode}")
            if time.monotonic() > give_up:
                self.kill()
                raise self._failure(f"MPD did not open its socket within {START_S:g} s")
            time.sleep(0.02)

    def _read_music(self) -> None:
        """Bring the database up to date, so that folders of songs are known at once."""
        client = MPDClient()
        client.timeout = 60  # a large collection on a slow disk
        client.idletimeout = 60
        try:
            client.connect(str(self.socket))
            client.update()
            while "updating_db" in client.status():
                client.idle("update")
        except (MPDError, OSError) as error:
            raise self._failure(
                f"MPD could not read the music in {self.music}: {why_failed(error)}"
            ) from error
        finally:
            client.disconnect()

    def _failure(self, what: str) -> PlayerError:
        """The error with the last five lines of MPD's log."""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        return PlayerError("; ".join([f"{what}. The end of {self.log_file}", *lines]))

    def _config(self) -> str:
        settings = {
            "music_directory": self.music,
            "playlist_directory": self.folder / "playlists",
            "db_file": self.folder / "database",
            "state_file": self.folder / "state",
            "state_file_interval": 10,  # seconds; a killed demo then resumes where it was
            "sticker_file": self.folder / "stickers",
            "bind_to_address": self.socket,
            "auto_update": "no",
            "zeroconf_enabled": "no",
            "replaygain": "track",  # levels tracks by the R128 gain in their tags
        }
        lines = [f"{key} {quoted(value)}" for key, value in settings.items()]
        return "\n".join(lines + output_blocks(self.output, real_time=self._real_time)) + "\n"


def find_program() -> str:
    """The path of the mpd program. Raises PlayerError if it is not installed."""
    # Debian has it in /usr/bin, some systems in /usr/sbin, which a user's PATH lacks.
    mpd = shutil.which("mpd", path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/sbin")
    if mpd is None:
        raise PlayerError("mpd is not installed; install it with: sudo apt install mpd")
    return mpd
