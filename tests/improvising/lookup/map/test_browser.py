"""The map in a real browser: pointed at, dragged over, played by keys, heard."""

import base64
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tonewright.improvising.lookup.map import draw_map, map_html
from tonewright.synths import parse_preset

from ....reports.browser import ask_browser, needs_chromium

TOOLS = """
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const until = async (reached) => { for (let i = 0; !reached() && i < 1000; i += 1) await pause(20); };
const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
const part = (selector) => document.querySelector(`.map ${selector}`);
const state = () => document.querySelector(".map").dataset;
const field = () => part(".points");
const data = () => JSON.parse(document.getElementById("map-data").textContent);
const numbers = (text, Kind) => new Kind(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer);
const press = (key) => field().dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const pointer = (kind, [x, y], how = {}) => field().dispatchEvent(new PointerEvent(kind, {
  clientX: x, clientY: y, pointerId: 1, pointerType: "mouse", button: kind === "pointermove" ? -1 : 0,
  bubbles: true, ...how }));
// Pointers that no hand holds cannot be captured.
Element.prototype.setPointerCapture = () => {};
// Where a point is on the screen as long as the whole map is shown.
const placeOf = (i, way = 0) => {
  const places = numbers(data().ways[way].places, Float32Array), box = field().getBoundingClientRect();
  const size = [0, 1].map((axis) => {
    const along = places.filter((_, k) => k % 2 === axis);
    return Math.max(...along) - Math.min(...along);
  });
  const scale = 0.89 * Math.min(box.width / size[0], box.height / size[1]);
  const [x, y] = [places[2 * i] * scale, places[2 * i + 1] * scale];
  return [box.left + box.width / 2 + x, box.top + box.height / 2 - y];
};
const choose = (selector, value) => {
  part(selector).value = value;
  part(selector).dispatchEvent(new Event("change", { bubbles: true }));
};
const shows = (i) => part(".which").textContent === `Point ${data().points[i].toLocaleString("en-US")}`;
const texts = (selector) => [...document.querySelectorAll(`.map ${selector}`)].map((one) => one.textContent);
const ready = (run) => addEventListener("load", async () => {
  const seen = {};
  await until(() => "ready" in state());
  await frame();  // a window that has just opened may still change its size
  await frame();
  try {
    await run(seen);
  } catch (error) {
    seen.error = `${error} ${error.stack}`;
  }
  report(JSON.stringify({ ...seen, complaints }));
});
"""

USE = (
    TOOLS
    + """
ready(async (seen) => {
  const { points, variables } = data();
  const at = (label, kind) => String(variables.findIndex((one) => one.label === label && one.kind === kind));
  await frame();
  seen.first = [part(".which").textContent, part(".copy").disabled, part(".save").hasAttribute("href")];

  pointer("pointermove", placeOf(10));
  seen.hovered = [part(".which").textContent, texts(".of-controls dd"), state().selected ?? null];
  pointer("pointerleave", [0, 0]);
  pointer("pointerdown", placeOf(20));
  pointer("pointerup", placeOf(20));
  seen.pressed = [Number(state().selected) === points[20], texts(".of-controls dd")];
  seen.descriptors = texts(".of-descriptors dt");
  seen.preset = decodeURIComponent(part(".save").href.split(",").slice(1).join(","));
  seen.file = part(".save").download;
  await until(() => state().heard === state().selected);
  seen.heard = state().heard === String(points[20]);
  await until(() => part(".said").textContent);
  seen.said = part(".said").textContent;

  // Arrows go to another point on that side, and back to where a point has a neighbour.
  const moves = {};
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
    const before = placeOf(points.indexOf(Number(state().selected)));
    press(key);
    const after = placeOf(points.indexOf(Number(state().selected)));
    moves[key] = [Math.sign(Math.round(after[0] - before[0])), Math.sign(Math.round(after[1] - before[1]))];
  }
  seen.moves = moves;

  // Zoomed in, only what is near is there to be pointed at; 0 brings the whole map back.
  const target = placeOf(20);
  press("+");
  press("+");
  pointer("pointermove", target);
  seen.zoomed = !shows(20);
  press("0");
  pointer("pointermove", target);
  seen.whole = shows(20);
  pointer("pointerleave", [0, 0]);

  // Shift and drag moves the map with the pointer, and chooses nothing.
  const kept = state().selected;
  const [x, y] = placeOf(30);
  pointer("pointerdown", [x, y], { shiftKey: true });
  pointer("pointermove", [x + 50, y + 40], { shiftKey: true });
  pointer("pointerup", [x + 50, y + 40]);
  pointer("pointermove", [x + 50, y + 40]);
  seen.moved = [shows(30), state().selected === kept];
  pointer("pointerleave", [0, 0]);
  press("0");

  // A filter dims what is not within, and nobody gets there any more.
  choose(".add", at("amplitude", "control"));
  choose(".add", at("spectral centroid", "mean"));
  const [low, high] = document.querySelectorAll(".filter input");
  low.value = "500";
  low.dispatchEvent(new Event("input", { bubbles: true }));
  high.value = "800";
  high.dispatchEvent(new Event("input", { bubbles: true }));
  const amplitudes = numbers(variables[Number(at("amplitude", "control"))].values, Float32Array);
  const within = points.map((_, i) => amplitudes[i] >= 0.5 && amplitudes[i] <= 0.8);
  seen.filter = [part(".passing").textContent, texts(".filter output")[0], within.filter(Boolean).length];
  seen.unreached = within.map((inside, i) => [inside, i]).filter(([inside]) => !inside).some(([, i]) => {
    pointer("pointermove", placeOf(i));
    return shows(i) && i !== points.indexOf(Number(state().selected));
  });
  pointer("pointerleave", [0, 0]);
  document.querySelectorAll(".filter button").forEach((button) => button.click());
  seen.unfiltered = [part(".passing").textContent, document.querySelectorAll(".filter").length];

  choose(".colour", at("amplitude", "control"));
  seen.legend = [part(".legend-title").textContent, texts(".legend-ticks span")];
  document.querySelectorAll(".ways button")[1].click();
  seen.way = [texts('.ways [aria-pressed="true"]'), part(".meaning-of-places").textContent.slice(0, 30)];
  press("m");
  seen.muted = [part(".mute").getAttribute("aria-pressed"), part(".volume-said").textContent];
  part(".everything").open = true;
  await until(() => part(".of-all").children.length);
  seen.all = part(".of-all").children.length;
});
"""
)


