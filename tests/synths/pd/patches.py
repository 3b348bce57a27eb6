"""Patches for tests, and what skips them where there is no Pd."""

import json
import os
import subprocess

import pytest

from tonewright.synths.pd.program import has_program

with_pd = pytest.mark.skipif(not has_program(), reason="needs Pure Data: apt-get install puredata-core")

TONE = """
inlet
unpack f f
* 1000
osc~
*~
outlet~
"""


def patch_text(boxes, links):
    """A patch of boxes, an object or `msg …` a line, with links `source[.outlet] target[.inlet]`."""
    lines = ["#N canvas 0 0 450 300 10;"]
    for i, box in enumerate(boxes.strip().splitlines()):
        kind, content = ("msg", box[4:]) if box.startswith("msg ") else ("obj", box)
        lines.append(f"#X {kind} {10 + 60 * i} 10 {content};")
    for link in links.split(","):
        (source, _, outlet), (target, _, inlet) = (end.partition(".") for end in link.split())
        lines.append(f"#X connect {source} {outlet or 0} {target} {inlet or 0};")
    return "\n".join(lines) + "\n"


def write_patch(folder, boxes, links, controls=("pitch", "level"), name="synth", **description):
    """Write a patch and its JSON file to a folder; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.pd").write_text(patch_text(boxes, links))
    fields = {"format": "tonewright-pd-synth", "format_version": 1, "controls": controls}
    (folder / f"{name}.json").write_text(json.dumps(fields | description))
    return folder / f"{name}.pd"


def write_tone(folder, name="synth", **description):
    """A cosine of up to 1 kHz: pitch, level."""
    links = "0 1,1.0 2,2 3,3 4,1.1 4.1,4 5"
    return write_patch(folder, TONE, links, name=name, **description)


def processes(of=None):
    """Ids of the processes of Pd that this process, or another one, has started."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid,args", "--ppid", str(of or os.getpid())], capture_output=True, text=True
    )
    return {int(line.split()[0]) for line in listed.stdout.splitlines() if "driver.pd" in line}
