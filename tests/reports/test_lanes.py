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


def marked(moments: list[tuple[float, str, str]], seconds: float) -> dict[float, str]:
    """When there are lines, and their labels."""
    found = {}
    for line in lanes.marks(moments, seconds):
        page = Page(line)
        found[round(seconds * float(page.all("i")[0]["style"].removeprefix("--at:")), 3)] = page.text
    return found


def test_marks_have_words_where_there_is_room() -> None:
    moments = [(1.0, "1", "go"), (1.5, "2", "stop"), (8.0, "3", ""), (9.9, "4", "far too long a text" * 9)]
    assert marked(moments, 10.0) == {1.0: "1", 1.5: "2 stop", 8.0: "3", 9.9: "4"}


@pytest.mark.parametrize("count", [10, 1_000, 20_000])
def test_labels_never_meet(count: int) -> None:
    found = marked([(i / count, f"{i}", "word") for i in range(count)], 1.0)
    assert len(found) <= 1 / 0.003
    ends = 0.0
    for at, text in sorted((at, text) for at, text in found.items() if text):
        width = 0.008 * len(text)  # of a sign of a lane 840 pixels wide
        begins = at - width if at > 0.4 else at
        assert begins >= ends
        ends = begins + width
    assert ends > 0


def test_there_may_be_no_marks() -> None:
    assert lanes.marks([], 1.0) == []
