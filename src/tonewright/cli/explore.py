"""`tonewright generate explore`: a walk through the sounds of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from tonewright.cli.options import (
    Count,
    Flag,
    Name,
    Number,
    OptionalName,
    OptionalSeed,
    OutputFile,
    Seconds,
    Seed,
)

Prompt = Annotated[str | None, tyro.conf.arg(metavar="PROMPT", help_behavior_hint="")]


@dataclass(frozen=True)
class GenerateExplore:
    """Walk from one sound to another, and make a page to hear what lies between.

    Neighbours of the first sound are made as well, a small step to the side.
    """

    prompt: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="PROMPT")]
    """What it should be."""
    output: OutputFile
    """Page to make, an HTML file."""
    to: Prompt = None
    """Prompt at the end of the walk; the same all along unless given."""
    to_seed: OptionalSeed = None
    """Seed at its end; the next one unless given, or, with --to, the same noise."""
    steps: Annotated[int, tyro.conf.arg(metavar="N")] = 7
    """Sounds of the walk, 2 to 15."""
    neighbours: Annotated[int, tyro.conf.arg(metavar="N")] = 8
    """Neighbours of its beginning, 0 to 16."""
    angle: Annotated[float, tyro.conf.arg(metavar="DEGREES")] = 25.0
    """How far away these are, in degrees of noise; another seed is about 90 away."""
    seed: Seed = 0
    """Seed at the beginning of the walk."""
    negative: Annotated[str, tyro.conf.arg(metavar="PROMPT")] = ""
    """What no sound should be."""
    seconds: Seconds = None
    """How long each is; as the prompt says, or 8, unless given."""
    cfg: Number = None
    """How far it follows the prompt (classifier-free guidance)."""
    sampler: OptionalName = None
    """How it goes from noise to sound."""
    sampler_steps: Count = None
    """Steps of the sampler; as the generator recommends unless given."""
    generator: Name = "sketch"
    """Which model."""
    model: OptionalName = None
    """Its weights: the folder of a training."""
    overwrite: Flag = False
    """Replace the page if it exists."""
    json: Flag = False
    """Print the places of all sounds as JSON."""

    def run(self) -> None:
        """Render all and write the page."""
        from tonewright.cli.output import check_page, print_written
        from tonewright.cli.progress import work_progress
        from tonewright.files import write_text
        from tonewright.prompting.exploring.exploration import Explore, explore
        from tonewright.prompting.exploring.page import exploration_html
        from tonewright.prompting.generators.base import Request
        from tonewright.prompting.generators.registry import generator

        check_page(self.output, overwrite=self.overwrite)
        model = generator(self.generator, self.model)
        request = Request(
            prompt=self.prompt,
            negative_prompt=self.negative,
            seconds=self.seconds or seconds_of(self.prompt),
            steps=self.sampler_steps,
            cfg_scale=self.cfg,
            sampler=self.sampler,
            seed=self.seed,
        )
        asked = Explore(request, self.to, self.to_seed, self.steps, self.neighbours, self.angle)
        with work_progress("rendering", self.steps + self.neighbours) as done:
            found = explore(model, asked, done)
        write_text(self.output, exploration_html(found), overwrite=self.overwrite)
        if self.json:
            print_written([self.output], found.fields())
            return
        for point in found.points:
            if point.made.fault:
                print(f"{point.title}: {point.made.fault}")
        print(f"wrote {self.output}: {len(found.points)} sounds")


def seconds_of(prompt: str) -> float:
    """As long as a prompt asks for; as long as usual if it does not say."""
    from tonewright.errors import BriefError
    from tonewright.prompting.briefs.reading import brief_of_text
    from tonewright.prompting.generators.base import Request

    try:
        return brief_of_text(prompt).target.seconds
    except BriefError:
        return Request.seconds
