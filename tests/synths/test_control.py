import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonewright.errors import PresetError, UnknownNameError, UsageError
from tonewright.synths import Control, ControlSpace

LINEAR = Control("detune_cents", "oscs", -50, 50, 0, "linear", "cents", "tuning")
LOG = Control("cutoff_hz", "filter", 30, 20_000, 1_000, "log", "Hz", "cutoff")
STEPS = Control("semitones", "osc", -12, 12, 0, "integer", "semitones", "transposition")
LEVEL = Control("level", "osc", 0.0, 1.0, 0.5, meaning="level")
FADER = Control("fader", "osc", 0.0, 4.0, 1.0, "quadratic", meaning="a fader that comes down to nothing")
MORPH = Control("morph", "osc", 0.0, 1.0, 0.0, landmarks=((0.0, "sine"), (0.5, "saw"), (1.0, "square")))
SPACE = ControlSpace((LINEAR, LOG, STEPS, LEVEL))
CURVES = (*SPACE, FADER)
VALUES = {"detune_cents": 10.0, "cutoff_hz": 440.0, "semitones": -7, "level": 0.25}

units = st.floats(0, 1, width=32)


class TestCurves:
    def test_linear(self):
        np.testing.assert_allclose(LINEAR.to_physical([0, 0.25, 1]), [-50, -25, 50])

    def test_log_has_equal_ratios(self):
        np.testing.assert_allclose(LOG.to_physical([0, 0.5, 1]), [30, np.sqrt(30 * 20_000), 20_000])

    def test_quadratic(self):
        np.testing.assert_allclose(FADER.to_physical([0, 0.25, 0.5, 1]), [0, 0.25, 1, 4])
        np.testing.assert_allclose(FADER.to_unit([0, 0.25, 1, 4]), [0, 0.25, 0.5, 1])
        offset = Control("offset", "osc", -1, 3, 0, "quadratic")
        np.testing.assert_allclose(offset.to_physical([0, 0.5, 1]), [-1, 0, 3])
        np.testing.assert_allclose(offset.to_unit([-1, 0, 3]), [0, 0.5, 1])

    def test_integer_bins_are_equally_wide(self):
        values = STEPS.to_physical((np.arange(25_000) + 0.5) / 25_000)
        steps, counts = np.unique(values, return_counts=True)
        np.testing.assert_array_equal(steps, np.arange(-12, 13))
        assert (counts == 1000).all()
        assert STEPS.steps == 25
        assert LINEAR.steps == 0

    def test_values_outside_are_taken_as_the_nearer_end(self):
        for control in CURVES:
            assert control.to_physical([-3, 7]).tolist() == [control.low, control.high]

    @pytest.mark.parametrize("control", CURVES, ids=lambda control: control.name)
    @given(unit=units)
    def test_inverse_and_bounds(self, control, unit):
        physical = float(control.to_physical(unit))
        assert control.low <= physical <= control.high
        back = float(control.to_unit(physical))
        assert 0 <= np.float32(back) <= 1
        if control.curve == "integer":
            assert abs(back - unit) <= 0.5 / control.steps + 1e-9
            assert control.to_physical(back) == physical
        else:
            assert back == pytest.approx(unit, abs=1e-7)

    @pytest.mark.parametrize("control", CURVES, ids=lambda control: control.name)
    def test_monotone(self, control):
        assert (np.diff(control.to_physical(np.linspace(0, 1, 1001))) >= 0).all()

    @pytest.mark.parametrize("control", CURVES, ids=lambda control: control.name)
    def test_ends(self, control):
        assert control.to_physical([0, 1]).tolist() == [control.low, control.high]


