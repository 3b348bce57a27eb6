import numpy as np
import pytest

from tonewright.prompting.briefs.keys import Key
from tonewright.prompting.briefs.reading import asked, words_in
from tonewright.prompting.generators.sketch.captioning import Known, caption, fitting_tones, norms_of
from tonewright.prompting.words.vocabulary import vocabulary


def captions(known, tones=("bright",), count=60):
    rng = np.random.default_rng(0)
    return [caption(known, tones, 4.0, rng) for _ in range(count)]


def test_what_is_told_is_true():
    known = Known("phrases", "jazz", ("melody",), "riff", 117.4, Key(10, True))
    for text in captions(known):
        found = asked(text)
        assert found.bpm in (None, 117)
        assert found.key in (None, "A# minor")
        assert {*found.tone} <= {"bright"} | {t for m in found.moods for t in vocabulary().moods[m].tone}
        assert "riff" in text
    told = [asked(text) for text in captions(known)]
    assert sum(one.bpm is not None for one in told) > 40
    assert sum(one.key is not None for one in told) > 40


def test_no_word_is_held_out():
    for category, style in (("drums", "house"), ("sfx", "robot"), ("ambient", "cave")):
        for text in captions(Known(category, style, (), None, 120, Key(0, False)), ("dark", "wide")):
            assert not {word for _, word in words_in(text)} & vocabulary().held_out


def test_a_hit_of_a_drum_is_of_no_instrument_and_in_no_key():
    for text in captions(Known("instruments", "piano", ("snare",), None, 120, Key(2, True))):
        found = asked(text)
        assert "piano" not in text
        assert found.key is None
        assert found.elements in ([], ["snare"])


def test_tone_words_are_mostly_those_that_are_asked_of_a_category():
    """Nobody asks how busy a texture is, but some will."""
    known = Known("ambient", "cave", (), None, 120, Key(0, False))
    told = [
        one for text in captions(known, ("busy", "dark", "wide", "noisy"), 400) for one in asked(text).tone
    ]
    assert 0 < told.count("busy") < 0.3 * told.count("dark")


def test_what_is_no_thing_is_called_by_none():
    """A steady effect is no riser: whoever asks for one would hear it."""
    things = {*vocabulary().things_of("sfx")}
    for text in captions(Known("sfx", "machine", (), None, 120, Key(0, False))):
        assert not {word for _, word in words_in(text)} & things
        assert "effect" in text


@pytest.mark.parametrize(("value", "expected"), [(-3.0, "dark"), (0.0, None), (3.0, "bright")])
def test_tone_words_fit_the_ends_of_an_axis(value, expected):
    spread = {name: np.linspace(-1, 1, 101) for name in vocabulary().axes}
    found = fitting_tones(dict.fromkeys(spread, 0.0) | {"brightness": value}, norms_of(spread))
    assert found == ([] if expected is None else [expected])
