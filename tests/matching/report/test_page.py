from __future__ import annotations

import html
import json
import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tonewright.audio.loudness import integrated_lufs
from tonewright.distances.loss import TrainingLoss
from tonewright.matching.recording import Overview
from tonewright.matching.report import report_html, tables
from tonewright.matching.result import MatchResult
from tonewright.matching.weak_points import WeakPoint
from tonewright.synths import Preset, parse_preset, synth

from ...reports.browser import ask_browser, needs_chromium
from ...reports.reading import Page, decode, wavs, without_data

RATE = 16_000
SYNTH = synth("serum-lite", RATE)


def make_result(seconds: float = 0.6, seed: int = 0, **changes: object) -> MatchResult:
    """A random preset as target, and its neighbour as match; figures are made up."""
    rng = np.random.default_rng(seed)
    params = np.concatenate([SYNTH.controls.sample(rng, 1)] * 2)
    params[:, SYNTH.controls.index("osc1_level")] = 0.8
    params[:, SYNTH.controls.index("amp_attack_s")] = 0.1
    params[1] = np.clip(params[1] + rng.normal(0, 0.05, len(SYNTH.controls)), 0, 1)
    target, audio = SYNTH.render(params, 48.12, seconds, 0.4, 7)
    result = MatchResult(
        preset=Preset.of(SYNTH, params[1], midi_note=48.12, gate_seconds=0.4),
        audio=audio,
        target=target,
        sample_rate_hz=RATE,
        distances={"mss": 3.21, "rms": 0.987, "f0_cents": 12.5, "mine": 0.5},
        terms={"total": 0.123, "mrstft": 0.2, "brand_new": 0.1},
        similarity=72.4,
        curve=((1, 0.9), (64, 0.5), (640, 0.123)),
        renders=1000,
        seconds=2.5,
        seed=7,
        method="cma",
        target_info={"path": "folder/bass.wav", "sample_rate_hz": 48_000, "channels": 2, "gain_db": -3.1,
                     "note_estimate": 48.0, "note_confidence": 0.93, "shortened": False, "odd": None},
        versions={"tonewright": "0.1.0", "serum-lite": "1"},
    )  # fmt: skip
    return replace(result, **changes)


@pytest.fixture(scope="module")
def result() -> MatchResult:
    return make_result()


@pytest.fixture(scope="module")
def document(result: MatchResult) -> str:
    return report_html(result)


@pytest.fixture(scope="module")
def page(document: str) -> Page:
    return Page(document)


