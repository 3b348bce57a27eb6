"""`tonewright generate`: sounds from text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import tyro

from tonewright.cli.explore import GenerateExplore, seconds_of
from tonewright.cli.options import (
    Count,
    Flag,
    Name,
    Number,
    OptionalFile,
    OptionalName,
    OutputFile,
    Seconds,
    Seed,
)
from tonewright.cli.scene import GenerateScene
from tonewright.cli.serve import GenerateServe
from tonewright.cli.setup import GenerateSetup
from tonewright.cli.verbs import VerbGroup

if TYPE_CHECKING:
    from tonewright.prompting.generators.base import Generation, Generator, Request


@dataclass(frozen=True)
class Generate:
    """Make a sound from a text, with a text-to-audio model.

    `sketch` works offline on any processor.

    `generate scene` mixes layers of sounds in time.

    `generate explore` walks from one sound to another.

    `generate serve` lets many programs share one model.

    `generate setup` makes the environment that `stable-audio` needs.
    """

    prompt: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="PROMPT")]
    """What it should be: "128 BPM techno drum loop, punchy kick, crisp hats"."""
    output: OutputFile
    """Sound file to make: .wav (32-bit float) or .flac (24 bit)."""
    negative: Annotated[str, tyro.conf.arg(metavar="PROMPT")] = ""
    """What it should not be."""
    seconds: Seconds = None
    """How long; as the prompt says (whole bars at a tempo), or 8, unless given."""
    steps: Count = None
    """Steps of the sampler; as the generator recommends unless given, as are the options below."""
    cfg: Number = None
    """How far it follows the prompt (classifier-free guidance)."""
    sampler: OptionalName = None
    """How it goes from noise to sound."""
    sigma_max: Number = None
    """Noise level it begins with."""
    sigma_min: Number = None
    """Last noise level before none."""
    seed: Seed = 0
    """Seed: another one gives another sound."""
    init: OptionalFile = None
    """Sound to begin from."""
    init_noise: Number = None
    """How much noise is put over it, 0 to 1."""
    loop_bars: Count = None
    """Make a loop of so many bars at the tempo of the prompt, exactly."""
    stitch: Flag = False
    """Make what is longer than the generator can of segments that overlap."""
    carry: Number = None
    """Begin each segment from the end of the last, under so much noise, 0 to 1."""
    generator: Name = "sketch"
    """Which model: sketch, diffusers, stable-audio, or remote, one that is served."""
    model: OptionalName = None
    """Its weights: a folder, a name on huggingface.co, or the URL of a server;
    its own unless given."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print what was made as JSON."""

    def run(self) -> None:
        """Generate and write."""
        from tonewright.audio import read, write
        from tonewright.cli.output import print_written
        from tonewright.errors import GenerationError
        from tonewright.files import check_file
        from tonewright.prompting.generators.base import Request
        from tonewright.prompting.generators.registry import generator

        check_file(self.output, overwrite=self.overwrite)
        model = generator(self.generator, self.model)
        request = Request(
            prompt=self.prompt,
            negative_prompt=self.negative,
            seconds=self.seconds or seconds_of(self.prompt),
            steps=self.steps,
            cfg_scale=self.cfg,
            sampler=self.sampler,
            sigma_max=self.sigma_max,
            sigma_min=self.sigma_min,
            seed=self.seed,
            init_audio=None if self.init is None else read(self.init),
            init_noise_level=self.init_noise,
        )
        made = self._made(model, request)
        if made.fault:
            raise GenerationError(f"{model.name} failed: {made.fault}; try another seed or other settings")
        write(self.output, made.clip, overwrite=self.overwrite)
        used = made.request
        facts = {
            "generator": model.name,
            "seconds": used.seconds,
            "steps": used.steps,
            "cfg_scale": used.cfg_scale,
            "sampler": used.sampler,
            "seed": used.seed,
            "evaluations": made.evaluations,
        }
        if self.json:
            print_written([self.output], facts)
            return
        told = [
            f"{used.seconds:.2f} s",
            used.sampler,
            None if used.steps is None else f"{used.steps} steps",
            None if used.cfg_scale is None else f"guidance {used.cfg_scale:g}",
            f"seed {used.seed}",
        ]
        print(f"wrote {self.output}: {', '.join(one for one in told if one)}")

    def _made(self, model: Generator, request: Request) -> Generation:
        """At once, as a loop, or of segments."""
        from tonewright.documents import short_text
        from tonewright.errors import UsageError
        from tonewright.prompting.arranging.loops import loop
        from tonewright.prompting.arranging.stitching import stitch
        from tonewright.prompting.briefs.reading import asked

        if self.carry is not None and not self.stitch:
            raise UsageError("--carry is of segments; got it without --stitch; add that, or leave it out")
        if self.loop_bars is not None:
            if self.stitch or self.seconds is not None:
                other = "--stitch" if self.stitch else "--seconds"
                raise UsageError(f"--loop-bars says how long a loop is; got {other} as well; leave one out")
            bpm = asked(self.prompt).bpm
            if bpm is None:
                raise UsageError(
                    f"--loop-bars needs a tempo; got none in {short_text(self.prompt)!r}; add one: 120 BPM"
                )
            return loop(model, request, bpm, self.loop_bars)
        if self.stitch:
            return stitch(model, request, carry=self.carry)
        longest_s = model.settings["seconds"].high if "seconds" in model.settings else request.seconds
        if request.seconds > longest_s:
            raise UsageError(
                f"a sound of {model.name} has at most {longest_s:g} s; got {request.seconds:g}; make it of "
                "segments (--stitch)"
            )
        return model.generate([request])[0]


GENERATE = VerbGroup("Make a sound from a text.", Generate, any_text=True)
GENERATE.word("scene")(GenerateScene)
GENERATE.word("explore")(GenerateExplore)
GENERATE.word("serve")(GenerateServe)
GENERATE.word("setup")(GenerateSetup)
