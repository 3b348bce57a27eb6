import numpy as np
import pytest

from tonewright.errors import GenerationError, UnknownNameError, UsageError
from tonewright.prompting.briefs.reading import brief_of_text
from tonewright.prompting.generators.base import Generation, Request
from tonewright.prompting.rewards.learned.base import LearnedScorer
from tonewright.prompting.rewards.learned.registry import learned_scorers
from tonewright.prompting.rewards.learned.scales import AUDIOBOX_POINTS, CLAP_SIMILARITY
from tonewright.prompting.rewards.scoring import score, score_generations
from tonewright.prompting.rewards.terms import Term


class Level:
    """A scorer that a user may write: louder is better."""

    name = "level"

    def __init__(self, component="quality", term="level", scale=1.0):
        self.component, self.term, self.scale = component, term, scale

    def terms(self, heard, brief):
        level = self.scale * np.abs(heard.samples).mean(axis=(1, 2)).astype(np.float64)
        return [Term(self.term, level, level, "", "how loud it is")]


def test_a_scorer_adds_its_terms_to_its_component_and_nothing_without_it(sounds, brief):
    batch = np.stack([0.2, 1.0])[:, None, None].astype(np.float32) * sounds(1, 2)
    assert isinstance(Level(), LearnedScorer)
    plain, judged = score(batch, brief), score(batch, brief, learned=[Level()])
    for before, after, loud in zip(plain, judged, np.abs(batch).mean(axis=(1, 2)), strict=True):
        assert "level" not in before.terms["quality"]
        assert after.terms["quality"]["level"].score == pytest.approx(loud)
        terms = [term.score for term in after.terms["quality"].values()]
        if min(terms) > 1e-6:
            assert after.components["quality"] < before.components["quality"]
        for same in ("style", "alignment", "technical"):
            assert after.components[same] == before.components[same]
    assert judged[1].total > judged[0].total


def test_a_component_that_has_nothing_else_is_made_of_it(sounds, brief):
    (card,) = score(sounds(1, 2), brief_of_text("drum loop"), learned=[Level("alignment")])
    assert [*card.terms["alignment"]] == ["level"]


def test_scorers_reach_generations_and_leave_faults_alone(sounds, brief):
    (sound,) = sounds(1, 2)
    request = Request("a loop")
    made = [Generation(0 * sound, request, fault="it died"), Generation(sound, request)]
    failed, judged = score_generations(made, brief, learned=[Level()])
    assert failed.fault == "it died"
    assert "level" in judged.terms["quality"]


@pytest.mark.parametrize(
    ("scorer", "error", "complaint"),
    [
        (Level(scale=np.nan), GenerationError, "level gives numbers that are not finite"),
        (Level(scale=1e3), UsageError, r"one number in \[0, 1\] a sound; got .* of 'level' by level"),
        (Level(term="noise"), UsageError, "each term of quality is there once; got two of 'noise'"),
        (Level("qualty"), UnknownNameError, "no component is called 'qualty'; did you mean 'quality'"),
        (Level("novelty"), UnknownNameError, "no component is called 'novelty'"),
    ],
)
def test_scorers_that_make_no_sense(sounds, brief, scorer, error, complaint):
    with pytest.raises(error, match=complaint):
        score(sounds(1, 1), brief, learned=[scorer])


@pytest.mark.parametrize("scale", [CLAP_SIMILARITY, AUDIOBOX_POINTS])
def test_scales_rise_all_the_way(scale):
    scores = scale(scale.middle + np.linspace(-20, 20, 500) / scale.slope)
    assert (np.diff(scores) > 0).all()
    assert 0 < scores.min() < scores.max() < 1
    assert scale(np.array(scale.middle)) == 0.5


def test_scales_are_as_documented():
    np.testing.assert_allclose(CLAP_SIMILARITY(np.array([0, 0.3, 0.5])), [0.08, 0.62, 0.92], atol=0.005)
    np.testing.assert_allclose(AUDIOBOX_POINTS(np.array([3, 8])), [0.08, 0.92], atol=0.005)


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        (["clp"], "no learned scorer is called 'clp'; did you mean 'clap'"),
        (["pam="], "named once, as pam or pam=MODEL; got 'pam='"),
        (["audiobox", "audiobox=x"], "named once, as audiobox or audiobox=MODEL; got 'audiobox=x'"),
    ],
)
def test_names_of_scorers(named, complaint):
    with pytest.raises(UsageError, match=complaint):
        learned_scorers(named)
    assert learned_scorers([]) == []
