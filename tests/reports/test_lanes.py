from __future__ import annotations

import numpy as np
import pytest

from tonewright.reports import lanes

from .reading import Page

RATE = 16_000
NAMES = ("the target", "take 1", "take 2")
SOUNDS = np.random.default_rng(0).normal(0, 0.1, (3, RATE)).astype(np.float32)


def test_levels_of_known_sounds() -> None:
    frames = 16_000
    sounds = np.stack([np.full(frames, 0.5, np.float32), np.zeros(frames, np.float32)])
    sounds[0, frames // 2 :] = 0.05
    levels = lanes.levels_dbfs(sounds, 160, 101)
    assert levels[0, 10] == pytest.approx(20 * np.log10(0.5), abs=1e-6)
    assert levels[0, 90] == pytest.approx(20 * np.log10(0.05), abs=1e-6)
    assert np.isneginf(levels[1]).all()


def test_every_sound_has_a_lane_a_line_and_a_name() -> None:
    pictures = lanes.spectrograms(NAMES, SOUNDS, RATE)
    page = Page(lanes.stack([*pictures, lanes.levels(NAMES, SOUNDS, RATE)], 1.0))
    assert [picture["alt"].partition(":")[0] for picture in page.all("img")] == [
        "Spectrogram of the target", "Spectrogram of take 1", "Spectrogram of take 2",
    ]  # fmt: skip
    strokes = [path["class"] for path in page.all("path") if "stroke" in path["class"]]
    assert strokes == ["stroke sound-0", "stroke sound-1", "stroke sound-2"]
    (drawing,) = page.all("svg")
    assert drawing["aria-label"].startswith("Level of target, take 1 and take 2 over time")


@pytest.mark.parametrize(
    ("at_s", "until_s", "class_", "style"),
    [
        (0.5, None, "mark line", "--at:0.2500"),
        (1.5, None, "mark line left", "--at:0.7500"),
        (1.5, 2.0, "mark region", "--at:0.7500;--until:1.0000"),
        (1.8, 1.9, "mark region left", "--at:0.9000;--until:0.9500"),
    ],
)
def test_marks_lie_at_their_times(at_s: float, until_s: float | None, class_: str, style: str) -> None:
    page = Page(lanes.mark("here <", at_s, 2.0, until_s))
    assert page.all("i") == [{"class": class_, "style": style}]
    assert page.text == "here <"


@pytest.mark.parametrize(
    ("count", "said"), [(1, "the picture"), (2, "the two pictures"), (5, "the five pictures")]
)
def test_the_legend_counts_pictures(count: int, said: str) -> None:
    assert f"the loudest spot of {said}<" in lanes.legend(count)
