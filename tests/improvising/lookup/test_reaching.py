from dataclasses import replace

import numpy as np
import pytest

from tonewright.improvising.lookup.reaching import idle_controls, reach

from .. import settings


def test_silence_and_what_has_no_pitch_are_left_out():
    table = settings.table()
    sounding = (table.params[:, 1] > 0).astype(np.float32)
    found = reach(replace(table, sounding=sounding))
    assert found["loudness_rms_dbfs"] == (-40.0, -10.0)
    assert found["pitch_f0_hz"] == (110.0, 1760.0)


@pytest.mark.parametrize(("control", "name"), list(enumerate(settings.IDENTITY.controls)))
def test_a_control_that_nothing_hears_is_idle(control, name):
    """Both ends of a control, and all between, sound as its middle does, but for chance."""
    table = settings.table()
    assert idle_controls(table) == ()
    middle = table.params.copy()
    middle[:, control] = 0.5
    rows = {point.tobytes(): row for row, point in enumerate(table.params)}
    means = table.means[[rows[point.tobytes()] for point in middle]]
    chance = 1 + 1e-4 * np.random.default_rng(0).standard_normal(means.shape)
    assert idle_controls(replace(table, means=(means * chance).astype(np.float32))) == (name,)
