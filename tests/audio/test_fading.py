import numpy as np

from tonewright.audio.fading import fade_out_at


def test_a_cut_fades_out_without_a_click() -> None:
    ended = fade_out_at(np.ones((2, 1_600), np.float32), np.array([0.05, 0.1]), 16_000)
    assert ended[0, 639] == 1.0
    np.testing.assert_allclose(np.diff(ended[0, 640:800]), -1 / 159, atol=1e-6)
    assert not ended[0, 800:].any()
    assert (ended[1] == 1.0).all()


def test_it_is_done_in_place() -> None:
    audio = np.ones((1, 800), np.float32)
    assert fade_out_at(audio, np.array([0.02]), 16_000) is audio
    assert not audio[0, 320:].any()


def test_an_end_before_10_ms_fades_from_the_beginning() -> None:
    ended = fade_out_at(np.ones((2, 400), np.float32), np.array([0.0, 0.004]), 16_000)
    for row in ended:
        assert row[0] == 1.0
        np.testing.assert_allclose(np.diff(row[:160]), -1 / 159, atol=1e-6)
        assert not row[160:].any()


def test_a_sound_that_ends_later_stays_whole() -> None:
    audio = np.random.default_rng(0).standard_normal((2, 500)).astype(np.float32)
    before = audio.copy()
    np.testing.assert_array_equal(fade_out_at(audio, np.array([500 / 16_000, 9.0]), 16_000), before)


def test_a_sound_shorter_than_the_fade_fades_out_as_a_whole() -> None:
    ended = fade_out_at(np.ones((1, 100), np.float32), np.array([0.003]), 16_000)
    np.testing.assert_allclose(ended[0], np.linspace(1, 0, 100), atol=1e-6)