@pytest.mark.parametrize(
    "arguments",
    [
        ("x", "g", 1, 1, 1),
        ("x", "g", 2, 1, 1.5),
        ("x", "g", 0, 1, 2),
        ("x", "g", 0, 1, float("nan")),
        ("x", "g", 0, 1, 0.5, "log"),
        ("x", "g", -1, 1, 0.5, "log"),
    ],
)
def test_a_control_that_makes_no_sense_is_refused(arguments):
    with pytest.raises(UsageError, match=r"^x: "):
        Control(*arguments)


@pytest.mark.parametrize(
    ("control", "value", "words"),
    [
        (LOG, 440, "440 Hz"),
        (LOG, 999.7, "1 kHz"),
        (LOG, 1234, "1.23 kHz"),
        (LOG, 20_000, "20 kHz"),
        (Control("a_s", "g", 0.001, 4, 1, "log", "s"), 0.0333, "33.3 ms"),
        (Control("a_s", "g", 0.001, 4, 1, "log", "s"), 0.9996, "1 s"),
        (Control("a_s", "g", 0.001, 4, 1, "log", "s"), 2.5, "2.5 s"),
        (STEPS, 0, "0 semitones"),
        (STEPS, -1, "-1 semitone"),
        (STEPS, 12, "+12 semitones"),
        (LINEAR, 12.345, "+12.3 cents"),
        (LINEAR, -1e-6, "0 cents"),
        (LEVEL, 0.25, "25%"),
        (Control("q", "g", 0.5, 16, 1), 3.14159, "3.14"),
        (MORPH, 0.0, "sine"),
        (MORPH, 0.2, "sine 60%, saw 40%"),
        (MORPH, 0.499, "saw"),
        (MORPH, 0.501, "saw"),
        (MORPH, 1.0, "square"),
    ],
)
def test_values_in_words(control, value, words):
    assert control.describe(value) == words


class TestCheck:
    @pytest.mark.parametrize("value", [-12, 12, 3.0, np.int64(4), np.float32(5)])
    def test_takes(self, value):
        assert STEPS.check(value) == float(value)

    @pytest.mark.parametrize(
        ("value", "rule"),
        [
            (13, "lies between -12 and 12; got 13"),
            (float("nan"), "lies between -12 and 12; got nan"),
            (float("inf"), "lies between"),
            (10**400, "lies between"),
            (0.5, "is a whole number; got 0.5"),
            (True, "is a number; got True"),
            ("3", "is a number; got 3"),
            (None, "is a number; got None"),
            ([1], r"is a number; got \[1\]"),
        ],
    )
    def test_refuses(self, value, rule):
        with pytest.raises(PresetError, match=f"^semitones {rule}"):
            STEPS.check(value)

    def test_messages_stay_short(self):
        with pytest.raises(PresetError) as caught:
            STEPS.check("x\n" * 100_000)
        assert len(str(caught.value)) < 150
        assert "\n" not in str(caught.value)


