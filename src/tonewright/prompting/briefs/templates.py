"""Templates: sentences with places that briefs and prompts are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from tonewright.errors import BriefError, UnknownNameError
from tonewright.prompting.words.vocabulary import vocabulary

KINDS = ("brief", "theme", "prompt")
_MADE = frozenset(
    [
        "bpm",
        "bars",
        "key",
        "seconds",
        "style",
        "noun",
        "mood",
        "tone1",
        "tone2",
        "element1",
        "element2",
        "element3",
    ]
)
_WRITTEN = frozenset(["description", "bpm", "key", "style", "tones", "elements"])
PLACES: Mapping[str, frozenset[str]] = {"brief": _MADE, "theme": _MADE, "prompt": _WRITTEN}
"""Places that a template of each kind may have."""


@dataclass(frozen=True)
class Template:
    """A sentence with places, such as `{bpm} BPM {style} {noun}`.

    Attributes:
        id: Its name.
        kind: What it makes: a "brief", a "theme" (a brief of a mood, a place or a scene), or a "prompt".
        category: For which category.
        text: The sentence.

    Raises:
        BriefError: The text has places that nothing fills, or is no template.
    """

    id: str
    kind: str
    category: str
    text: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownNameError("kind of template", self.kind, KINDS)
        if self.category not in vocabulary().categories:
            raise UnknownNameError("category", self.category, vocabulary().categories)
        for place in self.places:
            if place not in PLACES[self.kind]:
                raise UnknownNameError("place of a template", place, PLACES[self.kind])

    @property
    def places(self) -> tuple[str, ...]:
        """Names of its places, in order."""
        try:
            parts = list(Formatter().parse(self.text))
        except ValueError as error:
            raise BriefError(f"a template has places in braces; got {self.text!r} ({error})") from None
        if any(spec or conversion for _, _, spec, conversion in parts):
            raise BriefError(f"a place of a template is a name alone; got {self.text!r}")
        return tuple(name for _, name, _, _ in parts if name is not None)

    def fill(self, values: Mapping[str, object]) -> str:
        """The sentence with its places filled."""
        return self.text.format_map(values)