@needs_chromium
def test_a_map_is_used(sine_map, tmp_path):
    seen = json.loads(ask_browser(map_html(sine_map), USE, tmp_path / "profile"))
    assert not seen.get("error")
    assert seen["complaints"] == []
    assert seen["first"] == ["No point chosen", True, False]
    table, rows, controls = sine_map.table, sine_map.rows, sine_map.synth.controls

    def told(i):
        values = controls.to_physical(table.params[rows[i]])
        return [control.describe(value) for control, value in zip(controls, values, strict=True)]

    assert seen["hovered"] == [f"Point {rows[10]}", told(10), None]
    assert seen["pressed"] == [True, told(20)]
    assert seen["descriptors"] == ["loudness rms", "pitch f0", "spectral centroid", "spectral flatness"]
    preset = parse_preset(seen["preset"])
    np.testing.assert_allclose(preset.params(sine_map.synth), table.params[rows[20]], atol=1e-6)
    assert seen["file"] == f"sine-{rows[20]}.json"
    assert seen["heard"]
    assert seen["said"].startswith(
        f"Point {rows[20]}: frequency {told(20)[0]}, amplitude {told(20)[1]}, loudness"
    )
    moves = seen["moves"]
    assert moves["ArrowLeft"][0] == -1
    assert moves["ArrowRight"][0] == 1
    assert moves["ArrowUp"][1] == -1
    assert moves["ArrowDown"][1] == 1
    assert seen["zoomed"]
    assert seen["whole"]
    assert seen["moved"] == [True, True]
    amplitude = table.params[rows, 1]
    within = int(((amplitude >= 0.5) & (amplitude <= 0.8)).sum())
    assert seen["filter"] == [f"{within} of 132 points", "25% to 64%", within]  # a fader's square
    assert not seen["unreached"]
    assert seen["unfiltered"] == ["132 of 132 points", 0]
    assert seen["legend"] == ["Amplitude", ["0%", "6%", "25%", "56%", "100%"]]
    assert seen["way"] == [["t-SNE"], "Neighbours sound alike; how fa"]
    assert seen["muted"] == ["true", "muted"]
    assert seen["all"] == len(table.columns)


