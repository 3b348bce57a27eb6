import json

import numpy as np
import pytest

from tonewright.errors import UnknownNameError
from tonewright.prompting.briefs.reading import brief_of_text
from tonewright.prompting.generators.base import Generation, Request
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose
from tonewright.prompting.generators.sketch.piece import PIECE, Piece
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.listening.embedding import embed
from tonewright.prompting.rewards.novelty import novelty
from tonewright.prompting.rewards.scoring import score, score_generations
from tonewright.prompting.rewards.terms import geometric_mean
from tonewright.prompting.rewards.weights import COMPONENTS, weights
from tonewright.prompting.words.vocabulary import vocabulary

RATE_HZ = SAMPLE_RATE_HZ
BRIEF = brief_of_text("120 BPM house drum loop, kick, clap and hats, 2 bars")


def loop(seed=0, **values):
    piece = compose("drums", "house", np.random.default_rng(seed)).piece
    unit = piece.unit.copy()
    for name, value in ({"bpm": 120, "drive_db": 0, "swing": 0} | values).items():
        unit[PIECE.index(name)] = PIECE[name].to_unit(value)
    return play(Piece(unit), 4.0, RATE_HZ, seed)


LOOP = loop()
TIME_S = np.arange(4 * RATE_HZ) / RATE_HZ


def test_a_loop_is_better_than_what_only_sounds_like_a_beat():
    rng = np.random.default_rng(0)
    gated = rng.standard_normal(len(TIME_S)) * (TIME_S % 0.5 < 0.1)
    clicks = np.sin(2 * np.pi * 1_000 * TIME_S) * np.exp(-(TIME_S % 0.5) / 0.01)
    attacks = [gated, clicks, rng.standard_normal(len(TIME_S)), np.sin(2 * np.pi * 440 * TIME_S)]
    sounds = np.stack([LOOP, *(np.stack([one, one]).astype(np.float32) for one in attacks)])
    honest, *others = (card.total for card in score(sounds, BRIEF))
    assert honest > max(others) + 0.2


def test_a_change_of_level_moves_nothing():
    first, *others = score(np.stack([LOOP, 0.05 * LOOP, 0.5 * LOOP]), BRIEF)
    for card in others:
        assert card.components == pytest.approx(first.components, abs=1e-4)


def test_the_batch_makes_no_difference():
    sounds = np.stack([loop(1), LOOP, loop(2)])
    assert score(sounds, BRIEF)[1].total == pytest.approx(score(LOOP[None], BRIEF)[0].total, abs=1e-6)


def test_tempo_key_tone_and_elements_are_scored_and_what_is_not_asked_for_is_absent():
    (card,) = score(LOOP[None], BRIEF)
    assert {*card.terms["alignment"]} == {
        "tempo", "pattern", "element kick", "element clap", "element hats",
    }  # fmt: skip
    assert card.terms["alignment"]["tempo"].score > 0.9
    other = brief_of_text("133 BPM house drum loop, kick, clap and hats, 2 bars")
    assert score(LOOP[None], other)[0].terms["alignment"]["tempo"].score < 0.5
    (plain,) = score(LOOP[None], brief_of_text("drum loop"))
    assert "alignment" not in plain.components
    assert "novelty" not in plain.components
    assert sum(plain.weights.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("word", "control", "more"), [("bright", "tilt_db", 8), ("dark", "tilt_db", -8), ("wide", "width", 1.0)]
)
def test_tone_words_ask_for_what_they_say(word, control, more):
    brief = brief_of_text(f"{word} house drum loop")
    plain, asked = (score(loop(0, **{control: value})[None], brief)[0] for value in (0.1, more))
    assert asked.terms["alignment"][f"tone {word}"].score > plain.terms["alignment"][f"tone {word}"].score


def test_novelty_counts_against_what_was_heard():
    before = embed(listen(LOOP[None]))
    same, other = (score(one, BRIEF, before=before)[0] for one in (LOOP[None], loop(5)[None]))
    assert same.components["novelty"] < 0.01
    assert other.components["novelty"] > 0.2


def test_novelty_counts_only_of_what_is_good_and_asked_for():
    sounds = np.repeat(loop(5)[None], 4, axis=0)
    quality, alignment = np.array([1.0, 0.1, 1.0, 0.25]), np.array([np.nan, np.nan, 0.3, 0.25])
    (term,) = novelty(listen(sounds), embed(listen(LOOP[None])), quality, alignment).terms
    full = term.measured / (term.measured + 0.5)
    np.testing.assert_allclose(term.score, full * [1, 0.2, 0.6, 0.25])


def test_references_draw_a_sound_to_them():
    references = embed(listen(np.stack([LOOP, loop(3)])))
    near, far = (score(one[None], BRIEF, references=references)[0] for one in (LOOP, loop(9, tilt_db=-9)))
    assert near.terms["style"]["references"].score > far.terms["style"]["references"].score


def test_faults_and_silence_score_nothing_and_say_why():
    request = Request("a loop")
    silence = np.zeros_like(LOOP)
    cards = score_generations(
        [
            Generation(LOOP, request),
            Generation(silence, request, fault="it gave numbers that are not finite"),
            Generation(silence, request),
        ],
        BRIEF,
    )
    assert cards[0].total > 0.3
    assert [card.total for card in cards[1:]] == [0, 0]
    assert cards[1].fault == "it gave numbers that are not finite"
    assert cards[2].fault == "it is silent"


def test_cards_are_json():
    (card,) = score(LOOP[None], BRIEF)
    told = json.loads(json.dumps(card.fields()))
    assert told["total"] == pytest.approx(card.total, abs=1e-4)
    assert told["components"]["quality"]["terms"]["dc"]["unit"] == "dB"


def test_means_leave_out_what_does_not_apply():
    scores = [np.array([0.25, np.nan, np.nan]), np.array([1.0, 0.5, np.nan])]
    np.testing.assert_allclose(geometric_mean(scores), [0.5, 0.5, np.nan])
    np.testing.assert_allclose(geometric_mean(scores, [1, 3]), [0.25**0.25, 0.5, np.nan])


def test_weights_stand_in_one_table():
    for category in vocabulary().categories:
        row = weights(category)
        assert {*row} == {*COMPONENTS}
        assert sum(row.values()) == pytest.approx(1)
    with pytest.raises(UnknownNameError):
        weights("drum")
