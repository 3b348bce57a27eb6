import numpy as np
import pytest

from tonewright.prompting.briefs.reading import brief_of_text, pitched, things
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose
from tonewright.prompting.generators.sketch.nearest import reference_piece
from tonewright.prompting.generators.sketch.piece import CATEGORIES, DRUMS
from tonewright.prompting.generators.sketch.songbook import seconds_of
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.rewards.alignment import alignment
from tonewright.prompting.rewards.ear import (
    ELEMENT,
    INPUTS,
    KIND,
    THING,
    Ear,
    ear,
    element_presence,
    kind_presence,
    thing_presence,
)
from tonewright.prompting.words.vocabulary import vocabulary


def test_of_kinds_the_least_sure_network_counts_and_of_the_rest_their_mean():
    inner = np.array([[1.0, -1.0], [0.0, 2.0], [0.5, 0.0]], np.float32)
    outer = np.array([[2.0], [1.0], [-1.0]], np.float32)
    scale = np.array([1.0, 0.0]), np.array([2.0, 1.0])
    made = Ear(("kind a",), *scale, inner[None], outer[None])
    # Scaled to (1, 3): hidden (1.5, 5), logit 7; (far, far) is held at (4, 4); NaN is the middle.
    np.testing.assert_allclose(made(np.array([[3.0, 3.0]])), [[1 / (1 + np.exp(-7.0))]])
    np.testing.assert_allclose(made(np.array([[1e9, 1e9]])), made(np.array([[9.0, 4.0]])))
    np.testing.assert_allclose(made(np.array([[np.nan, np.nan]])), made(np.array([[1.0, 0.0]])))
    pair = np.stack([np.tile(outer, 2), np.tile(outer - 1, 2)])
    both = Ear(("kind a", "element b"), *scale, np.stack([inner, inner]), pair)
    # The second: 1 · 1.5 + 0 · 5 − 2, which is less; the mean of both is 3.25.
    expected = [[1 / (1 + np.exp(0.5)), 1 / (1 + np.exp(-3.25))]]
    np.testing.assert_allclose(both(np.array([[3.0, 3.0]])), expected)


def test_it_tells_every_category_element_and_thing():
    names = {*ear().names}
    assert {KIND + one for one in CATEGORIES} <= names
    assert {ELEMENT + one for one in vocabulary().elements} <= names
    assert {THING + one for one in vocabulary().things} <= names
    assert ear().inner.shape[1] == len(INPUTS) + 1


@pytest.mark.parametrize("category", CATEGORIES)
def test_pieces_are_heard_as_what_they_are(category):
    """Most of twelve, which it was not fitted to, and hardly any as drums that are none."""
    sure, drums = [], []
    for number in range(700, 712):
        composed = reference_piece(category, number)
        heard = listen(play(composed.piece, seconds_of(composed), SAMPLE_RATE_HZ, number)[None])
        sure.append(kind_presence(heard, category)[0])
        drums.append(kind_presence(heard, "drums")[0])
    assert np.mean(np.array(sure) > 0.5) >= 0.7
    if category != "drums":
        assert np.mean(np.array(drums) > 0.5) <= 0.25


def test_an_element_that_nobody_knows_is_absent():
    heard = listen(np.random.default_rng(0).standard_normal((2, 2, 44_100)).astype(np.float32))
    assert np.isnan(element_presence(heard, "theremin")).all()


@pytest.mark.parametrize("category", ["instruments", "sfx"])
def test_things_are_told_from_others_of_their_category(category):
    """On pieces that it was not fitted to; one may pass for a few near it."""
    right, wrong = [], []
    for number in range(800, 848):
        composed = reference_piece(category, number)
        named = composed.nouns if category == "sfx" else (composed.style,)
        if not named or {*composed.elements} & {*DRUMS}:
            continue
        heard = listen(play(composed.piece, seconds_of(composed), SAMPLE_RATE_HZ, number)[None])
        for thing in vocabulary().things_of(category):
            (right if thing in named else wrong).append(thing_presence(heard, thing)[0])
    assert np.mean(np.array(right) > 0.5) >= 0.6
    assert np.mean(np.array(wrong) > 0.5) <= 0.25


def test_the_thing_that_is_named_counts():
    brief = brief_of_text("a piano note, 2 seconds")
    scores = {}
    for style in ("piano", "synth bass"):
        composed = compose("instruments", style, np.random.default_rng(4))
        assert composed.elements == ()
        heard = listen(play(composed.piece, 2.0, SAMPLE_RATE_HZ, 1)[None])
        (term,) = [one for one in alignment(heard, brief).terms if one.name == "thing piano"]
        scores[style] = term.score[0]
    assert scores["piano"] > 0.5 > scores["synth bass"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a warm electric piano note", ("electric piano",)),
        ("a laser zap, falling", ("laser", "zap")),
        ("a sword sound effect", ()),  # what a sword sounds like is no thing that the ear knows
        ("120 BPM piano melody", ()),  # a thing of another category
    ],
)
def test_things_of_a_brief(text, named):
    assert things(brief_of_text(text)) == named


@pytest.mark.parametrize(
    ("text", "has_pitch"),
    [
        ("a piano note, warm", True),
        ("120 BPM bassline", True),
        ("dark drone in D minor", True),
        ("a dark drone", True),
        ("a short beep", True),
        ("a snare drum hit", False),
        ("120 BPM house drum loop", False),
        ("a rising whoosh", False),
        ("laser, falling", False),
    ],
)
def test_what_has_a_pitch(text, has_pitch):
    assert pitched(brief_of_text(text)) is has_pitch