# A context that renders when it is told to, so that what is heard does not depend on how fast the machine is.
LISTEN = (
    TOOLS
    + """
const RATE = 44100, SECONDS = 1.2;
const made = new OfflineAudioContext(1, RATE * SECONDS, RATE);
const goOn = made.resume.bind(made);
made.resume = () => Promise.resolve();
window.AudioContext = window.webkitAudioContext = function () { return made; };
ready(async (seen) => {
  const { points } = data();
  part(".volume").value = "0";
  const start = placeOf(0);
  const path = [0, 17, 40, 64, 90, 111, 131].map((i) => [i, placeOf(i)]);
  pointer("pointermove", start);
  pointer("pointerdown", start);
  await until(() => state().heard === String(points[0]));
  await frame();
  const drawn = Number(state().drawings);
  seen.order = [state().heard];
  const switches = path.slice(1).map(([i, place], k) => made.suspend(0.04 * (k + 1)).then(async () => {
    pointer("pointermove", place);
    await until(() => state().selected === String(points[i]) && state().heard === String(points[i]));
    seen.order.push(state().heard);
    goOn();
  }));
  const heard = (await made.startRendering()).getChannelData(0);
  await Promise.all(switches);
  pointer("pointerup", path.at(-1)[1]);
  seen.redrawn = Number(state().drawings) - drawn;
  seen.points = path.map(([i]) => i);
  const steps = new Uint8Array(Int16Array.from(heard, (one) => 32767 * one).buffer);
  seen.heard = btoa(Array.from(steps, (one) => String.fromCharCode(one)).join(""));
});
"""
)


