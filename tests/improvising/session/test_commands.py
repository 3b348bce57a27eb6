import json
import re

import pytest

from tonewright.errors import ScoreError, UnknownNameError, UsageError
from tonewright.improvising.session.commands import COMMANDS, Command, Timed, read_score


def score(tmp_path, *commands, **head):
    document = {"format": "tonewright-play-score", "format_version": 1, "commands": list(commands), **head}
    path = tmp_path / "score.json"
    path.write_text(json.dumps(document))
    return path


def test_a_score_is_read_in_the_order_of_time(tmp_path):
    path = score(
        tmp_path,
        {"at_s": 60, "do": "panic"},
        {"at_s": 12.5, "do": "stance", "value": "lead"},
        {"at_s": 0, "do": "remember", "value": "the bridge"},
    )
    assert read_score(path) == (
        Timed(0.0, Command("remember", "the bridge")),
        Timed(12.5, Command("stance", "lead")),
        Timed(60.0, Command("panic")),
    )


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ({"at_s": 1, "do": "painc"}, "no command is called 'painc'; did you mean 'panic'?"),
        (
            {"at_s": 1, "do": "stance", "value": "folow"},
            "no stance is called 'folow'; did you mean 'follow'?",
        ),
        ({"at_s": -1, "do": "panic"}, "at_s is a number from 0; got -1"),
        ({"at_s": 1, "do": "dial", "value": 2}, "a dial is a number from 0 to 1; got 2"),
        ({"at_s": 1, "do": "mute", "value": "yes"}, "a switch is on (1, true) or off (0, false); got 'yes'"),
        ({"at_s": 1, "do": "panic", "value": 1}, "this command takes no value; got 1"),
        ({"at_s": 1, "do": "back", "value": ""}, "a moment has a name of 1 to 64 characters"),
        ({"do": "panic"}, "a command has at_s, do and, where it takes one, value"),
        ({"at_s": 1, "do": "panic", "why": "x"}, "a command has at_s, do"),
        ("panic", "a command has at_s, do"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(tmp_path, command, told):
    path = score(tmp_path, {"at_s": 0, "do": "go"}, command)
    with pytest.raises(ScoreError, match=re.escape(f"command 2 of {str(path)!r}: {told}")):
        read_score(path)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("lead at 12")
    with pytest.raises(ScoreError):
        read_score(tmp_path / "notes.txt")
    with pytest.raises(ScoreError, match="this is a preset, no play-score"):
        read_score(score(tmp_path, format="tonewright-preset"))


def test_every_command_checks_what_it_takes():
    good = {"stance": "lead", "dial": 0.5, "freeze": True, "mute": 0, "away": 1, "panic": None, "go": None}
    for name in COMMANDS:
        assert Command(name, good.get(name, "a")).do == name
        with pytest.raises(UsageError):
            Command(name, "x" * 65)
    with pytest.raises(UnknownNameError):
        Command("stop")
