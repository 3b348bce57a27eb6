"""`tonewright generate`: sounds from text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from tonewright.cli.options import (
    Count,
    Flag,
    Name,
    Number,
    OptionalFile,
    OptionalFolder,
    OptionalName,
    OutputFile,
    Seconds,
    Seed,
)
from tonewright.cli.verbs import VerbGroup


@dataclass(frozen=True)
class Generate:
    """Make a sound from a text, with a text-to-audio model.

    `sketch` works offline on any processor, once it is trained:
    `tonewright train sketch -o RUN`.

    `stable-audio` needs an environment of its own:
    `tonewright generate setup`.
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
    generator: Name = "sketch"
    """Which model."""
    model: OptionalName = None
    """Its weights: a folder, or a name on huggingface.co."""
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
            seconds=self.seconds or _seconds_of(self.prompt),
            steps=self.steps,
            cfg_scale=self.cfg,
            sampler=self.sampler,
            sigma_max=self.sigma_max,
            sigma_min=self.sigma_min,
            seed=self.seed,
            init_audio=None if self.init is None else read(self.init),
            init_noise_level=self.init_noise,
        )
        (made,) = model.generate([request])
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
            *([] if used.sampler is None else [used.sampler]),
            *([] if used.steps is None else [f"{used.steps} steps"]),
            *([] if used.cfg_scale is None else [f"guidance {used.cfg_scale:g}"]),
            f"seed {used.seed}",
        ]
        print(f"wrote {self.output}: {', '.join(told)}")


GENERATE = VerbGroup("Make a sound from a text.", Generate)


@GENERATE.word("setup")
@dataclass(frozen=True)
class GenerateSetup:
    """Make the environment that the generator `stable-audio` runs in.

    pip fetches what it needs, as it is configured to: some gigabytes.
    """

    folder: OptionalFolder = None
    """Where; $TONEWRIGHT_STABLE_AUDIO_ENV, or the user's folder of caches,
    unless given."""
    overwrite: Flag = False
    """Make it anew if it is there."""

    def run(self) -> None:
        """Make it, and tell what is done."""
        import sys

        from tonewright.prompting.generators.stable_audio.environment import make_environment

        def tell(line: str) -> None:
            print(line, file=sys.stderr)

        made = make_environment(self.folder, tell=tell, overwrite=self.overwrite)
        print(f"the environment of stable-audio is {made}")


def _seconds_of(prompt: str) -> float:
    """As long as a prompt asks for; as long as usual if it does not say."""
    from tonewright.errors import BriefError
    from tonewright.prompting.briefs.reading import brief_of_text
    from tonewright.prompting.generators.base import Request

    try:
        return brief_of_text(prompt).target.seconds
    except BriefError:
        return Request.seconds
