"""The patch that plays several instances of a user's patch in step with Tonewright.

It is written for each run of Pd, of vanilla objects alone. Commands come through a named pipe, which
[file handle] reads and [fudiparse] takes apart; reading it holds Pd's clock. Each is filled with spaces to
the same length, because [fudiparse] forgets a command that comes in two parts:

- `3 0.5 0.25;` gives instance 3 its controls;
- `go 4;` renders four blocks of 64 samples, which each instance leaves in an array of its own. [soundfiler]
  writes all arrays as the channels of one file, and a byte through the other pipe says that it is there.

When the commands end, because their writer has ended however that came, Pd ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from tonewright.synths.pd.boxes import Boxes
from tonewright.synths.pd.sharing import SEED

COMMANDS, REPLIES, SOUND = "commands", "replies", "sound.snd"
"""Names of the pipes and of the file, beside the patch."""
BLOCK = 64
"""Samples of one of Pd's blocks."""
LONGEST = 128 * BLOCK
"""Samples that are rendered at once at most."""
FAULT = 1e18
"""What stands in a sound in place of NaN and of infinities, which would be written as zeros."""
_SEEDS, _SHARE = 64, 17
_NUMBER = len(" 1.23456789e-05")


def command_length(controls: int) -> int:
    """Bytes of a command for a patch of so many controls."""
    return len("63") + _NUMBER * controls + len(";\n")


def turn_command(instance: int, params: Sequence[float]) -> str:
    """The command that gives an instance its controls, `[D]`."""
    numbers = "".join([f" {value:.9g}" for value in params])
    return f"{instance}{numbers}".ljust(command_length(len(params)) - 2) + ";\n"


def go_command(blocks: int, controls: int) -> str:
    """The command that lets every instance, of so many controls, render some blocks."""
    return f"go {blocks}".ljust(command_length(controls) - 2) + ";\n"


def driver_patch(obj: str, controls: int, outlets: Sequence[int], instances: int, seed: int) -> str:
    """Write the patch.

    Args:
        obj: What to write in the box of an instance.
        controls: How many it has.
        outlets: Which of its outlets give sound; their mean is taken.
        instances: How many there are.
        seed: Moves Pd's own counters on, from which each [noise~] and [random] gets a seed; after 64 seeds
            they are the same again. It is also sent to `tonewright-seed`.
    """
    boxes = Boxes()
    for _ in range(seed % _SEEDS * _SHARE):
        boxes.add("obj noise~")
        boxes.add("obj random")
    read = boxes.add("obj file handle")
    wait = boxes.add("obj until")
    some = boxes.add(f"msg {command_length(controls)}")
    parse = boxes.add("obj fudiparse")
    go = boxes.add("obj route go")
    boxes.chain(wait, some, read, parse, go)

    ended = boxes.add("obj t b b")
    boxes.connect(read, 1, ended)
    boxes.connect(ended, 1, wait, 1)
    boxes.connect(ended, 0, boxes.add("msg \\; pd quit"))

    # go: no more commands until so many blocks are there, each of which is announced by [bang~].
    begin = boxes.add("obj t f f b b")
    boxes.connect(go, 0, begin)
    boxes.connect(begin, 3, wait, 1)
    left, less, last = boxes.add("obj f"), boxes.add("obj - 1"), boxes.add("obj sel 0")
    boxes.chain(boxes.add("obj bang~"), left, less)
    boxes.connect(less, 0, left, 1)  # before the last block is told, which may begin the next ones
    boxes.connect(less, 0, last)
    boxes.connect(begin, 0, left, 1)
    frames, kept = boxes.add(f"obj * {BLOCK}"), boxes.add("obj f")
    boxes.connect(begin, 1, frames)
    boxes.connect(frames, 0, kept, 1)

    done = boxes.add("obj t b b b")
    boxes.connect(last, 0, done)
    arrays = " ".join(f"tonewright-{i}" for i in range(instances))
    write = boxes.add(f"msg write -nextstep -bytes 4 -nframes \\$1 {SOUND} {arrays}")
    boxes.connect(done, 2, kept)
    boxes.chain(kept, write, boxes.add("obj soundfiler"))
    reply, tell = boxes.add("msg 10"), boxes.add("obj file handle")
    boxes.connect(done, 1, reply)
    boxes.connect(reply, 0, tell)
    boxes.connect(done, 0, wait)

    controls = boxes.add("obj route " + " ".join(map(str, range(instances))))
    boxes.connect(go, 1, controls)
    for i in range(instances):
        instance = boxes.add(f"obj {obj}")
        boxes.connect(controls, i, instance)
        mean = boxes.add(f"obj *~ {1 / len(outlets):.9g}")
        for outlet in outlets:
            boxes.connect(instance, outlet, mean)
        kept = boxes.add(f"obj tabwrite~ tonewright-{i}")
        # NaN is not larger than anything, and comes out of [max~] as its argument.
        boxes.chain(mean, boxes.add(f"obj max~ {-FAULT:g}"), boxes.add(f"obj min~ {FAULT:g}"), kept)
        boxes.connect(begin, 2, kept)
        boxes.add(f"obj array define tonewright-{i} {LONGEST}")

    start = boxes.add("obj t b b b b b")
    boxes.connect(boxes.add("obj loadbang"), 0, start)
    seeded = boxes.add(f"msg {seed}")
    boxes.connect(start, 4, seeded)
    boxes.connect(seeded, 0, boxes.add(f"obj s {SEED}"))
    for outlet, message, box in (3, f"msg open {COMMANDS} r", read), (2, f"msg open {REPLIES} w", tell):
        opening = boxes.add(message)
        boxes.connect(start, outlet, opening)
        boxes.connect(opening, 0, box)
    boxes.connect(start, 1, boxes.add("msg \\; pd dsp 1"))
    boxes.connect(start, 0, wait)
    return boxes.text()
