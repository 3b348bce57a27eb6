"""`tonewright prompt`: briefs, and sounds scored against them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import tyro

from tonewright.cli.options import Count, Flag, InputFile, OptionalFolder, OutputFile, Seed
from tonewright.cli.verbs import VerbGroup

if TYPE_CHECKING:
    from tonewright.prompting.rewards.terms import ScoreCard
    from tonewright.prompting.words.vocabulary import Split

PROMPT = VerbGroup("Briefs for text-to-audio models, and sounds scored against them.")

BriefName = Annotated[str, tyro.conf.arg(metavar="ID|TEXT")]


@PROMPT.word("score")
@dataclass(frozen=True)
class PromptScore:
    """Score a sound against a brief: quality, style, alignment, technique."""

    sound: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="SOUND")]
    """The sound."""
    brief: BriefName
    """What it was to be: the id of a brief, or a text."""
    briefs: OptionalFolder = None
    """Folder of briefs of one's own."""
    json: Flag = False
    """Print the card as JSON."""

    def run(self) -> None:
        """Listen and print the card."""
        from tonewright.cli.output import print_json
        from tonewright.prompting.briefs.library import library, read_library
        from tonewright.prompting.judging import judge

        known = library() if self.briefs is None else read_library(self.briefs)
        brief = known.brief(self.brief)
        card = judge(self.sound, brief, known)
        if self.json:
            print_json({"brief": brief.fields(), **card.fields()})
            return
        _print_card(card)


@PROMPT.word("compare")
@dataclass(frozen=True)
class PromptCompare:
    """Make a page of two sounds against one brief: to hear them, and read both cards.

    The page plays them equally loud; the cards are of the files as they are.
    """

    a: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="A")]
    """The first sound."""
    b: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="B")]
    """The second."""
    brief: BriefName
    """What they were to be: the id of a brief, or a text."""
    output: OutputFile
    """Page to make, an HTML file."""
    briefs: OptionalFolder = None
    """Folder of briefs of one's own."""
    overwrite: Flag = False
    """Replace the page if it exists."""
    json: Flag = False
    """Print both cards as JSON."""

    def run(self) -> None:
        """Score both and write the page."""
        from tonewright.cli.output import check_page, print_written
        from tonewright.files import write_text
        from tonewright.prompting.briefs.library import library, read_library
        from tonewright.prompting.comparing.comparison import compare
        from tonewright.prompting.comparing.page import comparison_html

        check_page(self.output, overwrite=self.overwrite)
        known = library() if self.briefs is None else read_library(self.briefs)
        found = compare(self.a, self.b, known.brief(self.brief), known)
        write_text(self.output, comparison_html(found), overwrite=self.overwrite)
        if self.json:
            print_written([self.output], found.fields())
            return
        for side in found.sides:
            fault = f", {side.card.fault}" if side.card.fault else ""
            print(f"{side.name}: reward {side.card.total:.3f}{fault}")
        print(f"wrote {self.output}")


@PROMPT.word("briefs")
@dataclass(frozen=True)
class PromptBriefs:
    """List briefs: those that ship, those of a folder, or new ones from a seed."""

    briefs: OptionalFolder = None
    """Folder of briefs of one's own."""
    make: Count = None
    """Make so many new ones instead."""
    seed: Seed = 0
    """Seed of those that are made."""
    held_out: Flag = False
    """Make them with words that nothing is trained on."""
    json: Flag = False
    """Print JSON, as a file of briefs has them."""

    def run(self) -> None:
        """List them."""
        from tonewright.cli.output import print_json, print_table
        from tonewright.prompting.briefs.library import BRIEFS, FORMS, VERSION, library, read_library
        from tonewright.prompting.briefs.making import make_briefs

        known = library() if self.briefs is None else read_library(self.briefs)
        found = list(known.briefs.values())
        if self.make is not None:
            split: Split = "held-out" if self.held_out else "train"
            found = make_briefs(self.make, seed=self.seed, split=split, from_library=known)
        if self.json:
            form, key = FORMS[BRIEFS]
            print_json({"format": form, "format_version": VERSION, key: [brief.fields() for brief in found]})
            return
        print_table(
            ("id", "category", "difficulty", "description"),
            [(brief.id, brief.category, str(brief.difficulty), brief.description) for brief in found],
        )


def _print_card(card: ScoreCard) -> None:
    from tonewright.cli.output import print_table

    if card.fault:
        print(f"reward 0: {card.fault}")
        return
    rows = []
    for name, score in card.components.items():
        rows.append((name, f"{score:.2f}", f"{card.weights[name]:.2f}", "", ""))
        for term, one in card.terms[name].items():
            measured = f"{one.measured:.3g} {one.unit}".strip()
            rows.append((f"  {term}", f"{one.score:.2f}", "", measured, one.meaning))
    print_table(("part", "score", "weight", "measured", "what"), rows)
    print(f"reward {card.total:.3f}")
