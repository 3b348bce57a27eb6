import numpy as np
import pytest

from tonewright.errors import UnknownNameError
from tonewright.matching.agent.curriculum import Promotion, stage, stages
from tonewright.synths import synth

SYNTH = synth("serum-lite", 16_000)


def test_each_stage_adds_modules_until_everything_is_exposed() -> None:
    curriculum = stages(SYNTH)
    assert [each.name for each in curriculum] == ["oscillators", "filter", "envelopes", "lfo"]
    exposed = [int(each.exposed(SYNTH).sum()) for each in curriculum]
    assert exposed == [10, 13, 21, 24]
    assert stage(SYNTH, None) == curriculum[-1]


def test_a_synth_without_stages_opens_its_modules_one_by_one() -> None:
    class Plain:
        controls = SYNTH.controls

    names = [each.name for each in stages(Plain())]
    assert names == list(SYNTH.controls.groups)
    counts = [int(each.exposed(SYNTH).sum()) for each in stages(Plain())]
    assert counts == np.cumsum([len(group) for group in SYNTH.controls.groups.values()]).tolist()


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="stage"):
        stage(SYNTH, "filters")


def test_promotion_needs_success_in_a_row() -> None:
    promotion = Promotion(success=0.6, evaluations=2, patience=10)
    assert [promotion(share) for share in (0.7, 0.5, 0.6, 0.9)] == [False, False, False, True]
    assert not promotion(0.9)  # counted anew in the next stage


def test_a_stage_that_is_never_learned_is_left_at_last() -> None:
    promotion = Promotion(success=0.9, evaluations=1, patience=3)
    assert [promotion(0.1) for _ in range(4)] == [False, False, True, False]
