"""What it takes to get the sounds of an exploration again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields

from tonewright import wording
from tonewright.prompting.exploring.exploration import Exploration, Point
from tonewright.prompting.generators.base import Request
from tonewright.reports.markup import Html, join, tag


def facts(found: Exploration, point: Point) -> list[list[str]]:
    """What it takes to get a sound again."""
    place, used = point.place, point.made.request
    along = f"{place.share:.0%} of the way"
    told = [("Prompt", used.prompt)]
    if place.to_prompt is not None and 0 < place.share < 1:
        told = [("Prompt", found.asked.request.prompt), ("Toward", f"{place.to_prompt}, {place.share:.0%}")]
    if place.to_seed is None or place.share in (0.0, 1.0):
        told.append(("Seed", str(used.seed)))
    else:
        told.append(("Seeds", f"{place.seed} to {place.to_seed}, {along}"))
    if place.angle_deg:
        told.append(("Turned", f"{wording.number(place.angle_deg)}°, direction {place.direction}"))
    if used.negative_prompt:
        told.append(("Not", used.negative_prompt))
    told += [
        (name, f"{value:g}" if isinstance(value, float) else str(value))
        for name, value in (("Sampler", used.sampler), ("Steps", used.steps), ("Guidance", used.cfg_scale))
        if value is not None
    ]
    return [[name, value] for name, value in told]


def again(found: Exploration) -> Html:
    """The command that makes the page again, and the code that makes one sound."""
    asked = found.asked
    options = [f"--seed {asked.request.seed}", f"--steps {asked.steps}", f"--neighbours {asked.neighbours}"]
    if asked.neighbours:
        options.append(f"--angle {asked.angle_deg:g}")
    if asked.to_seed is not None:
        options.append(f"--to-seed {asked.to_seed}")
    if asked.to_prompt is not None:
        options.append(f"--to {_quoted(asked.to_prompt)}")
    words = [_quoted(asked.request.prompt), *options, *_settings(found), "-o explore.html"]
    command = [tag("span", word) for word in ("tonewright generate explore", *words)]
    ends = join(
        "Both ends of the walk are what ",
        tag("code", "tonewright generate"),
        " makes of that prompt and that seed. All others are made by the command above, with the same "
        "weights, or, one by one, in Python; this is the last of them:",
    )
    return join(
        tag("pre", tag("code", join(*(join(one, " ") for one in command)), class_="command")),
        tag("p", ends, class_="note between"),
        tag("pre", tag("code", _in_python(found))),
    )


def _in_python(found: Exploration) -> str:
    """How the last sound is made by itself."""
    used = found.points[0].made.request
    settings = {
        field.name: getattr(used, field.name)
        for field in fields(Request)
        if field.name not in ("prompt", "seed") and getattr(used, field.name) != field.default
    }
    place = found.points[-1].place.fields()
    return "\n".join(
        [
            "from tonewright.prompting.exploring.places import Place, render_at",
            "from tonewright.prompting.generators.base import Request",
            "from tonewright.prompting.generators.registry import generator",
            "",
            f"request = Request({used.prompt!r}, {_arguments(settings)})",
            f"place = Place({_arguments(place)})",
            f"made = render_at(generator({found.generator!r}), request, place)",
        ]
    )


def _arguments(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def _settings(found: Exploration) -> list[str]:
    """Options of the settings that were used."""
    used = found.points[0].made.request
    named = {
        "--seconds": used.seconds,
        "--cfg": used.cfg_scale,
        "--sampler": used.sampler,
        "--sampler-steps": used.steps,
        "--negative": _quoted(used.negative_prompt) if used.negative_prompt else None,
    }
    return [
        f"{name} {value:.9g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in named.items()
        if value is not None
    ]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