@needs_chromium
def test_dragging_plays_one_point_after_the_other_without_a_click(sine_table, tmp_path):
    drawn = draw_map(sine_table, projection=["pca"], seconds=0.3)
    seen = json.loads(ask_browser(map_html(drawn), LISTEN, tmp_path / "profile"))
    assert not seen.get("error")
    assert seen["complaints"] == []
    path = drawn.rows[seen["points"]]
    assert seen["order"] == [str(row) for row in path]
    assert seen["redrawn"] == 0  # all that moves is a ring on a canvas of its own
    heard = np.frombuffer(base64.b64decode(seen["heard"]), "<i2") / 32767

    plain = drawn.synth.render(sine_table.params[path], 60, 0.3, 0.3) * 10 ** (drawn.sounds.gain_db / 20)
    steps = np.round(np.arange(7) * 0.04 * 44_100).astype(int)
    steps = np.append(-(-steps // 128) * 128, 7 * 1_764)  # the browser works in blocks of 128 frames
    for i, (begin, end) in enumerate(pairwise(steps)):
        if i == 0:
            continue  # its beginning is that of the context
        held = slice(300, end - begin - 100)  # behind the crossfade of 6 ms
        np.testing.assert_allclose(heard[begin:end][held], plain[i][held], atol=2e-4)
    # A click bends the wave more sharply than any of the sounds does, and than a crossfade of 6 ms may.
    bend = np.abs(np.diff(heard, 2)).max()
    sharpest = np.abs(np.diff(plain[:, :10_000], 2)).max()
    kink = np.abs(plain).max() / (0.006 * 44_100)
    assert bend < sharpest + 2 * kink
    assert np.abs(heard).max() > 0.1


REAL = (
    TOOLS
    + """
const peaks = [];
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to) {
  if (to instanceof AudioDestinationNode) {
    const analyser = new AnalyserNode(this.context, { fftSize: 2048 });
    connect.call(this, analyser);
    peaks.push(() => {
      const samples = new Float32Array(2048);
      analyser.getFloatTimeDomainData(samples);
      return Math.max(...samples.map(Math.abs));
    });
  }
  return connect.apply(this, arguments);
};
ready(async (seen) => {
  const { points } = data();
  pointer("pointermove", placeOf(131));
  pointer("pointerdown", placeOf(131));
  pointer("pointerup", placeOf(131));
  let peak = 0;
  await until(() => { peak = Math.max(peak, ...peaks.map((one) => one())); return peak > 0.01; });
  seen.loud = peak > 0.01;
  press("m");
  await pause(600);
  press(" ");
  await pause(50);
  seen.muted = Math.max(...peaks.map((one) => one()));
});
"""
)


@needs_chromium
def test_a_real_context_sounds_and_mutes(sine_map, tmp_path):
    seen = json.loads(ask_browser(map_html(sine_map), REAL, tmp_path / "profile"))
    assert seen == {"loud": True, "muted": 0, "complaints": []}


NARROW = (
    TOOLS
    + """
ready(async (seen) => {
  press("ArrowRight");
  press("ArrowRight");
  choose(".add", "3");
  await frame();
  const box = (one) => one.getBoundingClientRect();
  const shown = [...document.querySelectorAll(".map *")].filter(
    (one) => box(one).width && !one.closest(".unseen, option"));
  const over = shown.filter((one) => box(one).right > innerWidth + 0.5);
  seen.over = over.map((one) => one.className || one.tagName);
  seen.scroll = document.documentElement.scrollWidth - innerWidth;
  const used = [...document.querySelectorAll(".map button, .map select")];
  seen.small = used.filter((one) => box(one).height && box(one).height < 36).length;
});
"""
)


@needs_chromium
@pytest.mark.parametrize("width", [1280, 400])
def test_a_map_fits_the_page(sine_map, tmp_path, width):
    seen = json.loads(ask_browser(map_html(sine_map), NARROW, tmp_path / "profile", width))
    assert seen == {"over": [], "scroll": 0, "small": 0, "complaints": []}


AWKWARD = (
    TOOLS
    + """
ready(async (seen) => {
  press("ArrowRight");
  press("ArrowRight");
  choose(".add", "0");
  seen.terms = texts(".of-controls dt");
  seen.filter = texts(".filter b");
  seen.added = document.querySelectorAll("i:not([class]), u").length;
});
"""
)


@needs_chromium
def test_awkward_names_stay_text(awkward, awkward_table, tmp_path):
    document = map_html(draw_map(awkward_table, awkward, projection=["pca"], seconds=0.05))
    seen = json.loads(ask_browser(document, AWKWARD, tmp_path / "profile"))
    assert seen == {
        "terms": ['<b>"level"</b>', "step'hz"],
        "filter": ['<b>"level"</b>'],
        "added": 0,
        "complaints": [],
    }


FINGERS = (
    TOOLS
    + """
ready(async (seen) => {
  const { points } = data();
  const touch = (kind, id, place) => pointer(kind, place, { pointerId: id, pointerType: "touch" });
  const [x, y] = placeOf(20);
  touch("pointerdown", 1, [x, y]);
  seen.one = state().selected === String(points[20]);
  touch("pointermove", 1, placeOf(60));
  await frame();
  seen.dragged = state().selected === String(points[60]);
  touch("pointerup", 1, placeOf(60));
  // Two fingers that part around a point zoom in on it; nothing else is chosen meanwhile.
  touch("pointerdown", 1, [x - 20, y]);
  touch("pointerdown", 2, [x + 20, y]);
  const chosen = state().selected;
  for (let i = 1; i <= 40; i += 1) {
    touch("pointermove", 1, [x - 20 - i, y]);
    touch("pointermove", 2, [x + 20 + i, y]);
  }
  await frame();
  seen.same = state().selected === chosen;
  touch("pointerup", 1, [x - 60, y]);
  touch("pointerup", 2, [x + 60, y]);
  pointer("pointermove", [x, y]);
  seen.stays = shows(20);
  const [otherX, otherY] = placeOf(60);
  pointer("pointermove", [x + 3 * (otherX - x), y + 3 * (otherY - y)]);
  seen.thrice = shows(60);
  press("0");
});
"""
)


@needs_chromium
def test_fingers_play_and_zoom(sine_map, tmp_path):
    seen = json.loads(ask_browser(map_html(sine_map), FINGERS, tmp_path / "profile"))
    assert seen == {
        "one": True, "dragged": True, "same": True, "stays": True, "thrice": True, "complaints": [],
    }  # fmt: skip


SAME_PLACE = (
    TOOLS
    + """
ready(async (seen) => {
  const { points } = data();
  const visited = new Set();
  pointer("pointerdown", placeOf(0));
  pointer("pointerup", placeOf(0));
  seen.said = part(".which small").textContent;
  for (let i = 0; i < 5; i += 1) { visited.add(state().selected); press("n"); }
  seen.byKey = visited.size;
  visited.clear();
  for (let i = 0; i < 5; i += 1) {
    pointer("pointerdown", placeOf(0));
    pointer("pointerup", placeOf(0));
    visited.add(state().selected);
  }
  seen.byPointer = visited.size;
});
"""
)


@needs_chromium
def test_points_at_one_place_can_all_be_reached(awkward, awkward_table, tmp_path):
    means = awkward_table.means.copy()
    means[2:7] = means[2]
    table = replace(awkward_table, means=means, spreads=np.zeros_like(means))
    document = map_html(draw_map(table, awkward, projection=["pca"], seconds=0.05))
    seen = json.loads(ask_browser(document, SAME_PLACE, tmp_path / "profile"))
    assert seen["complaints"] == []
    assert not seen.get("error")
    assert seen["said"].endswith("of 5 at this place")
    assert (seen["byKey"], seen["byPointer"]) == (5, 5)
