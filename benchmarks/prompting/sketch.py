"""Train the sketch that ships, and put it into the package with its model card.

Usage: python benchmarks/prompting/sketch.py [--run FOLDER] [--ship] [--ran-on TEXT]. The training is
`tonewright train sketch` with what it does unless told otherwise, seed 0; it is gone on with if it was
broken off, and not done again if it is finished. --ship copies the network, and writes the card from the
committed results of honoured.py.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SHIPPED = HERE.parent.parent / "src/tonewright/prompting/generators/sketch/shipped"
STEM = "sketch-v1"
CARD = """# Model card: sketch, version 1

`{stem}.onnx` makes a piece from a text: a score of drums, lines and sweeps with its timbres and its room,
which the [band]({up}/src/tonewright/prompting/generators/sketch/band.py) plays in stereo at 44.1 kHz. It is
what `tonewright generate` takes unless another is named.

| | |
|---|---|
| weights | {megabytes} MB, half precision |
| network | a rectified flow over {latents} numbers: {depth} blocks of {width}; attention over the words |
| reads | {words} words, of which {tempos} are tempos; other words are all the same to it |
| runs on | ONNX Runtime, on the processor; torch is not needed |
| tied to | version 1 of the band |
| beside it | `{stem}.json`: the whole configuration, the words, the SHA-256 of the graph |

## How it was trained

On {pieces:,} pieces that it composed itself, of styles and with words that are not held out, each with
{captions} captions of what is known of the piece and what was measured of its sound: {updates:,} updates, one
seed, {minutes:.0f} minutes on {ran_on}, after seven minutes in which two cores composed, played and
measured the pieces. No recording was used.

```console
python benchmarks/prompting/sketch.py --ship
```

## How good it is

On {briefs} briefs of each kind that no training saw, by a recogniser that is not the reward.
[Where the numbers come from]({up}/benchmarks/RESULTS.md#briefs-that-the-sketch-honours).

{table}

## Limits

- Its sounds are those of the band: the timbres of `serum-lite`, seven drums, sweeps and bands of noise. It
  has no voices, no acoustic instruments and no recordings, whatever a text asks for.
- It knows few words. What it does not know, it passes over.
- Tone words are kept against other sounds of a category, not in decibels.
- Some tone words hardly move it: how busy a rhythm of a given tempo is, and how quickly a note begins. The
  [results]({up}/benchmarks/results/prompting-honoured.json) tell it by axis.

## Licence

MIT, as the rest of Tonewright.
"""


def card(run: Path, ran_on: str) -> str:
    sys.path.append(str(HERE.parent))  # the tables of the crafts know each other from there
    from tables import honoured_table

    described = json.loads((SHIPPED / f"{STEM}.json").read_text())
    config = described["configuration"]
    log = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    found = json.loads((HERE.parent / "results" / "prompting-honoured.json").read_text())
    words = config["words"]
    return CARD.format(
        stem=STEM,
        megabytes=f"{(SHIPPED / f'{STEM}.onnx').stat().st_size / 1e6:.1f}",
        latents=described["inputs"]["latents"][-1],
        depth=config["depth"],
        width=config["width"],
        words=len(words),
        tempos=sum(word.startswith("tempo:") for word in words),
        pieces=5 * config["pieces"],
        captions=config["captions"],
        updates=config["updates"],
        minutes=max(line["wall_s"] for line in log) / 60,
        ran_on=ran_on,
        briefs=found["words_trained_on"]["briefs"],
        table=honoured_table(),
        up="../../../../../..",
    )


def main() -> None:
    """Train, or go on, and ship."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/sketch"), help="folder of the training")
    parser.add_argument("--ship", action="store_true", help="put the network and its card into the package")
    parser.add_argument("--ran-on", default="one core", help="what trained, for the card (one core)")
    options = parser.parse_args()
    if not (options.run / "sketch.onnx").exists():
        resume = ["--resume"] if options.run.exists() else []
        words = [sys.executable, "-m", "tonewright", "train", "sketch", "-o", str(options.run), *resume]
        subprocess.run(words, check=True)
    if options.ship:
        SHIPPED.mkdir(exist_ok=True)
        for ending in ("onnx", "json"):
            shutil.copy(options.run / f"sketch.{ending}", SHIPPED / f"{STEM}.{ending}")
        (SHIPPED / f"{STEM}.md").write_text(card(options.run, options.ran_on))


if __name__ == "__main__":
    main()
