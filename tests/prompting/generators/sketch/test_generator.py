import numpy as np
import pytest

from tonewright.errors import CheckpointError, UsageError
from tonewright.prompting.briefs.library import library
from tonewright.prompting.generators.base import Generator, Request, complete
from tonewright.prompting.generators.registry import generator, names
from tonewright.prompting.generators.sketch.generator import Sketch
from tonewright.prompting.generators.sketch.latents import SIZE, weights
from tonewright.prompting.generators.sketch.sampling import SAMPLERS
from tonewright.prompting.generators.sketch.songbook import Songbook
from tonewright.prompting.generators.sketch.text import LENGTH, NOTHING, UNKNOWN, Reader, learn_words, words
from tonewright.prompting.words.vocabulary import vocabulary


def sounds(made):
    return np.stack([one.samples for one in made])


def test_what_a_request_becomes_depends_on_nothing_but_itself(trained):
    sketch = Sketch(trained)
    assert isinstance(sketch, Generator)
    requests = [Request("techno drum loop", seconds=1.0, seed=seed) for seed in range(3)]
    together = sketch.generate(requests)
    assert all(one.samples.shape == (2, 44_100) for one in together)
    alone = [sketch.generate([one])[0] for one in reversed(requests)][::-1]
    np.testing.assert_array_equal(sounds(together), sounds(alone))
    assert len({one.samples.tobytes() for one in together}) == 3
    assert together[0].request.steps == 32
    assert together[0].evaluations == 64


@pytest.mark.parametrize(
    ("change", "evaluations"),
    [
        ({"steps": 3}, 6),
        ({"cfg_scale": 1.0}, 32),
        ({"sigma_max": 0.5}, 64),
        ({"sigma_min": 0.4}, 64),
        ({"negative_prompt": "ambient drone"}, 64),
        *(({"sampler": name}, 256 if name == "rk4" else 64) for name in SAMPLERS if name != "pingpong"),
    ],
)  # fmt: skip
def test_every_setting_changes_the_piece_and_costs_what_is_told(trained, change, evaluations):
    sketch = Sketch(trained)
    usual, _ = sketch.piece(complete(Request("a"), sketch))
    other, cost = sketch.piece(complete(Request("a", **change), sketch))
    assert cost == evaluations
    assert not np.array_equal(usual.unit, other.unit)


def test_recommended_settings_are_those_of_a_generator(trained):
    sketch = Sketch(trained)
    for preset in library().presets.values():
        asked = preset.settings["sketch"]
        made = complete(Request("a", **asked), sketch)
        assert {name: getattr(made, name) for name in asked} == asked
        for name, others in preset.settings.items():
            assert name in names()
            assert {*others} <= {"steps", "cfg_scale", "sampler"}
            assert (name == "diffusers") == ("sampler" not in others)  # its schedulers are fixed


def test_nothing_is_clamped(trained):
    for change in ({"steps": 0}, {"seconds": 500.0}, {"cfg_scale": 50.0}, {"sampler": "heun"}):
        with pytest.raises(UsageError):
            Sketch(trained).generate([Request("a", **change)])


def test_without_weights_it_says_what_to_do(tmp_path):
    with pytest.raises(CheckpointError, match=r"holds no sketch\.onnx"):
        generator("sketch", tmp_path)
    with pytest.raises(UsageError, match="did you mean 'sketch'"):
        generator("scetch")
    assert "sketch" in names()


def test_a_songbook_is_kept_as_it_was_and_tells_what_fits(songbook, tmp_path):
    book = Songbook.load(songbook)
    assert len(book) == 15
    assert {one.category for one in book.known} == {*vocabulary().categories}
    for known, tones in zip(book.known, book.tones, strict=True):
        axes = {vocabulary().tone[one].axis for one in tones}
        assert len(axes) == len(tones)  # no sound is at both ends of one
        assert not vocabulary().styles[known.style].held_out
    (tmp_path / "broken.npz").write_bytes(b"PK")
    with pytest.raises(CheckpointError, match="make it anew"):
        Songbook.load(tmp_path / "broken.npz")


def test_captions_hold_no_held_out_word(songbook):
    from tonewright.prompting.briefs.reading import words_in
    from tonewright.prompting.generators.sketch.captioning import caption

    book, rng = Songbook.load(songbook), np.random.default_rng(0)
    for row in np.repeat(np.arange(len(book)), 10):
        text = caption(book.known[row], book.tones[row], float(book.seconds[row]), rng)
        assert not {word for _, word in words_in(text)} & vocabulary().held_out, text


def test_texts_are_numbers():
    known = learn_words(["Techno in F# minor, 128 BPM", "techno"], 3)
    assert known[0] == "techno"
    assert words("Lo-fi in F♯ minor, 128.5 BPM!") == ["lo-fi", "in", "tonic:6", "minor", "tempo:128"]
    found = Reader(known)(["techno strange", ""])
    assert found.shape == (2, LENGTH)
    assert found[0, 1] == UNKNOWN
    assert (found[1] == NOTHING).all()
    assert weights().shape == (SIZE,)
    assert weights().mean() == pytest.approx(1)
