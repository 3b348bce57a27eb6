"""The estimator's network: a posterior over presets, discrete controls one after the other, the rest by flow.

The sound is encoded once. Integer controls are drawn in order, each given those before it; the
continuous ones (and the gate) are carried from noise to a preset by a velocity field (flow matching: Lipman
et al., "Flow matching for generative modeling", ICLR 2023), given the encoding and the integers. Samples,
not an average: where two oscillators could be swapped, the average of both answers is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from tonewright.matching.estimator.inputs import PICTURE, SCALARS
from tonewright.matching.hearing.note_spectra import SPECTRA
from tonewright.synths.control import ControlSpace

_FRAME_FEATURES = 32
_TIMES = 16
UNIT_STD = 1 / math.sqrt(12)
"""Of a uniform number in [0, 1]: the flow works on (x − 0.5) / UNIT_STD."""


class Layout:
    """Which values the network gives: integer controls, then continuous ones and the gate.

    Attributes:
        discrete: Positions of integer controls.
        steps: Number of values of each.
        continuous: Positions of the others.
    """

    def __init__(self, controls: ControlSpace) -> None:
        self.discrete = [i for i, control in enumerate(controls) if control.steps]
        self.steps = [controls.controls[i].steps for i in self.discrete]
        self.continuous = [i for i, control in enumerate(controls) if not control.steps]

    @property
    def flowing(self) -> int:
        """Numbers that flow: the continuous controls and the gate."""
        return len(self.continuous) + 1


class Residual(nn.Module):
    """x + MLP(norm(x)), `[batch, width]`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        change: Tensor = self.outer(functional.gelu(self.inner(self.norm(x))))
        return x + change


class Encoder(nn.Module):
    """Encodes each cell of the picture alone, then all together with the fine spectra and scalars."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        cells, mels = PICTURE
        self.frame = nn.Sequential(
            nn.Linear(mels + 8, 96), nn.GELU(), nn.Linear(96, _FRAME_FEATURES), nn.GELU()
        )
        self.where = nn.Parameter(0.1 * torch.randn(cells, 8))
        self.together = nn.Linear(cells * _FRAME_FEATURES + SPECTRA[0] * SPECTRA[1] + SCALARS, width)
        self.blocks = nn.Sequential(*(Residual(width) for _ in range(depth)), nn.LayerNorm(width))

    def forward(self, picture: Tensor, spectra: Tensor, scalars: Tensor) -> Tensor:
        """Encoding `[batch, width]`."""
        where = self.where.expand(picture.shape[0], -1, -1)
        frames = self.frame(torch.cat([picture + 1.5, where], dim=2)).flatten(1)
        parts = torch.cat([frames, (spectra + 1.5).flatten(1), scalars], dim=1)
        encoding: Tensor = self.blocks(self.together(parts))
        return encoding


class Estimator(nn.Module):
    """Posterior over presets given a sound.

    Args:
        steps: Number of values of each integer control.
        flowing: Numbers that flow.
        width: Of the encoding.
        depth: Residual blocks of the encoder.
        flow_width: Of the velocity field.
        flow_depth: Its residual blocks.
    """

    def __init__(
        self,
        steps: Sequence[int],
        flowing: int,
        *,
        width: int = 512,
        depth: int = 2,
        flow_width: int = 384,
        flow_depth: int = 3,
    ) -> None:
        super().__init__()
        self.steps, self.flowing = tuple(steps), flowing
        self.encoder = Encoder(width, depth)
        before = [sum(self.steps[:k]) for k in range(len(self.steps))]
        self.choices = nn.ModuleList(
            nn.Sequential(nn.Linear(width + chosen, 128), nn.GELU(), nn.Linear(128, count))
            for chosen, count in zip(before, self.steps, strict=True)
        )
        self.into_flow = nn.Linear(flowing + 2 * _TIMES + sum(self.steps), flow_width)
        self.condition = nn.Linear(width, flow_width)
        self.flow_blocks = nn.Sequential(*(Residual(flow_width) for _ in range(flow_depth)))
        self.velocity_out = nn.Sequential(nn.LayerNorm(flow_width), nn.Linear(flow_width, flowing))

    def choice(self, index: int, encoding: Tensor, chosen: Tensor) -> Tensor:
        """Logits of an integer control, given the one-hot values of those before it."""
        logits: Tensor = self.choices[index](torch.cat([encoding, chosen], dim=1))
        return logits

    def velocity(self, x: Tensor, time: Tensor, encoding: Tensor, chosen: Tensor) -> Tensor:
        """Velocity `[batch, flowing]` at x, from noise (time 0) to preset (time 1)."""
        angles = time[:, None] * (math.pi * torch.arange(1, _TIMES + 1, device=x.device))
        inputs = torch.cat([x, torch.sin(angles), torch.cos(angles), chosen], dim=1)
        hidden = self.into_flow(inputs) + self.condition(encoding)
        velocity: Tensor = self.velocity_out(self.flow_blocks(hidden))
        return velocity

    def one_hot(self, bins: Tensor) -> Tensor:
        """Whole numbers `[batch, integer controls]` as `[batch, Σ steps]`."""
        if not self.steps:
            return bins.new_zeros((len(bins), 0), dtype=torch.float32)
        columns = [functional.one_hot(bins[:, k], count) for k, count in enumerate(self.steps)]
        return torch.cat(columns, dim=1).float()

    def losses(
        self,
        picture: Tensor,
        spectra: Tensor,
        scalars: Tensor,
        bins: Tensor,
        values: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Negative log likelihood of the integers, and the flow-matching error, per row.

        Args:
            picture: See `SoundInputs`; so are spectra and scalars.
            spectra: See `SoundInputs`.
            scalars: See `SoundInputs`.
            bins: True integer controls `[batch, n]`.
            values: True continuous controls and gate in [0, 1] `[batch, flowing]`.
            generator: Random numbers of noise and times.
        """
        encoding = self.encoder(picture, spectra, scalars)
        chosen = self.one_hot(bins)
        surprise = encoding.new_zeros(len(bins))
        first = 0
        for k, count in enumerate(self.steps):
            logits = self.choice(k, encoding, chosen[:, :first])
            surprise = surprise + functional.cross_entropy(logits, bins[:, k], reduction="none")
            first += count
        goal = (values - 0.5) / UNIT_STD
        noise = torch.randn(goal.shape, generator=generator)
        time = torch.rand(len(goal), generator=generator)
        x = noise + time[:, None] * (goal - noise)
        error = self.velocity(x, time, encoding, chosen) - (goal - noise)
        return surprise, error.square().mean(dim=1)


