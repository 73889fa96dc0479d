"""Which song comes next in a mood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from appliance.player.left_out import LeftOut
from appliance.player.likes import Likes
from appliance.player.rounds import Round, rounds_of_state
from appliance.player.song_lists import SongLists
from appliance.player.sources import Song
from appliance.player.state import HASH_LENGTH, PlayerStateFile, UnsavedState, song_hash
from appliance.records import Emotion, Play

SONGS_PER_DRAW = 5  # so many are offered to MPD for one decision


class Selection:
    """Draws the songs of the moods at random, none twice before all were heard.

    In such a round a song that people like comes up twice, and one that they skipped in this mood
    comes up only in every second round or less often. A song that they have just skipped comes next
    only if there is no other. A song that failed is left out for a while.

    lists: the songs of each mood. state: keeps the rounds beyond a restart. put_on: what was put on
    last, oldest first, for a state that keeps no rounds.
    """

    def __init__(
        self,
        lists: SongLists,
        random: Random,
        state: PlayerStateFile | None = None,
        put_on: Sequence[Play] = (),
    ) -> None:
        self._lists = lists
        self._state = state or UnsavedState()
        heard = _kept_rounds(self._state.kept.heard) or _rounds_of(put_on)
        self._rounds = {mood: Round(random, heard.get(mood, ())) for mood in Emotion}
        self._just_skipped = (
            ""  # the uri of the song that a person skipped last, until another plays
        )
        self._left_out = LeftOut()

    def draw(self, emotion: Emotion, time_s: float) -> list[Song]:
        """Up to five songs in the order in which to try them; [] if the mood has none now.

        Raises SongsAwaitedError while they are being read.
        """
        songs = self._lists.songs(emotion, time_s)
        weights = self._lists.weights(emotion)
        left_out = self._left_out
        for barred in (left_out.holds, left_out.holds_even_alone):
            drawn = self._rounds[emotion].draw(
                songs,
                lambda uri: Likes.of(uri, weights),
                skipped=self._was_just_skipped,
                barred=_at(barred, time_s),
                most=SONGS_PER_DRAW,
            )
            if drawn:
                break
        return drawn

    def prepare(self, emotion: Emotion | None, time_s: float) -> None:
        """Read songs in the background. emotion: the mood of which one will be due soon, if any."""
        self._lists.prefetch(time_s)
        if emotion is not None:
            self._lists.renew(emotion, time_s)

    def note_changes(self, changes: set[str]) -> None:
        """Note what MPD has reported as changed."""
        self._lists.note_changes(changes)
        if "database" in changes:
            self._left_out.try_again()

    def mark_heard(self, emotion: Emotion, song: Song) -> None:
        """Note that this song was put on."""
        self._rounds[emotion].mark_heard(song.uri)
        kept = {str(mood): round_.kept for mood, round_ in self._rounds.items() if round_.kept}
        self._state.keep(durable=False, heard=kept)
        if not _is_same(song.uri, self._just_skipped):
            self._just_skipped = ""

    def mark_sounding(self, song: Song) -> None:
        """Note that this song can be heard."""
        self._left_out.forgive(song)

    def mark_skipped(self, song: Song) -> None:
        """Note that a person has just skipped this song."""
        self._just_skipped = song.uri

    def leave_out(self, song: Song, reason: str, time_s: float) -> None:
        """Warn that this song cannot be played, and do not draw it for a while."""
        self._left_out.add(song, reason, time_s)

    def _was_just_skipped(self, song: Song) -> bool:
        return _is_same(song.uri, self._just_skipped)


def _at(barred: Callable[[Song, float], bool], time_s: float) -> Callable[[Song], bool]:
    return lambda song: barred(song, time_s)


def _kept_rounds(kept: Mapping[str, object]) -> dict[Emotion, list[str]]:
    """The hashes of the songs heard in each round, from PlayerState.heard."""
    return {
        Emotion(name): hashes
        for name, text in kept.items()
        if name in list(Emotion) and (hashes := rounds_of_state(text, HASH_LENGTH))
    }


def _rounds_of(plays: Sequence[Play]) -> dict[Emotion, list[str]]:
    """The same from what was put on: a song that came again has begun a new round."""
    rounds: dict[Emotion, list[str]] = {}
    for play in plays:
        heard = rounds.setdefault(play.emotion, [])
        if song_hash(play.uri) in heard:
            heard.clear()
        heard.append(song_hash(play.uri))
    return rounds


def _is_same(uri: str, other: str) -> bool:
    """Whether both name one song, perhaps one of them by its whole path."""
    if "" in (uri, other) or uri.startswith("/") == other.startswith("/"):
        return uri == other
    return uri.endswith(f"/{other}") or other.endswith(f"/{uri}")
