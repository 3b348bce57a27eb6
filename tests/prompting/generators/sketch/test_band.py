import numpy as np
import pytest

from tonewright.prompting.briefs.keys import Key
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose
from tonewright.prompting.generators.sketch.latents import SIZE, decode, encode
from tonewright.prompting.generators.sketch.lines import notes, scale_note
from tonewright.prompting.generators.sketch.piece import CATEGORIES, DRUMS, PIECE, Piece
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.listening.axes import measure_axes
from tonewright.prompting.listening.rhythm import steadiness, tempo_fit
from tonewright.prompting.listening.tonality import key_fit, pitch_classes
from tonewright.prompting.words.vocabulary import vocabulary

RATE_HZ = SAMPLE_RATE_HZ
STYLES = [(style.category, style.name) for style in vocabulary().styles.values()]


def piece(category, style, seed=0, **values):
    made = compose(category, style, np.random.default_rng(seed)).piece
    unit = made.unit.copy()
    for name, value in values.items():
        unit[PIECE.index(name)] = PIECE[name].to_unit(value)
    return Piece(unit)


@pytest.mark.parametrize(("category", "style"), STYLES)
def test_every_style_sounds_and_the_same_piece_sounds_the_same(category, style):
    made = piece(category, style)
    sound = play(made, 2.0, RATE_HZ, 1)
    assert sound.shape == (2, 2 * RATE_HZ)
    assert sound.dtype == np.float32
    assert np.abs(sound).max() == pytest.approx(10 ** (-1 / 20), rel=1e-4)
    np.testing.assert_array_equal(play(made, 2.0, RATE_HZ, 1), sound)
    assert made.category == category


@pytest.mark.parametrize("bpm", [90, 120, 147])  # bars of whole samples
def test_drums_keep_their_tempo_and_loops_have_no_seam(bpm):
    made = piece("drums", "techno", bpm=bpm, reverb_mix=0.5, swing=0, width=0.5)
    seconds = 4 * 240 / bpm
    sound = play(made, seconds, RATE_HZ)
    fit, strongest, _ = tempo_fit(listen(sound[None]), bpm)
    assert strongest[0] == pytest.approx(bpm, rel=0.01)
    assert fit[0] > 0.97
    # Bars are alike: what rings at the end goes on at the beginning.
    bar = sound.shape[1] // 4
    first, third = sound[:, :bar], sound[:, 2 * bar : 3 * bar]
    assert np.abs(first - third).max() < 0.02
    nearly = play(made, seconds * 1.02, RATE_HZ)  # played slower, to fit
    assert tempo_fit(listen(nearly[None]), bpm / 1.02)[1][0] == pytest.approx(bpm / 1.02, rel=0.01)
    dry = play(piece("drums", "techno", bpm=bpm, reverb_mix=0, swing=0), seconds, RATE_HZ)
    assert steadiness(listen(dry[None]), bpm)[0] > 0.9


def test_lines_are_in_their_key():
    right = 0
    for seed in range(24):
        made = piece("phrases", "synthwave", seed)
        key = Key(int(made.values["tonic"]), bool(made.values["minor"]))
        sound = play(made, 2 * 240 / made.values["bpm"], RATE_HZ)
        classes = pitch_classes(listen(sound[None]))
        right += key_fit(classes, key)[0] > 0.7
        allowed = {scale_note(key.tonic, key.minor, 4, degree) % 12 for degree in range(7)}
        for line in ("bass", "chords", "melody"):
            if made.gain(line):
                assert {note.midi_note % 12 for note in notes(made, line)} <= allowed
    assert right >= 18


@pytest.mark.parametrize(
    ("control", "low", "high", "axis"),
    [
        ("tilt_db", -9, 9, "brightness"),
        ("width", 0, 1, "width"),
        ("drive_db", 0, 30, "distortion"),
        ("reverb_mix", 0, 1, "reverberance"),
        ("squash_db", 18, 0, "dynamics"),
    ],
)
def test_controls_of_the_room_do_what_they_say(control, low, high, axis):
    base = {"reverb_s": 4.0, "width": 0.5, "drive_db": 0, "squash_db": 0, "reverb_mix": 0.05}
    sounds = [
        play(piece("drums", "hip hop", 3, **base | {control: value}), 4.0, RATE_HZ) for value in (low, high)
    ]
    less, more = measure_axes(listen(np.stack(sounds)))[axis]
    assert more > less + 0.5


def test_latents_hold_pieces_and_any_latent_is_one():
    units = np.stack([piece(category, style).unit for category, style in STYLES])
    found = decode(encode(units))
    np.testing.assert_allclose(found, PIECE.snap(units), atol=1e-5)
    assert encode(units).shape == (len(STYLES), SIZE)
    for latent in 5 * np.random.default_rng(0).standard_normal((8, SIZE)).astype(np.float32):
        sound = play(Piece(decode(latent[None])[0]), 1.0, RATE_HZ)
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() <= 1


def test_drums_are_struck_where_the_pattern_says():
    made = piece("drums", "techno", bpm=120, swing=0, reverb_mix=0)
    unit = made.unit.copy()
    for drum in DRUMS:
        unit[PIECE.index(f"{drum}_level_db")] = 0
    unit[PIECE.index("kick_level_db")] = 1
    sound = play(Piece(unit), 2.0, RATE_HZ)
    onsets = listen(sound[None]).onsets[0] * 256 / RATE_HZ
    np.testing.assert_allclose(onsets, [0, 0.5, 1.0, 1.5], atol=0.015)
    assert CATEGORIES[0] == "drums"


@pytest.mark.parametrize("category", CATEGORIES)
def test_pieces_in_which_nothing_begins_are_silent_and_no_error(category):
    unit = PIECE.defaults()
    unit[PIECE.index("category")] = PIECE["category"].to_unit(CATEGORIES.index(category))
    for name in ("bass_level_db", "melody_level_db", "kick_level_db"):
        unit[PIECE.index(name)] = 1
    sound = play(Piece(unit), 1.0, RATE_HZ)
    assert np.isfinite(sound).all()
    assert sound.any() == (category in ("instruments", "ambient"))
