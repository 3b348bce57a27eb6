import json
import re
from dataclasses import replace

import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.prompting.exploring.exploration import Explore, explore
from tonewright.prompting.exploring.geometry import angle_deg
from tonewright.prompting.exploring.page import exploration_html
from tonewright.prompting.exploring.places import Place, neighbours, noise_at, render_at, walk
from tonewright.prompting.generators.base import Request, complete
from tonewright.prompting.generators.latent import LatentGenerator, Toward
from tonewright.prompting.generators.sketch.generator import Sketch

from ...reports.browser import ask_browser, needs_chromium
from ...reports.reading import Page, without_data
from ..arranging.conftest import Maker, noise
from ..generators.sketch.conftest import songbook, trained  # noqa: F401

PROMPT, OTHER = "house drum loop", "a warm drone"
HEAR = """
addEventListener("load", async () => {
  const dots = [...document.querySelectorAll(".dot")];
  const title = () => document.querySelector(".which").textContent;
  const settled = () => new Promise((go) => setTimeout(go, 400));
  const first = title();
  dots[dots.length - 1].click();
  await settled();
  const playing = document.querySelector(".play").textContent, last = title();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  await settled();
  const start = title();
  document.querySelector(".play").click();
  const box = (one) => one.getBoundingClientRect();
  const ground = box(document.querySelector(".ground"));
  const inside = dots.every((one) => box(one).left >= ground.left && box(one).right <= ground.right);
  report(JSON.stringify([
    complaints, first, playing, last, start, document.querySelector(".play").textContent,
    document.querySelectorAll('.dot[aria-pressed="true"]').length, inside,
    document.documentElement.scrollWidth <= innerWidth, document.querySelector(".save").download,
  ]));
});
"""


@pytest.fixture(scope="module")
def sketch(trained):  # noqa: F811
    return Sketch(trained)


@pytest.fixture(scope="module")
def request_of():
    return Request(PROMPT, seconds=0.5, steps=2, cfg_scale=2.0, seed=3)


@pytest.fixture(scope="module")
def found(sketch, request_of):
    return explore(sketch, Explore(request_of, OTHER, to_seed=8, steps=4, neighbours=3, angle_deg=20.0))


def test_a_sound_from_its_own_noise_is_what_is_generated(sketch, request_of):
    assert isinstance(sketch, LatentGenerator)
    for sampler in ("euler", "pingpong"):
        request = Request(PROMPT, seconds=0.5, steps=3, sampler=sampler, seed=7)
        made = sketch.generate([request])[0]
        again = sketch.render_from(sketch.noise(request), request)
        np.testing.assert_array_equal(again.samples, made.samples)
        assert (again.evaluations, again.fault) == (made.evaluations, made.fault)


def test_prompts_are_mixed_and_their_ends_are_each_alone(sketch, request_of):
    asked = complete(request_of, sketch)
    first, _ = sketch.piece(asked)
    zero, _ = sketch.piece(asked, toward=Toward(OTHER, 0.0))
    middle, cost = sketch.piece(asked, toward=Toward(OTHER, 0.5))
    one, _ = sketch.piece(asked, toward=Toward(OTHER, 1.0))
    second, usual = sketch.piece(replace(asked, prompt=OTHER))
    np.testing.assert_array_equal(zero.unit, first.unit)
    np.testing.assert_array_equal(one.unit, second.unit)
    assert not np.array_equal(middle.unit, first.unit)
    assert (usual, cost) == (4, 6)


def test_both_ends_of_a_walk_are_what_is_generated(found, sketch, request_of):
    first, *_, last = (point for point in found.points if point.key.isdigit())
    for point, prompt, seed in ((first, PROMPT, 3), (last, OTHER, 8)):
        asked = Request(prompt, seconds=0.5, steps=2, cfg_scale=2.0, seed=seed)
        np.testing.assert_array_equal(point.made.samples, sketch.generate([asked])[0].samples)


def test_each_sound_is_made_again_of_what_is_told(found, sketch, request_of):
    for point in found.points:
        again = render_at(sketch, request_of, Place(**point.place.fields()))
        np.testing.assert_array_equal(again.samples, point.made.samples)


