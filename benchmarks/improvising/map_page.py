"""Measure maps of lookup tables: what a page weighs, how long it takes to draw, how fluid it is in Chromium.

Usage: python benchmarks/improvising/map_page.py; writes benchmarks/results/improvising-map.json.

Builds a table of each synth, draws its map with 2,000 and with 8,000 points, and opens the page in headless
Chromium, which draws without a graphics card. The pointer then goes across the map for 240 frames, in three
ways: it is pressed and hears what it passes; it moves the map; it zooms. Told are milliseconds of script in
each frame, and from one frame to the next (16.7 at 60 frames a second, the most Chromium shows). Other
programs disturb both, so that the load of the machine is told, too. Needs Chromium and the extras dev, map
and parquet.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tonewright.files import write_text
from tonewright.improvising.lookup.building import build_table
from tonewright.improvising.lookup.files import read_table
from tonewright.improvising.lookup.map import draw_map, map_html

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "benchmarks" / "results" / "improvising-map.json"
SYNTHS, POINTS = ("sine", "serum-lite"), (2_000, 8_000)
FRAMES = 240

MEASURE = """
const FRAMES = %d;
const real = requestAnimationFrame;
let spent = 0;
window.requestAnimationFrame = (call) => real((now) => {
  const began = performance.now();
  call(now);
  spent += performance.now() - began;
});
Element.prototype.setPointerCapture = () => {};
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const field = () => document.querySelector(".map .points");
const fire = (event) => {
  const began = performance.now();
  field().dispatchEvent(event);
  spent += performance.now() - began;
};
const pointer = (kind, [x, y], shiftKey) => fire(new PointerEvent(kind, {
  clientX: x, clientY: y, pointerId: 1, pointerType: "mouse", button: kind === "pointermove" ? -1 : 0,
  shiftKey, bubbles: true }));
const place = (i) => {
  const box = field().getBoundingClientRect(), at = (2 * Math.PI * i) / FRAMES;
  const [x, y] = [0.5 + 0.4 * Math.sin(3 * at), 0.5 + 0.4 * Math.sin(2 * at + 0.5)];
  return [box.left + box.width * x, box.top + box.height * y];
};
const middle = (sorted, share) => Number(sorted[Math.floor(share * (sorted.length - 1))].toFixed(2));
const told = (values) => {
  const sorted = values.sort((a, b) => a - b);
  return { median: middle(sorted, 0.5), "95th percentile": middle(sorted, 0.95) };
};
const frames = (each) => new Promise((done) => {
  const scripts = [], gaps = [];
  let i = 0, last = 0;
  const next = (now) => {
    if (last) gaps.push(now - last);
    last = now;
    scripts.push(spent);
    spent = 0;
    if (i === FRAMES) return done({ "script ms": told(scripts.slice(2)), "frame ms": told(gaps.slice(1)) });
    each(i);
    i += 1;
    return real(next);
  };
  real(next);
});
addEventListener("load", async () => {
  while (!document.querySelector(".map[data-ready]")) await pause(50);
  await pause(1000);
  const seen = {}, passed = new Set();
  pointer("pointerdown", place(0));
  seen.hear = await frames((i) => {
    pointer("pointermove", place(i));
    passed.add(document.querySelector(".map").dataset.heard);
  });
  pointer("pointerup", place(0));
  seen["points heard"] = passed.size;
  pointer("pointerdown", place(0), true);
  seen.move = await frames((i) => pointer("pointermove", place(i), true));
  pointer("pointerup", place(0));
  seen.zoom = await frames((i) => fire(new WheelEvent("wheel", {
    clientX: place(i)[0], clientY: place(i)[1], deltaY: i < FRAMES / 2 ? -15 : 15, ctrlKey: true,
    bubbles: true, cancelable: true })));
  report(JSON.stringify({ ...seen, complaints }));
});
"""


def measure(table_path: Path, points: int, folder: Path) -> dict[str, Any]:
    """A map of so many points: its page, and how it does in a browser."""
    from tests.reports.browser import ask_browser

    table = read_table(table_path)
    began_s, processor_s = time.monotonic(), time.process_time()
    drawn = draw_map(table, points=points)
    took_s, processor_s = time.monotonic() - began_s, time.process_time() - processor_s
    page, bare = map_html(drawn), map_html(draw_map(table, points=points, projection=["pca"], seconds=None))
    load = os.getloadavg()[0]
    seen = json.loads(ask_browser(page, MEASURE % FRAMES, folder / f"profile-{points}", 1280))
    if seen.pop("complaints"):
        raise RuntimeError("the page complains in the browser")
    return {
        "points": len(drawn.rows),
        "load average": round(load, 1),
        "page MB": round(len(page.encode()) / 1e6, 1),
        "page without sounds MB": round(len(bare.encode()) / 1e6, 1),
        "drawn in s": round(took_s, 1),
        "processor s": round(processor_s, 1),
        "neighbours kept": {one.name: round(one.kept, 3) for one in drawn.projections},
    } | seen


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--synths", nargs="+", default=SYNTHS, help="whose tables are drawn")
    parser.add_argument("--points", nargs="+", type=int, default=POINTS, help="how many points are shown")
    parser.add_argument("-o", "--output", type=Path, default=RESULT, help="the file to write")
    asked = parser.parse_args()
    if shutil.which("chromium") is None:
        parser.error("this measures in Chromium, which is not there: apt-get install chromium")
    sys.path.insert(0, str(ROOT))
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in asked.synths:
            table = folder / f"{name.replace(':', '-')}.parquet"
            build_table(name, table)
            for points in asked.points:
                results.setdefault(name, {})[str(points)] = measure(table, points, folder)
                print(name, json.dumps(results[name][str(points)]))
    write_text(asked.output, json.dumps(results, indent=1) + "\n", overwrite=True)
    print(f"wrote {asked.output}")


if __name__ == "__main__":
    main()
