import pytest

from tonewright.audio.notes import note_hz, note_name, parse_note


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


@pytest.mark.parametrize(
    ("note", "name"),
    [
        (60, "C4"),
        (48.12, "C3 + 12 cents"),
        (59.99, "C4 − 1 cent"),
        (0, "C-1"),
    ],
)
def test_notes_by_name(note, name):
    assert note_name(note) == name


def test_note_frequency():
    assert note_hz(69) == 440.0
    assert note_hz(60) == pytest.approx(261.6256, abs=1e-4)
