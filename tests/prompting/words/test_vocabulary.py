import json
from importlib.resources import files

import pytest

from tonewright.errors import BriefError, UnknownNameError
from tonewright.prompting import words
from tonewright.prompting.listening.axes import AXES
from tonewright.prompting.words.vocabulary import FILE, parse_vocabulary, vocabulary

TEXT = files(words).joinpath(FILE).read_text("utf-8")


def test_every_axis_is_measured_has_a_source_and_is_asked_for_by_a_word():
    known = vocabulary()
    assert list(known.axes) == list(AXES)
    assert {word.axis for word in known.tone.values()} == set(AXES)
    assert all(axis.source and axis.unit for axis in known.axes.values())
    assert {axis for category in known.categories.values() for axis in category.axes} <= set(AXES)


def test_no_two_tone_words_mean_the_same_and_no_word_means_two_tones():
    known = vocabulary()
    ends = [(word.axis, word.direction) for word in known.tone.values()]
    assert len(set(ends)) == len(ends)
    for word, meanings in known.meanings.items():
        assert len([kind for kind, _ in meanings if kind == "tone"]) <= 1, word
    assert known.tone_word("gleaming").word == "bright"
    with pytest.raises(UnknownNameError, match="did you mean 'bright'"):
        known.tone_word("brigt")


def test_words_of_a_split():
    known = vocabulary()
    for kind, name in {meaning for found in known.meanings.values() for meaning in found}:
        seen, unseen = known.words_for(kind, name, "train"), known.words_for(kind, name, "held-out")
        assert not known.held_out & {*seen}
        assert unseen
        assert {*unseen} <= known.held_out or unseen == seen


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda d: d["tone_words"][0].update(axis="loudness"), "an axis; got 1 of 'loudness'"),
        (lambda d: d["tone_words"][0].update(direction=2), "got 2 of 'brightness' for 'bright'"),
        (lambda d: d["styles"][0].update(category="drum"), "a style belongs to a category; got 'drum'"),
        (lambda d: d["moods"][0].update(tone=["brigt"]), "did you mean 'bright'"),
        (lambda d: d["axes"][0].pop("unit"), "an entry of the vocabulary is damaged"),
        (lambda d: d["categories"][0].update(axes=["brightnes"]), "did you mean 'brightness'"),
        (lambda d: d.pop("moods"), 'needs the field "moods"'),
        (lambda d: d.update(more=[]), 'has no field "more"'),
    ],
)  # fmt: skip
def test_damaged_vocabularies(change, complaint):
    document = json.loads(TEXT)
    change(document)
    with pytest.raises((BriefError, UnknownNameError), match=complaint):
        parse_vocabulary(json.dumps(document))
