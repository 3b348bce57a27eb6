import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.errors import UsageError
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Request, complete
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.generator import Sketch
from tonewright.prompting.generators.sketch.latents import encode
from tonewright.prompting.generators.sketch.nearest import nearest_piece, reference_piece
from tonewright.prompting.generators.sketch.piece import CATEGORIES
from tonewright.prompting.generators.sketch.songbook import seconds_of


def sound_of(category, number):
    composed = reference_piece(category, number)
    samples = play(composed.piece, seconds_of(composed), SAMPLE_RATE_HZ, number)
    return composed.piece, Clip(samples, SAMPLE_RATE_HZ)


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_sound_of_a_reference_piece_is_nearest_to_it(category):
    piece, clip = sound_of(category, 5)
    found = nearest_piece(clip)
    timbre = [name for name in piece.values if name not in ("bpm", "tonic", "minor")]
    assert [found.values[name] for name in timbre] == pytest.approx([piece.values[name] for name in timbre])


def test_a_piece_takes_the_tempo_of_the_sound():
    piece, clip = sound_of("drums", 5)
    faster = Clip(clip.samples[:, ::2].copy(), SAMPLE_RATE_HZ // 2)  # the same at half the rate
    assert nearest_piece(faster).values["bpm"] == pytest.approx(piece.values["bpm"], rel=0.03)
    slower = Clip(clip.samples, round(SAMPLE_RATE_HZ * 0.9))
    assert nearest_piece(slower).values["bpm"] == pytest.approx(0.9 * piece.values["bpm"], rel=0.03)


def test_more_noise_leads_farther_from_the_sound(trained):
    sketch = Sketch(trained)
    _, clip = sound_of("phrases", 3)
    begun = encode(nearest_piece(clip).unit[None])

    def apart(level):
        request = complete(Request("a loop", init_audio=clip, init_noise_level=level), sketch)
        piece, _ = sketch.piece(request)
        return float(np.sqrt(((encode(piece.unit[None]) - begun) ** 2).mean()))

    assert apart(0.0) == pytest.approx(0, abs=1e-6)
    assert apart(0.2) < apart(0.5) < apart(0.9)


def test_the_level_of_the_noise_is_filled_in_only_where_there_is_a_sound(trained):
    sketch = Sketch(trained)
    _, clip = sound_of("drums", 1)
    assert complete(Request("a loop"), sketch).init_noise_level is None
    made = sketch.generate([Request("a loop", seconds=1.0, init_audio=clip)])[0]
    assert made.request.init_noise_level == 0.6
    assert made.fault is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"init_audio": Clip(np.zeros((1, 44_100), np.float32), 44_100)}, "no silence"),
        ({"init_audio": Clip(np.ones((1, 100), np.float32), 44_100)}, "0.1 s or more"),
        ({"sigma_max": 0.5}, "leave sigma_max out"),
        ({"init_noise_level": 0.05}, "above sigma_min"),
        ({"init_noise_level": 1.5}, "0 to 1"),
    ],
)
def test_what_nothing_can_begin_from_is_refused(trained, changes, told):
    _, clip = sound_of("drums", 1)
    with pytest.raises(UsageError, match=told):
        Sketch(trained).generate([Request("a loop", **{"init_audio": clip} | changes)])
