import pytest

from tonewright.errors import UnknownNameError
from tonewright.prompting.briefs.making import make_briefs, numbered_briefs
from tonewright.prompting.briefs.reading import brief_of_text, words_in
from tonewright.prompting.words.vocabulary import vocabulary

COUNT = 300


def held_out_words(brief):
    return {word for _, word in words_in(brief.description)} & vocabulary().held_out


@pytest.mark.parametrize("seed", [0, 7])
def test_the_splits_share_no_word_that_is_held_out(seed):
    assert not any(held_out_words(brief) for brief in make_briefs(COUNT, seed=seed, split="train"))
    assert all(held_out_words(brief) for brief in make_briefs(COUNT, seed=seed, split="held-out"))


def test_the_same_seed_gives_the_same_briefs_and_the_first_stay_the_same():
    one, two = make_briefs(40, seed=3), make_briefs(60, seed=3)
    assert one == two[:40]
    assert make_briefs(40, seed=4) != one
    assert numbered_briefs(seed=3)(59) == two[59]
    assert len({brief.description for brief in two}) > 55
    assert [brief.category for brief in two[:5]] == list(vocabulary().categories)


def test_a_brief_is_what_its_words_say():
    for brief in make_briefs(COUNT, seed=1) + make_briefs(COUNT, seed=1, split="held-out"):
        assert brief.target == brief_of_text(brief.description).target
        assert {*brief.target.tone} <= {*vocabulary().tone}


def test_themes_and_categories():
    themes = make_briefs(30, themes=True, categories=["ambient", "sfx"])
    assert {brief.category for brief in themes} == {"ambient", "sfx"}
    moods = {*vocabulary().moods}
    assert all({word for _, word in words_in(brief.description)} & moods for brief in themes)
    with pytest.raises(UnknownNameError, match="did you mean 'drums'"):
        make_briefs(1, categories=["drum"])
    with pytest.raises(UnknownNameError, match="split"):
        make_briefs(1, split="test")
