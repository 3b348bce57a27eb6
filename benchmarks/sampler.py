"""How near a sampler comes to the synth: every factory preset as an SFZ instrument, played by sfizz.

Usage: pip install pysfizz, then python benchmarks/sampler.py (three minutes); writes
benchmarks/results/sampler.json. pysfizz brings the player sfizz to Python; nothing else here needs it.

Each preset is rendered as `tonewright render PRESET -o NAME.sfz` does, and two keys are held for six seconds
at full velocity: C3, which has a sample of its own, and C♯3, for which the sampler transposes that sample.
The synth plays the same notes beside it. One gain for each note takes out the sampler's own level.

- difference_db: what is left of C3 when the two are subtracted, for two seconds from the end of sfizz's first
  block on (1.5 ms, in which it fades every note in).
- transposed_mss: MSS between the two C♯3. Beside it reseeded_mss: between two of the synth's own, with other
  noise, where a preset has noise.
- release_level_db: mean difference of the levels once the key is let go, until the synth is 30 dB down.
- join: sharpest bend of the waveform (second difference) where a loop begins anew, by the sharpest within the
  loop; of all samples of a preset the largest. A click would lie far above 1.
- loop_level_db: difference of the levels of the sixth second, which only loops reach.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

import tonewright as tw
from tonewright.measuring.provenance import provenance
from tonewright.synths.instrument import Instrument, render_instrument, zones

RATE_HZ = 44_100
NOTES = (36, 84, 3)
OWN_KEY, OTHER_KEY = 48, 49
HELD_S, WHOLE_S, COMPARED_S = 6.0, 8.0, 2.0
BLOCK = 64
MOST_LATE = 4 * BLOCK
MEASURED = (
    "difference_db", "transposed_mss", "reseeded_mss", "release_level_db", "join", "loop_level_db",
)  # fmt: skip
RESULT = Path(__file__).parent / "results" / "sampler.json"

Sound = NDArray[np.float64]


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    synth = tw.synth("serum-lite", RATE_HZ)
    records = [measure(synth, preset) for preset in track(synth.factory_presets(), "playing")]
    looped = [record for record in records if record["held"] == "looped"]
    result = {
        "presets": len(records),
        "looped": len(looped),
        "dies_away": sum(record["held"] == "dies away" for record in records),
        "cut": sum(record["held"] == "cut" for record in records),
        **{name: spread(record.get(name) for record in records) for name in MEASURED},
        "provenance": provenance(),
        "records": records,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: value for name, value in result.items() if name != "records"}, indent=1))


def measure(synth, preset) -> dict[str, object]:
    """How a preset sounds in the sampler, beside the synth."""
    instrument = render_instrument(preset, zones(*NOTES), sample_rate_hz=RATE_HZ)
    params = preset.params(synth)[None]
    played = play(instrument, (OWN_KEY, OTHER_KEY))
    own = [synth.render(params, key, WHOLE_S, HELD_S)[0].astype(float) for key in (OWN_KEY, OTHER_KEY)]
    same, other = (aligned(theirs, ours) for theirs, ours in zip(played, own, strict=True))
    first = slice(BLOCK, round(COMPARED_S * RATE_HZ))
    record = {
        "preset": preset.name,
        "held": "looped" if instrument.looped else "cut" if instrument.cut else "dies away",
        "difference_db": decibels(same[first] - own[0][first], own[0][first]),
        "transposed_mss": mss(other[first], own[1][first]),
    }
    if preset.controls["noise_level"] > 0:
        reseeded = synth.render(params, OTHER_KEY, WHOLE_S, HELD_S, seed=1)[0]
        record["reseeded_mss"] = mss(reseeded[first], own[1][first])
    if instrument.looped:
        last = slice(round((HELD_S - 1) * RATE_HZ), round(HELD_S * RATE_HZ))
        record["release_level_db"] = release_level_db(same, own[0])
        record["join"] = max(
            join(sounds[0].astype(float), *loops[0])
            for sounds, loops in zip(instrument.samples, instrument.loops, strict=True)
        )
        record["loop_level_db"] = abs(decibels(same[last], own[0][last]))
    return record


def play(instrument: Instrument, keys: tuple[int, ...]) -> list[Sound]:
    """Notes as sfizz plays them."""
    import pysfizz

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.sfz")
        instrument.save(path)
        # A hint of sfizz's own: a disk cannot keep up with a note that is rendered faster than it sounds.
        path.write_text("<control> hint_ram_based=1\n" + path.read_text("utf-8"), "utf-8")
        sounds = []
        for key in keys:
            player = pysfizz.Synth(RATE_HZ, BLOCK)
            assert player.load_sfz_file(path)
            sounds.append(player.render_note(key, 127, HELD_S, WHOLE_S)[0].astype(float))
        return sounds


def aligned(played: Sound, own: Sound) -> Sound:
    """What was played, as early and as loud as what the synth plays."""
    first = own[: round(COMPARED_S * RATE_HZ)]
    products = [np.dot(played[late : late + len(first)], first) for late in range(MOST_LATE)]
    late = int(np.argmax(products))
    return np.pad(played[late:], (0, late)) * np.dot(first, first) / products[late]


def release_level_db(played: Sound, own: Sound) -> float:
    """Mean difference of the levels once the key is let go, until the synth is 30 dB down."""
    window = round(0.01 * RATE_HZ)
    released = [sound[round(HELD_S * RATE_HZ) :] for sound in (played, own)]
    windows = [sound[: len(sound) // window * window].reshape(-1, window) for sound in released]
    theirs, ours = (10 * np.log10(np.square(one).mean(axis=1) + 1e-12) for one in windows)
    down = int(np.argmax(ours < ours[0] - 30)) or len(ours)
    return float(np.abs(theirs - ours)[:down].mean())


def join(sound: Sound, start: int, end: int) -> float:
    """Sharpest bend where a loop begins anew, by the sharpest within it."""
    bends = np.abs(np.diff(np.concatenate([sound[start:end], sound[start:end]]), 2))
    around = slice(end - start - 8, end - start + 8)
    return float(bends[around].max() / bends[: around.start].max())


def decibels(sound: Sound, reference: Sound) -> float:
    """Power of a sound by that of another."""
    return float(10 * np.log10(np.square(sound).mean() / np.square(reference).mean()))


def mss(a: Sound, b: Sound) -> float:
    """The published distance of spectra at several resolutions."""
    return float(tw.distances.mss(np.float32(a)[None], np.float32(b)[None], RATE_HZ)[0])


def spread(values: Iterable[float | None]) -> dict[str, float]:
    """Median and worst, of those that have a value."""
    known = [value for value in values if value is not None]
    return {"median": float(np.median(known)), "worst": float(np.max(known))}


if __name__ == "__main__":
    main()
