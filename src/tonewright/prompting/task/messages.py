"""What a language model is told: what it is to write, with examples, and the brief."""

from __future__ import annotations

import json
from typing import TypedDict

from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.library import Library
from tonewright.prompting.briefs.making import make_briefs
from tonewright.prompting.briefs.templates import Template
from tonewright.prompting.generators.base import Generator, Setting
from tonewright.prompting.task.replies import Reply, written_settings

_EXAMPLES_SEED = 20_261
_TOLD = """\
You write for a text-to-audio model: a brief says which sound somebody needs, and you answer with the prompt
and the settings that make it. The sound is judged by the brief alone, never by your prompt.

Answer with one JSON object and nothing else. It holds "prompt", and may hold:
{settings}
What you leave out is as the model recommends. More evaluations of the model cost reward. How long the sound
is follows from the brief."""


class Message(TypedDict):
    """A turn of a chat."""

    role: str
    content: str


def instructions(generator: Generator) -> str:
    """What a reply is, with the settings of a generator."""
    lines = [f'- "{name}": {_range(one)}; {one.meaning}' for name, one in written_settings(generator).items()]
    return _TOLD.format(settings="\n".join(lines))


def messages(brief: Brief, generator: Generator, library: Library, examples: int = 2) -> list[Message]:
    """The chat that asks for a reply to a brief.

    Args:
        brief: The brief; of it only the description is told.
        generator: Whose settings may be asked for.
        library: Of its templates the replies of the examples are made.
        examples: How many, of the brief's category.
    """
    told: list[Message] = [{"role": "system", "content": instructions(generator)}]
    for number, other in enumerate(_others(brief, examples)):
        reply = templated_reply(other, generator, library, number)
        told.append({"role": "user", "content": other.description})
        told.append({"role": "assistant", "content": json.dumps(reply.fields())})
    return [*told, {"role": "user", "content": brief.description}]


def templated_reply(brief: Brief, generator: Generator, library: Library, number: int) -> Reply:
    """A reply as a template has it: its prompt, with the settings that are recommended for the brief.

    Args:
        brief: The brief.
        generator: Whose settings they are.
        library: Whose templates and presets.
        number: Which of the templates of its category, in turn.
    """
    values = _values(brief)
    fitting: list[Template] = [
        one
        for one in library.templates.values()
        if one.kind == "prompt" and one.category == brief.category and all(p in values for p in one.places)
    ]
    prompt = fitting[number % len(fitting)].fill(values) if fitting else brief.baseline_prompt
    known = written_settings(generator)
    settings = library.presets[brief.settings].settings.get(generator.name, {})
    return Reply(prompt, **{name: value for name, value in settings.items() if name in known})


def _others(brief: Brief, count: int) -> list[Brief]:
    made = make_briefs(count + 1, seed=_EXAMPLES_SEED, categories=[brief.category], themes=False)
    return [one for one in made if one.description != brief.description][:count]


def _values(brief: Brief) -> dict[str, str]:
    target = brief.target
    found = {"description": brief.description}
    if brief.subcategory != brief.category:
        found["style"] = brief.subcategory
    if target.bpm is not None:
        found["bpm"] = f"{target.bpm:g}"
    if target.key is not None:
        found["key"] = target.key
    for name, words in (("tones", target.tone), ("elements", target.elements)):
        if words:
            found[name] = ", ".join(words)
    return found


def _range(setting: Setting) -> str:
    if setting.choices:
        return "one of " + ", ".join(setting.choices)
    if isinstance(setting.default, str):
        return "text"
    return f"{setting.low:g} to {setting.high:g}"
