"""Small parts of the player: standing still, refusals, what was kept; no MPD is needed."""

import logging

import pytest
from mpd import CommandError

from appliance.player.refusals import Refusals
from appliance.player.standstill import Standstill
from appliance.player.state import PlayerState, kept_charge

PLAYS = {"state": "play", "songid": "1", "elapsed": "7.5"}


def lasts(*statuses, every_s=5.0):
    standstill = Standstill()
    return [
        standstill.lasts_s(status, 100.0 + number * every_s)
        for number, status in enumerate(statuses)
    ]


@pytest.mark.parametrize(
    ("statuses", "seconds"),
    [
        ([PLAYS] * 4, [0, 5, 10, 15]),
        ([PLAYS, PLAYS, PLAYS | {"elapsed": "7.6"}, PLAYS | {"elapsed": "7.6"}], [0, 5, 0, 5]),
        ([PLAYS, PLAYS, PLAYS | {"songid": "2"}], [0, 5, 0]),
        ([PLAYS, PLAYS | {"state": "pause"}, PLAYS, PLAYS], [0, 0, 0, 5]),
        ([PLAYS, {"state": "stop"}, {"state": "play"}], [0, 0, 0]),
        # MPD has not opened it yet.
        ([{"state": "play", "songid": "1"}] * 3, [0, 5, 10]),
    ],
)
def test_music_stands_still_while_it_plays_and_its_position_does_not_move(statuses, seconds):
    assert lasts(*statuses) == seconds


def test_a_drive_that_does_not_answer_is_one_line_until_music_comes_again(caplog):
    standstill, moved = Standstill(), PLAYS | {"songid": "3", "elapsed": "8.0"}
    for status in (PLAYS, PLAYS | {"songid": "2"}, PLAYS | {"songid": "3"}, moved):
        standstill.lasts_s(status, 100.0)
        standstill.warn(f"{status['songid']}.ogg")
    assert [line.split()[0] for line in caplog.messages] == ["1.ogg", "3.ogg"]


def test_each_refusal_is_said_once(caplog):
    refusals = Refusals()
    for text in ("[4@0] {setvol} no", "[4@0] {setvol} no", "[4@0] {pause} no"):
        with refusals.survived("it stays"):
            raise CommandError(text)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert caplog.messages[0] == "MPD refuses: [4@0] {setvol} no; it stays"


@pytest.mark.parametrize(
    ("kept", "charge"),
    [
        ({}, "jukebox"),
        ({"charge": "chosen"}, "chosen"),
        ({"charge": "stopped", "stopped": True}, "stopped"),
        ({"charge": "cleared", "stopped": True, "cleared": True}, "cleared"),
        ({"charge": "resting", "paused": "a.ogg"}, "resting"),
        # An earlier version, which knows no charge, has seen somebody stop it, or has paused it.
        ({"stopped": True}, "stopped"),
        ({"stopped": True, "cleared": True}, "cleared"),
        ({"charge": "chosen", "stopped": True}, "stopped"),
        ({"paused": "a.ogg"}, "resting"),
        ({"charge": "chosen", "paused": "a.ogg"}, "resting"),
        # It has seen music since.
        ({"charge": "stopped"}, "jukebox"),
        ({"charge": "cleared"}, "jukebox"),
        ({"charge": "resting"}, "jukebox"),
    ],
)
def test_whose_doing_it_was_is_known_also_from_the_file_of_an_earlier_version(kept, charge):
    assert kept_charge(PlayerState(**kept)) == charge
