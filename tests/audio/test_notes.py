import numpy as np
import pytest

from tonewright.audio.notes import hz_note, note_hz, note_name, parse_note

# Frequencies of the piano's keys in equal temperament, as tables of them print them.
PUBLISHED_HZ = {
    21: 27.5,
    40: 82.4069,
    57: 220.0,
    60: 261.6256,
    61: 277.1826,
    69: 440.0,
    81: 880.0,
    108: 4186.009,
}


@pytest.mark.parametrize(("note", "hz"), PUBLISHED_HZ.items())
def test_frequencies_are_the_published_ones(note, hz):
    assert note_hz(note) == pytest.approx(hz, rel=1e-6)
    assert hz_note(hz) == pytest.approx(note, abs=1e-5)


def test_a4_is_exact():
    assert note_hz(69) == 440.0
    assert hz_note(440.0) == 69.0


def test_notes_and_frequencies_are_inverse():
    notes = np.random.default_rng(0).uniform(-20, 140, (3, 100))
    np.testing.assert_allclose(hz_note(note_hz(notes)), notes, rtol=0, atol=1e-12)
    assert hz_note(note_hz(60.5)) == pytest.approx(60.5, abs=1e-12)
    # A cent is a hundredth of a semitone, a semitone the twelfth root of two.
    np.testing.assert_allclose(note_hz(notes + 0.01) / note_hz(notes), 2 ** (1 / 1200), rtol=1e-12)


def test_arrays_give_arrays_and_numbers_give_numbers():
    assert type(note_hz(60)) is float
    assert type(hz_note(np.float32(440.0))) is float
    for function in (note_hz, hz_note):
        result = function(np.full((2, 3), 60, np.float32))
        assert result.shape == (2, 3)
        assert result.dtype == np.float64
        assert function(np.array(60.0)).shape == ()


@pytest.mark.parametrize(
    ("note", "name"),
    [
        (0, "C-1"),
        (21, "A0"),
        (58, "A♯3"),
        (60, "C4"),
        (69.0, "A4"),
        (127, "G9"),
        (60.12, "C4 + 12 cents"),
        (60.01, "C4 + 1 cent"),
        (59.88, "C4 − 12 cents"),
        (60.004, "C4"),
        (71.6, "C5 − 40 cents"),
    ],
)
def test_notes_have_names(note, name):
    assert note_name(note) == name


@pytest.mark.parametrize("note", range(128))
def test_names_are_read_as_they_are_written(note):
    assert parse_note(note_name(note)) == note


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("C-1", 0),
        ("A0", 21),
        ("Bb2", 46),
        ("bb2", 46),
        ("B2", 47),
        ("b2", 47),
        ("A#3", 58),
        ("a♯3", 58),
        ("B♭3", 58),
        ("Cb4", 59),
        ("C4", 60),
        ("c4", 60),
        ("B#3", 60),
        ("E4", 64),
        ("A4", 69),
        ("G9", 127),
        ("60", 60),
        ("57.25", 57.25),
        ("6e1", 60),
    ],
)
def test_names_and_numbers(text, note):
    assert parse_note(text) == note


@pytest.mark.parametrize("letter", "CDEFGAB")
def test_accidentals_and_octaves(letter):
    natural = parse_note(f"{letter}3")
    assert parse_note(f"{letter}#3") == natural + 1
    assert parse_note(f"{letter}b3") == natural - 1
    assert parse_note(f"{letter}4") == natural + 12


@pytest.mark.parametrize(
    "text", ["", "H4", "C", "#4", "C##4", "C 4", "C4.5", "C10", "C٤", "auto", "middle C"]
)
def test_nonsense(text):
    with pytest.raises(ValueError, match="could not convert"):
        parse_note(text)