class TestSpace:
    def test_order_names_and_groups(self):
        assert SPACE.names == ["detune_cents", "cutoff_hz", "semitones", "level"]
        assert list(SPACE) == [LINEAR, LOG, STEPS, LEVEL]
        assert len(SPACE) == 4
        assert SPACE.groups == {"oscs": [LINEAR], "filter": [LOG], "osc": [STEPS, LEVEL]}
        assert SPACE["cutoff_hz"] is LOG
        assert SPACE.index("semitones") == 2

    def test_two_controls_of_one_name_are_refused(self):
        with pytest.raises(UsageError, match="share a name"):
            ControlSpace((LINEAR, LINEAR))

    def test_unknown_name(self):
        with pytest.raises(UnknownNameError, match="did you mean 'cutoff_hz'"):
            SPACE.index("cutof_hz")

    def test_defaults(self):
        assert SPACE.to_values(SPACE.defaults()) == pytest.approx(
            {"detune_cents": 0.0, "cutoff_hz": 1000.0, "semitones": 0, "level": 0.5}, rel=1e-5
        )

    def test_sampling_is_uniform_seeded_and_float32(self):
        drawn = SPACE.sample(np.random.default_rng(1), 4000)
        assert drawn.shape == (4000, 4)
        assert drawn.dtype == np.float32
        np.testing.assert_allclose(drawn.mean(0), 0.5, atol=0.02)
        np.testing.assert_allclose(drawn.var(0), 1 / 12, atol=0.005)
        np.testing.assert_array_equal(drawn, SPACE.sample(np.random.default_rng(1), 4000))

    def test_one_is_sampled_if_no_number_is_given(self):
        drawn = SPACE.sample(np.random.default_rng(1))
        np.testing.assert_array_equal(drawn, SPACE.sample(np.random.default_rng(1), 1))
        assert drawn.shape == (1, 4)

    @pytest.mark.parametrize("rng", [0, None, np.random, np.random.RandomState(0)])
    def test_sampling_needs_a_generator(self, rng):
        with pytest.raises(UsageError, match=r"np\.random\.default_rng\(0\) for one; got "):
            SPACE.sample(rng)

    def test_values_to_unit_and_back(self):
        params = SPACE.to_unit(VALUES)
        assert params.shape == (4,)
        assert params.dtype == np.float32
        back = SPACE.to_values(params)
        assert back == pytest.approx(VALUES, rel=1e-6)
        assert isinstance(back["semitones"], int)
        assert json.loads(json.dumps(back)) == back

    def test_physical_values_of_any_leading_axes(self):
        params = np.random.default_rng(0).random((3, 5, 4))
        physical = SPACE.to_physical(params)
        assert physical.shape == (3, 5, 4)
        np.testing.assert_array_equal(physical[1, 2], SPACE.to_physical(params[1, 2]))

    @pytest.mark.parametrize("params", [np.zeros(3), np.zeros((1, 4)), [0, 0, 0, np.nan]])
    def test_values_of_nonsense_are_refused(self, params):
        with pytest.raises(UsageError, match=r"one preset is \[4\] finite numbers"):
            SPACE.to_values(params)

    def test_snap_moves_integers_to_the_middle_of_their_bin_and_clips(self):
        snapped = SPACE.snap([[1.5, -0.5, 0.51, 0.3], [0.1, 0.2, 0.0, 1.0]])
        np.testing.assert_allclose(snapped, [[1, 0, 0.5, 0.3], [0.1, 0.2, 0.02, 1.0]], atol=1e-7)
        np.testing.assert_array_equal(SPACE.snap(snapped), snapped)

    def test_snap_leaves_its_input_alone(self):
        params = np.full((2, 4), 0.51, np.float32)
        SPACE.snap(params)
        assert (params == np.float32(0.51)).all()

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"cutof_hz": 1.0}, "no control is called 'cutof_hz'; did you mean 'cutoff_hz'"),
            ({"cutoff_hz": 29.9}, "cutoff_hz lies between 30 and 20000; got 29.9"),
            ({"semitones": 0.5}, "semitones is a whole number; got 0.5"),
        ],
    )
    def test_values_that_do_not_fit(self, change, message):
        with pytest.raises(PresetError, match=message):
            SPACE.to_unit({**VALUES, **change})

    @pytest.mark.parametrize("name", list(VALUES))
    def test_a_missing_value(self, name):
        rest = {key: value for key, value in VALUES.items() if key != name}
        with pytest.raises(PresetError, match=f"control {name} is missing; a preset sets all 4"):
            SPACE.check(rest)

    def test_schema_states_types_and_bounds(self):
        schema = SPACE.schema()
        assert schema["required"] == SPACE.names
        assert schema["additionalProperties"] is False
        assert schema["properties"]["semitones"] == {
            "type": "integer",
            "minimum": -12,
            "maximum": 12,
            "default": 0,
            "description": "transposition [semitones]",
        }
        fader = ControlSpace((FADER,)).schema()["properties"]["fader"]
        assert (fader["type"], fader["minimum"], fader["maximum"]) == ("number", 0.0, 4.0)