def test_the_map_is_true(found, sketch, request_of):
    start, *_, end = walk(3, 8, OTHER, 4)
    noises = {point.key: noise_at(sketch, request_of, point.place) for point in found.points}
    whole = angle_deg(noise_at(sketch, request_of, start), noise_at(sketch, request_of, end))
    for point in found.points:
        away = angle_deg(noises["1"], noises[point.key])
        assert np.hypot(*point.at_deg) == pytest.approx(away, abs=0.01)
    assert found.points[3].at_deg == (pytest.approx(whole), 0.0)
    assert [point.key for point in found.points] == ["1", "2", "3", "4", "a", "b", "c"]


def test_without_another_prompt_the_walk_goes_to_the_next_seed(sketch, request_of):
    found = explore(sketch, Explore(request_of, steps=2, neighbours=1))
    assert found.asked.to_seed == 4
    assert found.points[-1].at_deg == (pytest.approx(-25.0), pytest.approx(0.0, abs=1e-9))
    same = explore(sketch, Explore(request_of, OTHER, steps=2, neighbours=0))
    assert same.asked.to_seed is None
    assert same.points[1].at_deg == (90.0, 0.0)
    assert "only the prompt changes" in Page(exploration_html(same)).text
    near = explore(sketch, Explore(request_of, steps=2, neighbours=2, angle_deg=2.0))
    assert "drawn further away than they are" in Page(exploration_html(near)).text


def test_what_makes_no_sense(sketch, request_of):
    for change, rule in (
        ({"steps": 1}, "2 to 15 steps"),
        ({"neighbours": 17}, "0 to 16 neighbours"),
        ({"angle_deg": 0.0}, "an angle is above 0"),
    ):
        with pytest.raises(UsageError, match=rule):
            explore(sketch, Explore(request_of, **change))
    with pytest.raises(UsageError, match="begins from any noise; got maker"):
        explore(Maker(noise), Explore(request_of))
    with pytest.raises(UsageError, match="a share is 0 to 1"):
        Toward("a", 1.1)
    with pytest.raises(UsageError, match="finite numbers"):
        sketch.render_from(np.zeros(3, np.float32), request_of)
    with pytest.raises(UsageError, match="a prompt has"):
        sketch.render_from(sketch.noise(request_of), request_of, Toward(" ", 0.5))
    assert len(neighbours(Place(1), 16, 5.0)) == 16


@pytest.fixture(scope="module")
def document(found):
    return exploration_html(found)


def test_the_page_holds_every_sound_and_how_to_get_it_again(found, document):
    data = json.loads(re.search(r'id="explore-data">(.*?)</script>', document, re.DOTALL)[1])
    assert [one["title"] for one in data["points"]] == [point.title for point in found.points]
    for one, point in zip(data["points"], found.points, strict=True):
        assert bool(one["flac"]) == (point.made.fault is None)
    facts = dict(data["points"][1]["facts"])
    assert facts["Toward"] == f"{OTHER}, 33%"
    assert facts["Seeds"] == "3 to 8, 33% of the way"
    text = Page(document).text
    assert '--seed 3 --steps 4 --neighbours 3 --angle 20 --to-seed 8 --to "a warm drone"' in text
    assert (
        "Place(seed=3, to_seed=8, to_prompt='a warm drone', share=0.0, angle_deg=20.0, direction=3)" in text
    )
    assert "://" not in without_data(document)


def test_the_code_of_the_page_makes_its_last_sound(found, document, trained, monkeypatch):  # noqa: F811
    from tonewright.prompting.generators import registry

    monkeypatch.setattr(registry, "generator", lambda name: Sketch(trained))
    code = next(text for text in Page(document).texts if "render_at(generator(" in text)
    space = {}
    exec(code, space)
    np.testing.assert_array_equal(space["made"].samples, found.points[-1].made.samples)


@pytest.fixture(scope="module")
def sounding(sketch):
    """A page of seeds at which a model that is hardly trained makes a sound."""
    for seed in range(60):
        request = Request(PROMPT, seconds=0.5, steps=2, seed=seed)
        if not sketch.generate([request])[0].fault:
            found = explore(sketch, Explore(request, steps=2, neighbours=2))
            if not found.points[-1].made.fault:
                return exploration_html(found)
    raise AssertionError


@needs_chromium
@pytest.mark.parametrize("width", [1280, 500])
def test_a_browser_plays_it(sounding, tmp_path, width):
    seen = json.loads(ask_browser(sounding, HEAR, tmp_path / "profile", width))
    first = "Step 1 of 2"
    assert seen == [[], first, "Stop", "Neighbour b", first, "Play", 1, True, True, "step-1-of-2.flac"]
