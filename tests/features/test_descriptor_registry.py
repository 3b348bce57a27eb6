from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from tonewright.errors import UnknownNameError, UsageError
from tonewright.features import Frames, all_descriptors, descriptor, hear, numbered, registry
from tonewright.features.selection import select

SIZES = {
    "loudness": 3, "spectral_shape": 7, "cepstrum": 33, "chroma": 12, "sinusoids": 20, "pitch": 2, "onset": 1,
    "zero_crossing_rate": 1, "spectral_contrast": 7, "log_mel": 64,
}  # fmt: skip


@pytest.fixture
def register() -> Iterator[dict]:
    """The register, as it was again afterwards."""
    before = dict(registry._registered)
    yield registry._registered
    registry._registered.clear()
    registry._registered.update(before)


def names(*asked: str) -> list[str]:
    return [one.name for one in select(asked)]


def test_categories_hold_as_many_columns_as_the_field_expects():
    sizes: dict[str, int] = {}
    for one in all_descriptors():
        sizes[one.category] = sizes.get(one.category, 0) + len(one.columns)
    assert sizes == SIZES


def test_by_name_by_category_or_all():
    assert names("mfcc") == ["mfcc"]
    assert names("cepstrum") == ["mfcc", "mfcc20"]
    assert names("loudness") == ["loudness_rms", "loudness_true_peak", "loudness_momentary"]
    assert select("mfcc") == select(["mfcc"])
    assert select("all") == all_descriptors()


def test_each_descriptor_once_in_the_order_asked_for():
    assert names("mfcc", "loudness_rms", "loudness", "mfcc") == [
        "mfcc", "loudness_rms", "loudness_true_peak", "loudness_momentary",
    ]  # fmt: skip


def test_slopes_of_names_categories_and_slopes():
    assert names("mfcc_delta") == ["mfcc_delta"]
    assert names("pitch_delta") == ["pitch_f0_delta", "pitch_confidence_delta"]
    (twice,) = select("mfcc_delta_delta")
    assert twice.columns[0] == "mfcc_01_delta_delta"
    assert twice.unit == "dB/s/s"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mfc", "no descriptor is called 'mfc'; did you mean 'mfcc'?"),
        ("brightness_delta", "no descriptor is called 'brightness_delta'; "),
        ("_delta", "no descriptor is called '_delta'; "),
        ("", "no descriptor is called ''; choose from: all, cepstrum, chroma, "),
        ("MFCC", "no descriptor is called 'MFCC'"),
    ],
)
def test_unknown_names(name: str, message: str):
    with pytest.raises(UnknownNameError) as caught:
        select([name])
    assert str(caught.value).startswith(message)


def test_names_that_are_no_text():
    with pytest.raises(UnknownNameError):
        select([13])  # type: ignore[list-item]


def test_no_name():
    with pytest.raises(UsageError, match="at least one descriptor is needed"):
        select([])


def test_a_descriptor_is_one_function(register: dict):
    @descriptor(category="test", unit="1", columns=["largest", "smallest"], source="none")
    def extremes(frames: Frames) -> np.ndarray:
        """Largest and smallest sample of the window.

        More text.
        """
        windows = frames.windows(frames.framing.window)
        return np.stack([windows.max(axis=-1), windows.min(axis=-1)], axis=-1)

    (one,) = select("test")
    assert one.meaning == "Largest and smallest sample of the window."
    table = hear(np.array([0.5, -0.25, 0.125]), 16_000, ["extremes", "extremes_delta"])
    np.testing.assert_array_equal(table["extremes"], [[[0.5, -0.25]]])
    assert table.names == ("largest", "smallest", "largest_delta", "smallest_delta")


@pytest.mark.parametrize("taken", ["mfcc", "loudness", "all"])
def test_a_name_is_taken_once(register: dict, taken: str):
    def function(frames: Frames) -> np.ndarray:
        """Something."""
        raise NotImplementedError

    function.__name__ = taken
    with pytest.raises(UsageError, match=f"the descriptor name '{taken}' is taken"):
        descriptor(category="test", unit="1", columns=["x"], source="none")(function)


@pytest.mark.parametrize("columns", [[], ["x", "x"], ["mfcc_01"]])
def test_columns_have_names_of_their_own(register: dict, columns: list[str]):
    def function(frames: Frames) -> np.ndarray:
        """Something."""
        raise NotImplementedError

    with pytest.raises(UsageError, match="a descriptor has columns, each with a name of its own"):
        descriptor(category="test", unit="1", columns=columns, source="none")(function)


def test_a_descriptor_tells_its_meaning(register: dict):
    def silent(frames: Frames) -> np.ndarray:
        raise NotImplementedError

    with pytest.raises(UsageError, match="docstring tells its meaning; silent has none"):
        descriptor(category="test", unit="1", columns=["x"], source="none")(silent)


def test_several_channels_are_mixed_unless_the_descriptor_states_otherwise(register: dict):
    def function(frames: Frames) -> np.ndarray:
        """Something."""
        raise NotImplementedError

    with pytest.raises(UnknownNameError, match="no rule for channels is called 'loudest'"):
        descriptor(category="test", unit="1", columns=["x"], source="none", channels="loudest")(function)  # type: ignore[arg-type]
    descriptor(category="test", unit="1", columns=["x"], source="none")(function)
    assert select("function")[0].channels == select("function_delta")[0].channels == "mix"
    assert select("loudness_momentary")[0].channels == "sum"


def test_a_name_does_not_end_like_a_slope(register: dict):
    def mel_delta(frames: Frames) -> np.ndarray:
        """Something."""
        raise NotImplementedError

    with pytest.raises(UsageError, match="rename the descriptor 'mel_delta'"):
        descriptor(category="test", unit="1", columns=["x"], source="none")(mel_delta)


def test_numbered_columns():
    assert numbered("mfcc", 2) == ("mfcc_01", "mfcc_02")
    assert numbered("peak", 1, "hz") == ("peak_01_hz",)


def test_importing_the_room_is_light():
    heavy = "{'numba', 'scipy', 'soundfile', 'pyarrow'} & set(sys.modules)"
    script = f"import sys, tonewright.features; print({heavy} or 'light')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "light"