class Sampler(nn.Module):
    """Draws presets: what is exported, with randomness as an input.

    Args:
        estimator: Trained.
        steps: Steps of the flow (Heun's method, two evaluations each).
    """

    def __init__(self, estimator: Estimator, steps: int = 12) -> None:
        super().__init__()
        self.estimator, self.flow_steps = estimator, steps

    def forward(
        self, picture: Tensor, spectra: Tensor, scalars: Tensor, uniforms: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Draw a preset for each row.

        Args:
            picture: See `SoundInputs`; so are spectra and scalars.
            spectra: See `SoundInputs`.
            scalars: See `SoundInputs`.
            uniforms: `[batch, n]` in (0, 1), decide on the integers.
            noise: `[batch, flowing]` standard normal, where the flow starts.

        Returns:
            Integers counted from 0 `[batch, n]`, and continuous controls and gate `[batch, flowing]`, about
            0…1.
        """
        estimator = self.estimator
        encoding = estimator.encoder(picture, spectra, scalars)
        chosen = encoding[:, :0]
        bins = []
        for k, count in enumerate(estimator.steps):
            cumulated = estimator.choice(k, encoding, chosen).softmax(dim=1).cumsum(dim=1)
            picked = (uniforms[:, k : k + 1] > cumulated[:, :-1]).sum(dim=1)
            bins.append(picked.float())
            one_hot = (torch.arange(count) == picked[:, None]).float()
            chosen = torch.cat([chosen, one_hot], dim=1)
        x, step = noise, 1.0 / self.flow_steps
        for k in range(self.flow_steps):
            begin, end = (torch.full_like(x[:, 0], (k + ahead) * step) for ahead in (0, 1))
            first = estimator.velocity(x, begin, encoding, chosen)
            second = estimator.velocity(x + step * first, end, encoding, chosen)
            x = x + step * 0.5 * (first + second)
        return torch.stack(bins, dim=1) if bins else encoding[:, :0], 0.5 + UNIT_STD * x
