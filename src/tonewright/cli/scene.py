"""`tonewright generate scene`: layers of sounds in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from tonewright.cli.options import Flag, InputFile, Name, OptionalName, OutputFile


@dataclass(frozen=True)
class GenerateScene:
    """Make a scene: layers from prompts and files, each at its time and level.

    A mix that would clip is not written; the headroom that it needs is told.
    """

    scene: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="SCENE.json")]
    """The scene."""
    output: OutputFile
    """Sound file to make: .wav (32-bit float) or .flac (24 bit)."""
    generator: Name = "sketch"
    """Which model makes the layers with prompts."""
    model: OptionalName = None
    """Its weights: the folder of a training."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print what was made as JSON."""

    def run(self) -> None:
        """Read, render, mix and write."""
        from tonewright.audio import write
        from tonewright.cli.output import print_written
        from tonewright.files import check_file
        from tonewright.prompting.arranging.mixing import render_scene
        from tonewright.prompting.arranging.reading import read_scene
        from tonewright.prompting.generators.registry import generator
        from tonewright.wording import minus

        check_file(self.output, overwrite=self.overwrite)
        scene = read_scene(self.scene)
        model = generator(self.generator, self.model)
        made = render_scene(scene, model)
        write(self.output, made.clip, overwrite=self.overwrite)
        if self.json:
            facts = {
                "generator": model.name,
                "seconds": scene.seconds,
                "peak_dbtp": round(made.peak_dbtp, 2),
                "seeds": made.seeds,
                "evaluations": made.evaluations,
            }
            print_written([self.output], facts)
            return
        layers = "1 layer" if len(scene.layers) == 1 else f"{len(scene.layers)} layers"
        peak = minus(f"{made.peak_dbtp:.1f}")
        print(f"wrote {self.output}: {made.clip.seconds:.2f} s, {layers}, peak {peak} dBTP")
