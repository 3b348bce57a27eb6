import numpy as np

from tonewright.synths import elementary


def test_exp2():
    x = np.linspace(-127, 126, 20_001)
    np.testing.assert_allclose([elementary.exp2(v) for v in x], 2.0**x, rtol=3e-10)


def test_sine_of_cycle():
    x = np.linspace(-0.25, 0.25, 1001)
    np.testing.assert_allclose([elementary.sine_of_cycle(v) for v in x], np.sin(2 * np.pi * x), atol=1e-9)


def test_sine_wave():
    x = np.linspace(0, 50, 5001)
    np.testing.assert_allclose([elementary.sine_wave(v) for v in x], np.sin(2 * np.pi * x), atol=1e-9)
