"""The patch that plays a user's patch live, through Pd's own audio output.

It is written for each run of Pd, of vanilla objects alone. Messages come as plain FUDI over UDP, which Pd
reads without any other object: a datagram is a whole number of messages or is lost, and the next one replaces
it.

- `controls 0.5 0.25;` go to the patch as they are;
- `level 1;` lets it be heard, `level 0;` silences it, both within `FADE_MS`;
- `ping;` is answered by `pong;`. When no ping has come for `ORPHANED_S`, Pd ends: nobody is there any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from tonewright.synths.pd.boxes import Boxes
from tonewright.synths.pd.sharing import SEED

LOOPBACK = "127.0.0.1"
FADE_MS = 50
"""How long the level takes from nothing to all, and back."""
ORPHANED_S = 5.0
PING = "ping;\n"
_FINITE = "if(\\$v1 > -1000 && \\$v1 < 1000 \\, \\$v1 \\, 0)"  # no comparison with NaN holds


def controls_message(params: Sequence[float]) -> str:
    """The message that turns the controls, `[D]`."""
    return "controls" + "".join([f" {value:.9g}" for value in params]) + ";\n"


def level_message(level: float) -> str:
    """The message that fades to a level, 0..1."""
    return f"level {level:.9g};\n"


def host_patch(obj: str, outlets: Sequence[int], hears: int, answers: int, seed: int) -> str:
    """Write the patch.

    Args:
        obj: What to write in the box of the user's patch.
        outlets: Which of its outlets give sound. Their mean is played, on both speakers: that is what the
            agent hears of it. What is no finite number is played as 0, and what is too loud is clipped.
        hears: UDP port of messages.
        answers: UDP port of answers.
        seed: Sent to `tonewright-seed`.
    """
    boxes = Boxes()
    messages = boxes.add("obj route controls level ping")
    boxes.chain(boxes.add(f"obj netreceive -u {hears} {LOOPBACK}"), messages)

    instance, mean = boxes.add(f"obj {obj}"), boxes.add(f"obj *~ {1 / len(outlets):.9g}")
    boxes.connect(messages, 0, instance)
    for outlet in outlets:
        boxes.connect(instance, outlet, mean)
    faded, clipped, speakers = boxes.add("obj *~"), boxes.add("obj clip~ -1 1"), boxes.add("obj dac~ 1 2")
    boxes.chain(mean, boxes.add(f"obj expr~ {_FINITE}"), faded, clipped, speakers)
    boxes.connect(clipped, 0, speakers, 1)

    fade = boxes.add("obj line~")
    new = boxes.add("obj change")  # a level that is told again does not begin another fade
    boxes.connect(messages, 1, new)
    boxes.chain(new, boxes.add(f"obj pack f {FADE_MS}"), fade)
    boxes.connect(fade, 0, faded, 1)

    pinged, pong, answer = boxes.add("obj t b b"), boxes.add("msg send pong"), boxes.add("obj netsend -u")
    left = boxes.add(f"obj delay {1000 * ORPHANED_S:g}")
    boxes.connect(messages, 2, pinged)
    boxes.connect(pinged, 1, left)
    boxes.chain(pinged, pong, answer)
    boxes.chain(left, boxes.add("msg \\; pd quit"))

    start = boxes.add("obj t b b b b")
    boxes.connect(boxes.add("obj loadbang"), 0, start)
    seeded, called = boxes.add(f"msg {seed}"), boxes.add(f"msg connect {LOOPBACK} {answers}")
    boxes.connect(start, 3, seeded)
    boxes.chain(seeded, boxes.add(f"obj s {SEED}"))
    boxes.connect(start, 2, called)
    boxes.chain(called, answer)
    boxes.connect(start, 1, left)
    boxes.connect(start, 0, boxes.add("msg \\; pd dsp 1"))
    return boxes.text()
