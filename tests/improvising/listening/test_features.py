import pytest

from tonewright.errors import UnknownNameError, UsageError
from tonewright.improvising.listening.features import Features, choose, descriptors_of

HELD = ("loudness_rms", "loudness_true_peak", "pitch_f0", "pitch_confidence", "mfcc")
LOUDNESS = ("loudness_rms_dbfs", "loudness_true_peak_dbtp")


def chosen(*names, weights=()):
    features = choose(names, HELD, what="features_keep", weights=weights)
    return dict(zip(features.columns, features.weights, strict=True))


def test_descriptors_categories_and_columns_are_names_of_features():
    assert chosen("loudness_rms") == {"loudness_rms_dbfs": 1.0}
    assert chosen("loudness") == dict.fromkeys(LOUDNESS, 0.5)
    assert chosen("mfcc_03") == {"mfcc_03": 1.0}
    assert len(chosen("all")) == 17


def test_a_name_counts_as_much_however_many_columns_it_has():
    weights = chosen("loudness_rms", "mfcc")
    assert weights["loudness_rms_dbfs"] == 1.0
    assert sum(weights[f"mfcc_{i:02d}"] for i in range(1, 14)) == pytest.approx(1.0)


def test_weights_are_those_of_the_names():
    assert chosen("pitch", "loudness_rms", weights=(3.0, 0.5)) == {
        "loudness_rms_dbfs": 0.5,
        "pitch_f0_hz": 1.5,
        "pitch_confidence": 1.5,
    }


@pytest.mark.parametrize(
    "names",
    [
        ("loudness", "loudness_rms"),
        ("loudness_true_peak_dbtp", "loudness"),
        ("loudness_rms", "loudness", "loudness_rms_dbfs"),
    ],
)
def test_a_category_overrides_its_single_names_in_whatever_order(names):
    assert chosen(*names) == dict.fromkeys(LOUDNESS, 0.5)
    assert chosen(*names, weights=[4.0 if name == "loudness" else 9.0 for name in names]) == dict.fromkeys(
        LOUDNESS, 2.0
    )


def test_a_descriptor_overrides_its_columns():
    assert chosen("mfcc_02", "mfcc") == chosen("mfcc")


def test_columns_come_in_the_order_of_the_table():
    assert list(chosen("mfcc_01", "pitch_f0", "loudness_rms")) == [
        "loudness_rms_dbfs",
        "pitch_f0_hz",
        "mfcc_01",
    ]


def test_slopes_that_are_held_have_names_too():
    features = choose(["loudness_rms_delta"], ["loudness_rms", "loudness_rms_delta"], what="features_keep")
    assert len(features.columns) == 1


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(UnknownNameError, match="feature in features_keep is called 'loudnes'; did you mean"):
        chosen("loudnes")


@pytest.mark.parametrize(
    ("names", "weights", "message"),
    [
        ((), (), "features_keep names at least one feature; got none"),
        (("chroma",), (), "got 'chroma', and they hold loudness_rms, .*; measure them again with it"),
        (("mfcc", "pitch"), (1.0,), "a weight for each of 2 names; got 1 weights"),
        (("mfcc",), (0.0,), "a weight of features_keep is a number above 0; got 0.0"),
    ],
)
def test_what_cannot_be_chosen(names, weights, message):
    with pytest.raises(UsageError, match=message):
        chosen(*names, weights=weights)


def test_descriptors_behind_names():
    found = descriptors_of(["mfcc_03", "pitch", "loudness_rms"])
    assert sorted(found) == ["loudness_rms", "mfcc", "pitch_confidence", "pitch_f0"]
    with pytest.raises(UnknownNameError, match="did you mean 'pitch_f0'"):
        descriptors_of(["pitch_f00"])


def test_columns_come_in_the_order_of_an_agent():
    chosen = Features(("a", "b", "c", "d"), (1.0, 2.0, 3.0, 4.0)).in_order_of(("c", "x", "a"))
    assert chosen == Features(("c", "a", "b", "d"), (3.0, 1.0, 2.0, 4.0))
