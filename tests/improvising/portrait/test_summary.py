from dataclasses import replace

import pytest

from tonewright.improvising.portrait.shown import Shown
from tonewright.improvising.portrait.summary import Character, Manner, glance

LOUD = Shown("loudness_rms_dbfs", "Loudness", "dBFS", "level", 3.0)
PITCH = Shown("pitch_f0_hz", "Pitch", "Hz", "octaves", 150.0)
FLAT = Shown("spectral_flatness_db", "Spectral flatness db", "dB", "linear", 5.0)
GOOD = Manner(4, 4, 4, 35.2, 0.3, 60.0, 4, 0.2, 42.0, 0.2)
FOUND = Character({LOUD.column: GOOD}, True, 41.0, 0.05, 0.03, 0.54, 0.66)


def said(shown: Shown = LOUD, manner: Manner = GOOD, **changes: object) -> list[str]:
    return glance([shown], replace(FOUND, manners={shown.column: manner}, **changes))


def test_a_good_agent_in_plain_words() -> None:
    assert said() == [
        "Loudness: it follows quickly, 90 % of the way in 35 ms, does not overshoot and ends where you are.",
        "When you hold a note, it holds still.",
        "When you stop, it is silent 41 ms later.",
        "Its controls are seldom at an end of their range: 3 % of the time.",
        "Recordings that no training saw: it gets a reward of 0.54, and the best that the lookup table "
        "knows, as fast as it may move, 0.66.",
    ]


@pytest.mark.parametrize(
    ("rise_ms", "words"),
    [
        (30.0, "at once"), (30.1, "quickly"), (100.0, "quickly"), (300.0, "with a delay you hear"),
        (301.0, "slowly"),
    ],
)  # fmt: skip
def test_speed(rise_ms: float, words: str) -> None:
    assert f"it follows {words}, 90 %" in said(manner=replace(GOOD, rise_ms=rise_ms))[0]


@pytest.mark.parametrize(
    ("shown", "changes", "words"),
    [
        (LOUD, {"overshoot": 2.13}, "overshoots by 2.1 dB and ends where you are."),
        (LOUD, {"overshoot": 1.0, "off": 1.04}, "does not overshoot and ends 1.0 dB off."),
        (PITCH, {"overshoot": 34.7, "off": 20.0}, "overshoots by 35 cents and ends where you are."),
        (PITCH, {"overshoot": 240.0, "off": 21.0}, "overshoots by 2.4 semitones and ends 21 cents off."),
        (FLAT, {"overshoot": 1.1}, "overshoots by 1.1 dB and ends where you are."),
    ],
)
def test_overshoot_and_error(shown: Shown, changes: dict[str, float], words: str) -> None:
    assert said(shown, replace(GOOD, **changes))[0].endswith(words)


def test_who_follows_some_steps_or_none() -> None:
    assert said(manner=Manner(4, 4, 0, None, None, None, 0, 20.0, None, 0.0))[0] == (
        "Loudness: it does not follow; it goes along with none of the four steps."
    )
    assert said(manner=replace(GOOD, followed=3, settled=3))[0].startswith(
        "Loudness: it goes along with three of the four steps, those quickly, 90 % of the way in 35 ms,"
    )
    assert said(manner=replace(GOOD, settled=3))[0].endswith(
        " After one of the four steps it does not settle."
    )


def test_who_does_not_settle() -> None:
    assert said(manner=replace(GOOD, settled=1, overshoot=4.9, off=2.0))[0] == (
        "Loudness: it follows quickly, 90 % of the way in 35 ms, but does not settle after three of "
        "the four steps and ends 2.0 dB off."
    )


def test_who_has_no_pitch() -> None:
    assert said(PITCH, Manner(4, 1, 0, None, None, None, 0, None, None, None))[0] == (
        "Pitch: it hardly has any of its own; it goes along with none of the four steps."
    )


def test_what_no_step_shows_is_not_spoken_of() -> None:
    assert said(manner=Manner(0, 0, 0, None, None, None, 0, None, None, None))[0].startswith("When you stop")


def test_trembling_and_restlessness() -> None:
    assert said(PITCH, replace(GOOD, trembling=10.0))[1] == "When you hold a note, it holds still."
    assert said(PITCH, replace(GOOD, trembling=11.0), held_travel_per_s=0.36)[1] == (
        "When you hold a note, it trembles: pitch by ±11 cents. Its controls travel 0.36 ranges a second "
        "meanwhile."
    )


def test_stopping() -> None:
    assert said(silenced_ms=12.0)[2] == "When you stop, it is silent at once."
    assert said(silenced_ms=None)[2] == "When you stop, it goes on: it does not get silent within a second."
    assert not any("stop" in text for text in said(rests=False))


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.05, "seldom at an end of their range: 5 % of the time."),
        (0.051, "at times at an end of their range: 5.1 % of the time."),
        (
            0.25,
            "often at an end of their range: 25 % of the time. Either the best is there, or what is "
            "played lies beyond it.",
        ),
    ],
)  # fmt: skip
def test_ends_of_the_range(share: float, words: str) -> None:
    assert said(rails_share=share)[3].endswith(words)


def test_recordings_beside_the_oracle() -> None:
    assert said(reward=0.63)[-1].endswith("0.66; it is as near as can be.")
    assert not any("Recordings" in text for text in said(reward=None, oracle_reward=None))