def test_the_page_needs_nothing_else(document: str, page: Page) -> None:
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<link|<iframe|fetch\(", without_data(document))
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset", "poster", "action", "data"):
            assert attributes.get(name, "data:").startswith("data:")


def test_ids_are_unique_and_referred_to(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-controls"):
            assert attributes.get(name, ids[0]) in ids


def test_every_picture_button_and_player_has_a_name(page: Page) -> None:
    assert all(picture["alt"] for picture in page.all("img"))
    for drawing in page.all("svg"):
        assert drawing.get("aria-hidden") == "true" or drawing["aria-label"]
    assert all(field["aria-label"] for field in page.all("input"))


def test_pictures_decode_to_their_size(page: Page) -> None:
    pictures = [decode(picture["src"], "image/png") for picture in page.all("img")]
    assert [struct.unpack(">II", png[16:24]) for png in pictures] == [(960, 240)] * 2


def test_players_hold_both_sounds_equally_loud(result: MatchResult, page: Page) -> None:
    sounds, rate = wavs(page)
    assert rate == RATE
    assert sounds.shape == (2, len(result.target))
    loudness = integrated_lufs(sounds, rate)
    assert abs(loudness[0] - loudness[1]) < 0.05
    assert loudness[0] <= -15.9
    assert 0.05 < np.abs(sounds).max() < 10 ** (-1 / 20) + 1e-3
    for sound, original in zip(sounds, (result.target, result.audio), strict=True):
        kept = slice(0, -80)  # the last 5 ms are faded
        gain = np.dot(sound[kept], original[kept]) / np.dot(original[kept], original[kept])
        np.testing.assert_allclose(sound[kept], gain * original[kept], atol=1 / 32_000)
        assert abs(sound[-1]) < 1e-3


def test_the_preset_on_the_page_is_the_preset(result: MatchResult, page: Page) -> None:
    (link,) = [anchor for anchor in page.all("a") if anchor.get("download") == "preset.json"]
    preset = parse_preset(decode(link["href"], "application/json").decode())
    assert preset.controls == json.loads(json.dumps(result.preset.controls))
    assert preset.midi_note == result.preset.midi_note


def test_the_code_on_the_page_renders_the_match(
    result: MatchResult, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = next(text for text in page.texts if "render_preset(" in text)
    monkeypatch.chdir(tmp_path)
    result.preset.save("preset.json")
    names: dict[str, object] = {}
    exec(code, names)
    np.testing.assert_array_equal(names["clip"].samples[0], result.audio)
    assert "tonewright render preset.json -o again.wav --seconds 0.6 --rate 16000 --seed 7" in page.text


def test_every_control_appears_with_its_value(result: MatchResult, document: str) -> None:
    rows = re.findall(r'<div class="row[^"]*">.*?class="unseen"', document, re.DOTALL)
    modules = sorted(SYNTH.controls.groups.values(), key=lambda module: len(module) == 1)
    for control, row in zip((control for module in modules for control in module), rows, strict=True):
        said = control.describe(result.preset.controls[control.name]).replace("-", "−")
        assert said.removesuffix("s") in html.unescape(row)


@pytest.mark.parametrize(("similarity", "shown"), [(72.4, "72"), (0.0, "0"), (100.0, "100"), (-3.0, "0")])
def test_the_meter_shows_the_similarity(similarity: float, shown: str) -> None:
    page = Page(report_html(make_result(seconds=0.05, similarity=similarity)))
    (meter,) = [attributes for _, attributes in page.elements if attributes.get("role") == "meter"]
    assert float(meter["aria-valuenow"]) == pytest.approx(max(similarity, 0))
    assert f"Similarity {shown} of 100" in page.text
    assert "median random preset" in page.text
    assert "identical sound" in page.text


def test_distances_and_terms_are_explained(page: Page) -> None:
    assert "mss difference of log-mel spectrograms at three time scales 3.21 dB 0 lower" in page.text
    assert "rms cosine similarity of RMS envelopes 0.987 1 higher" in page.text
    assert "mine 0.5" in page.text  # a distance that is not registered here
    assert "total weighted mean of the terms 0.123" in page.text
    assert "brand_new 0.1" in page.text


def test_bounded_terms_are_not_described_in_units() -> None:
    loss = TrainingLoss(RATE, 800)
    sound = np.full((1, 800), 0.1, np.float32)
    terms = {"total": 0.5, **dict.fromkeys(loss(sound, loss.analyse(sound)), 0.5)}
    table = tables.terms(make_result(terms=terms))
    assert table.count('class="meaning"></span>') == 0
    assert not re.search(r"octave|decibel|\b(dB|LU|Hz)\b", table)


def test_the_search_curve_is_drawn_where_its_axis_says() -> None:
    document = report_html(make_result(seconds=0.05))
    path = re.search(
        r'<path d="M([^"]*)" class="stroke accent"></path></svg></div><div class="axis axis-x', document
    )[1]
    x, y = np.array(path.replace("L", " ").split(), float).reshape(-1, 2).T
    np.testing.assert_allclose(x, [1, 64, 64, 640, 640, 1000])
    np.testing.assert_allclose(y, 200 * (1 - np.repeat([0.9, 0.5, 0.123], 2)), atol=0.1)
    assert '<span class="minor" style="--at:0.2000">200</span>' in document


def test_facts_are_in_words(page: Page) -> None:
    for fact in (
        "Note C3 + 12 cents (MIDI 48.12, 132 Hz)", "Key held for 400 ms of 600 ms", "File bass.wav",
        "Gain before the search −3.1 dB", "Note as estimated C3", "Confidence in its pitch 93%",
        "Presets rendered 1,000", "Time 2.5 s (400 presets per second)", "Method CMA-ES with restarts",
        "turned down by 3.1 dB before the search; turn the patch up by 3.1 dB",
    ):  # fmt: skip
        assert fact in page.text.replace("\u00a0", " ")
    assert "folder" not in page.text


@pytest.mark.parametrize(
    ("method", "networks", "told"),
    [
        ("full", ["estimator", "agent"], "estimator, agent, refinement, CMA-ES"),
        ("full", ["estimator"], "estimator, refinement, CMA-ES"),
        ("full", [], "CMA-ES with restarts"),
        ("estimator-agent", ["estimator", "agent"], "estimator and agent"),
    ],
)
def test_the_method_is_told_by_what_it_used(method: str, networks: list[str], told: str) -> None:
    result = make_result(seconds=0.05, method=method, versions=dict.fromkeys(networks, "1"))
    assert f"Method {told} Presets rendered" in Page(report_html(result)).text.replace("\u00a0", " ")


def test_a_note_that_was_searched_is_not_stated_as_heard(page: Page) -> None:
    assert "Serum-lite · playing C3 + 12 cents" in page.text.replace("\u00a0", " ")
    info = {"note_source": "searched", "note_confidence": 0.0}
    text = Page(report_html(make_result(seconds=0.05, target_info=info))).text.replace("\u00a0", " ")
    assert "no clear pitch, note searched: C3 + 12 cents" in text
    assert "Note was searched, for want of a clear pitch Confidence in its pitch 0%" in text
    assert "playing" not in text


def test_text_is_escaped_everywhere() -> None:
    evil = "<script>alert('1')</script>\"&<img src=x onerror=alert(2)>"
    clean = Page(report_html(make_result()))
    result = make_result(
        target_info={"path": f"a\\{evil.replace('/', '∕')}.wav", evil: evil},
        versions={evil: evil},
        method=evil,
        distances={evil: 1.0},
        terms={evil: 1.0},
    )
    result = replace(result, preset=replace(result.preset, name=evil, tags=(evil,)))
    page = Page(report_html(result))
    assert evil in page.text
    assert len(page.all("script")) == 1
    assert len(page.all("img")) == len(clean.all("img"))
    allowed = {name for _, attributes in clean.elements for name in attributes}
    assert {name for _, attributes in page.elements for name in attributes} <= allowed


def test_a_short_sound_gives_a_small_page(document: str) -> None:
    assert len(document) < 450_000


def test_a_long_sound_is_cut_for_the_players_and_says_so() -> None:
    sounds = np.random.default_rng(0).normal(0, 0.1, (2, 25 * RATE)).astype(np.float32)
    document = report_html(make_result(target=sounds[0], audio=sounds[1]))
    page = Page(document)
    players, rate = wavs(page)
    assert players.shape[1] == 10 * rate
    assert abs(players[:, -1]).max() < 0.01  # faded, or it would click
    assert "first 10 s of 25 s" in page.text.replace("\u00a0", " ")
    assert page.by_id("player")["data-duration"] == "25"
    assert page.by_id("player")["data-seconds"] == "10"
    assert len(document) < 1_600_000


@pytest.mark.parametrize("silent", ["target", "audio"])
def test_a_silent_sound_gives_a_page_that_says_so(silent: str) -> None:
    page = Page(report_html(make_result(**{silent: np.zeros(9600, np.float32)})))
    assert "One of the sounds is silent" in page.text
    sounds, _ = wavs(page)
    assert np.isfinite(sounds).all()
    assert np.abs(sounds).max() > 0.01


@pytest.mark.parametrize("frames", [1, 30, 441])
def test_the_shortest_sounds_give_a_page(frames: int) -> None:
    sound = np.full(frames, 0.1, np.float32)
    Page(report_html(make_result(target=sound, audio=sound)))


@pytest.mark.parametrize("curve", [(), ((1, 0.5),), ((256, 0.0),), ((64, 0.4), (64, 0.3), (9000, 1e-9))])
def test_any_search_curve_is_drawn(curve: tuple[tuple[int, float], ...]) -> None:
    document = report_html(make_result(seconds=0.05, curve=curve))
    Page(document)
    assert not re.search(r"\b(nan|inf)\b", without_data(document))


def test_an_interrupted_search_is_owned_up_to(page: Page) -> None:
    assert "stopped early" not in page.text
    assert "stopped early" in Page(report_html(make_result(interrupted=True))).text


def test_the_page_is_the_same_every_time(result: MatchResult, document: str) -> None:
    assert report_html(result) == document


SELF_TEST = """
addEventListener("load", async () => {
  const seen = [], player = document.getElementById("player");
  const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const heard = () => player.querySelector('.segments [aria-pressed="true"]').dataset.key;
  seen.push(player.dataset.state);
  press(" ");
  for (let waited = 0; player.dataset.state !== "playing" && waited < 20000; waited += 20)
    await new Promise((done) => setTimeout(done, 20));
  seen.push(player.dataset.state, heard());
  press("b");
  seen.push(heard());
  press(" ");
  press("Home"); press("ArrowRight");
  seen.push(player.querySelector(".clock").textContent);
  const saved = document.querySelector("a[data-sound='1']");
  seen.push(saved.hidden, saved.protocol, saved.download);
  report([...seen, ...complaints].join("|"));
});
"""

LAYOUT = """
addEventListener("load", () => {
  const box = (element) => element.getBoundingClientRect();
  const all = (selector) => [...document.querySelectorAll(selector)];
  const legend = all(".lane.level .chip")[0];
  legend.scrollIntoView();
  const scrub = box(all(".scrub input")[0]), plot = box(all(".lane.level .area")[0]);
  const rows = new Map();
  for (const card of all(".card").map(box)) rows.set(card.top, [...(rows.get(card.top) || []), card.bottom]);
  all(".mark, .chip").forEach((part) => { part.style.pointerEvents = "auto"; });
  report(JSON.stringify({
    wide: document.documentElement.scrollWidth - innerWidth,
    ragged: [...rows.values()].some((bottoms) => bottoms.some((bottom) => bottom !== bottoms[0])),
    cards: rows.size,
    overhang: Math.max(plot.left - scrub.left, scrub.right - plot.right),
    above: legend.contains(document.elementFromPoint(box(all(".mark.line")[0]).left, box(legend).top + 9)),
    see_through: !getComputedStyle(legend).backgroundColor.startsWith("rgb("),
    complaints,
  }));
});
"""


@needs_chromium
def test_the_player_plays_in_a_browser(document: str, tmp_path: Path) -> None:
    assert ask_browser(document, SELF_TEST, tmp_path / "profile") == (
        "rewound|playing|a|b|0.10 / 0.60 s|false|blob:|match-loudness-matched.wav"
    )


@needs_chromium
@pytest.mark.parametrize(("width", "rows"), [(1200, 3), (390, 9)])
def test_nothing_overhangs_or_crosses(width: int, rows: int, tmp_path: Path) -> None:
    early = make_result()
    early = replace(early, preset=replace(early.preset, gate_seconds=0.1))
    seen = json.loads(ask_browser(report_html(early), LAYOUT, tmp_path / "profile", width))
    assert seen.pop("overhang") <= 0.5
    assert seen == {
        "wide": 0,
        "ragged": False,
        "cards": rows,
        "above": True,
        "see_through": False,
        "complaints": [],
    }


def an_overview(**changes: object) -> Overview:
    notes = ((0.5, 1.0), (2.0, 3.0), (4.0, 4.2))
    made = Overview(5.0, np.linspace(-60.0, -10.0, 480), (2.0, 3.0), notes, 1, 2.2)
    return replace(made, **changes)


def marks(page: Page) -> list[str]:
    """Marks within the section of the whole recording, which comes after that of the player."""
    return [
        str(attributes["style"])
        for _, attributes in page.elements
        if str(attributes.get("class", "")).startswith("mark")
    ]


def test_the_whole_recording_is_shown_with_the_window() -> None:
    page = Page(report_html(make_result(overview=an_overview())))
    assert "The whole recording" in page.text
    assert "holds three notes; matched number 2, the loudest, from 2 s to 3 s" in page.text.replace(
        "\u00a0", " "
    )
    styles = marks(page)
    for style in ("--at:0.0000;--until:0.4000", "--at:0.6000;--until:1.0000", "--at:0.1000", "--at:0.8000"):
        assert style in styles
    assert "outside what was matched" not in page.text


def test_a_recording_that_was_matched_whole_is_not_shown_again() -> None:
    whole = an_overview(window_s=(0.0, 4.99), notes_s=((0.0, 5.0),), note=0)
    assert "The whole recording" not in Page(report_html(make_result(overview=whole))).text


def test_it_is_told_that_the_loudest_part_lies_outside() -> None:
    page = Page(report_html(make_result(overview=an_overview(loudest_s=4.5, note=None))))
    assert "The loudest part of the recording lies outside what was matched." in page.text
    assert "at 4.5 s, was not matched" in page.text.replace("\u00a0", " ")


def test_it_is_told_that_there_is_nothing_but_noise() -> None:
    page = Page(report_html(make_result(target_info={"only_noise": True})))
    assert "Nothing stands out of the noise of this recording" in page.text


def test_what_it_lacks_is_told() -> None:
    point = WeakPoint("attack", 0.01, 0.04, "s", 2.0, "Its attack is slower: 40 ms instead of 10 ms.")
    text = Page(report_html(make_result(lacks=(point,), out_of_reach=("a chord",)))).text
    assert "Its attack is slower: 40 ms instead of 10 ms." in text.replace("\u00a0", " ")
    assert "What it lacks Out of this synth's reach: a chord. Its attack" in text
    assert "Nothing stands out: attack, decay" in Page(report_html(make_result())).text
