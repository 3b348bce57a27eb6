import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tonewright.improvising.portrait.page import portrait_html
from tonewright.improvising.portrait.portraying import Portrait

from ...reports.browser import ask_browser, needs_chromium
from ...reports.reading import Page, wavs, without_data


@pytest.fixture(scope="module")
def document(oracle: tuple[Portrait, list[float]]) -> str:
    takes = list(oracle[0].takes)
    silent = replace(takes[-2].musician, sound=None)
    takes[-2] = replace(takes[-2], musician=silent)
    method = "run & <script>alert(1)</script>"
    return portrait_html(replace(oracle[0], method=method, takes=tuple(takes)))


def test_it_is_whole_and_needs_nothing_else(document: str, oracle: tuple[Portrait, list[float]]) -> None:
    page = Page(document)  # which checks the nesting
    takes = oracle[0].takes
    assert [one["id"] for _, one in page.elements if one.get("class") == "player"] == [
        f"take-{i + 1}" for i in range(len(takes))
    ]
    assert len({one["id"] for _, one in page.elements if "id" in one}) == sum(
        "id" in one for _, one in page.elements
    )
    bare = without_data(document)
    assert "http://" not in bare
    assert "https://" not in bare
    assert "<script>alert" not in document
    assert "run & <script>alert(1)</script>" in page.text
    assert "take <" in page.text  # names of recordings


def test_every_take_has_its_lanes_and_sounds(document: str, oracle: tuple[Portrait, list[float]]) -> None:
    page = Page(document)
    takes = oracle[0].takes
    assert len(page.all("audio")) == 2 * len(takes) - 1
    assert page.text.count("The musician is not heard here") == 1
    drawings = [one["aria-label"] for one in page.all("svg") if "aria-label" in one]
    for title in ("Loudness in dBFS", "Pitch", "Brightness"):
        assert drawings.count(f"{title} over time: the musician, the agent") == len(takes)
    for control in ("frequency_hz", "amplitude"):
        assert drawings.count(f"{control} over time: the agent") == len(takes)
    assert "a fifth down" in page.text
    assert "Loudness: it follows" in page.text


def test_players_hold_what_was_played_at_one_gain(oracle: tuple[Portrait, list[float]]) -> None:
    portrait = oracle[0]
    take = portrait.takes[0]
    held, rate = wavs(Page(portrait_html(replace(portrait, takes=(take,)))))
    assert rate == 44_100
    assert take.agent.sound is not None
    assert take.musician.sound is not None
    kept = slice(0, -500)
    gain = np.abs(held[1]).max() / np.abs(take.musician.sound).max()
    for one, sound in zip(held, (take.agent.sound, take.musician.sound), strict=True):
        np.testing.assert_allclose(one[kept], gain * sound[kept], atol=2e-4)


VISIT = """
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const until = async (reached) => { for (let i = 0; !reached() && i < 1000; i += 1) await pause(20); };
const contexts = [];
window.AudioContext = class extends AudioContext {
  constructor(...options) { super(...options); contexts.push(this); }
};
addEventListener("load", async () => {
  const player = document.getElementById("take-1"), seen = {};
  const part = (selector) => player.querySelector(selector);
  const at = () => Number(part(".overlay").style.getPropertyValue("--at"));
  part(".play").click();
  await until(() => at() > 0.02);
  seen.playing = [player.dataset.state, contexts.map((one) => one.state), at() > 0.02];
  const overlay = part(".overlay").getBoundingClientRect(), head = part(".playhead").getBoundingClientRect();
  const lanes = [...player.querySelectorAll(".lane > .area")].map((one) => one.getBoundingClientRect());
  seen.across = lanes.every((one) => head.top <= one.top + 1 && head.bottom >= one.bottom - 1
    && Math.abs(one.left - overlay.left) < 1 && Math.abs(one.right - overlay.right) < 1);
  const before = at();
  part('[data-key="b"]').click();
  await until(() => at() > before + 0.02);
  seen.other = [part('.segments [aria-pressed="true"]').dataset.key, at() > before];
  part(".play").click();
  const ghosts = () => [...document.querySelectorAll("path.ghost")]
    .filter((one) => getComputedStyle(one).display !== "none").length;
  seen.ghosts = [ghosts()];
  document.getElementById("ghosts").click();
  seen.ghosts.push(ghosts() === document.querySelectorAll("path.ghost").length && ghosts() > 0);
  const root = document.documentElement;
  seen.wide = root.scrollWidth <= root.clientWidth;
  report(JSON.stringify({ ...seen, complaints }));
});
"""


@needs_chromium
@pytest.mark.parametrize("width", [1280, 500])
def test_it_plays_and_the_cursor_runs_through_all_lanes(document: str, tmp_path: Path, width: int) -> None:
    assert json.loads(ask_browser(document, VISIT, tmp_path / "profile", width)) == {
        "playing": ["playing", ["running"], True],
        "across": True,
        "other": ["b", True],
        "ghosts": [0, True],
        "wide": True,
        "complaints": [],
    }
