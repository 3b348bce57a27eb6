"""`tonewright prompt`: briefs, and sounds scored against them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import tyro

from tonewright.cli.options import (
    Count,
    Flag,
    Folder,
    InputFile,
    LearnedNames,
    Name,
    OptionalFolder,
    OptionalName,
    OptionalNames,
    OutputFile,
    OutputFolder,
    Positive,
    Seed,
)
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
    learned: LearnedNames = ()
    """Networks that judge it, too: clap, pam, audiobox. MODEL is a folder, or a
    name on the Hugging Face hub."""
    json: Flag = False
    """Print the card as JSON."""

    def run(self) -> None:
        """Listen and print the card."""
        from tonewright.cli.output import print_json
        from tonewright.prompting.briefs.library import library, read_library
        from tonewright.prompting.judging import judge
        from tonewright.prompting.rewards.learned.registry import learned_scorers

        known = library() if self.briefs is None else read_library(self.briefs)
        brief = known.brief(self.brief)
        card = judge(self.sound, brief, known, learned=learned_scorers(self.learned))
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


@PROMPT.word("distance")
@dataclass(frozen=True)
class PromptDistance:
    """Tell how far the sounds of a folder are from those of another.

    The first 10 s of each are heard, in the folders and those below.
    """

    folder: Annotated[tyro.conf.Positional[Folder], tyro.conf.arg(metavar="DIR")]
    """The sounds."""
    reference: Folder
    """Folder of sounds that they are to be like."""
    permutations: Positive = 1000
    """How often the sounds are dealt anew, to tell chance."""
    seed: Seed = 0
    """Seed of that."""
    workers: Count = None
    """Processes; as many as there are cores unless given."""
    json: Flag = False
    """Print it as JSON."""

    def run(self) -> None:
        """Listen, and print the distance."""
        from tonewright.cli.output import print_json, skipped_sounds_told
        from tonewright.cli.progress import work_progress
        from tonewright.prompting.distance import folder_distance

        with ExitStack() as stack:
            stack.enter_context(skipped_sounds_told())
            bars: list[Callable[[float], None]] = []
            found = folder_distance(
                self.folder,
                self.reference,
                permutations=self.permutations,
                seed=self.seed,
                workers=self.workers,
                begin=lambda total: bars.append(stack.enter_context(work_progress("hearing", total))),
                progress=lambda: bars[0](1),
            )
        if self.json:
            print_json(found.fields())
            return
        print(f"MMD {found.mmd:.4f}: {found.sounds} sounds against {found.reference_sounds}")
        print(f"p {found.p_value:.3g}: how often chance gives as much ({found.permutations:,} permutations)")


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


@PROMPT.word("optimise")
@dataclass(frozen=True)
class PromptOptimise:
    """Search the settings of a generator that suit a category, or one brief.

    A search that was broken off goes on, and goes further with a larger --budget.
    """

    output: OutputFolder
    """Folder for the search, its page and parameter_presets.json."""
    category: OptionalName = None
    """drums, instruments, sfx, ambient or phrases."""
    brief: Annotated[str | None, tyro.conf.arg(metavar="ID|TEXT", help_behavior_hint="")] = None
    """Or one brief: its id, or a text."""
    budget: Positive = 60
    """How many settings to try."""
    generator: Name = "sketch"
    """Which model: sketch, diffusers, stable-audio, or remote."""
    model: OptionalName = None
    """Its weights; its own unless given."""
    tried_on: Positive = 10
    """Briefs of the category that each is tried on."""
    sounds: Positive = 2
    """Sounds of each brief."""
    seed: Seed = 0
    """Seed of the search."""
    workers: Count = None
    """Processes; as many as there are cores unless given."""
    json: Flag = False
    """Print what was found as JSON."""

    def run(self) -> None:
        """Search, and write the page."""
        from tonewright.cli.output import print_written
        from tonewright.cli.progress import work_progress
        from tonewright.files import write_text
        from tonewright.prompting.optimising.page import heard_trials, search_html, settings_told
        from tonewright.prompting.optimising.search import FOUND, SearchConfig, heard, search
        from tonewright.threads import available_threads

        config = SearchConfig(
            category=self.category,
            brief=self.brief,
            generator=self.generator,
            model=self.model,
            budget=self.budget,
            briefs=1 if self.brief else self.tried_on,
            sounds=self.sounds,
            seed=self.seed,
        )
        with work_progress("searching", float(self.budget)) as done:
            found = search(
                self.output,
                config,
                workers=self.workers or available_threads(),
                progress=lambda trial: done(1.0),
            )
        sounds = [heard(config, trial) for trial in heard_trials(found)]
        page = self.output / "page.html"
        write_text(page, search_html(found, sounds), overwrite=True)
        written = [page, self.output / "parameter_presets.json", self.output / FOUND]
        if self.json:
            print_written(written, found.fields())
            return
        print(f"the best of {len(found.trials)}: {settings_told(found.best)}")
        where = "held-out briefs" if found.held_out else "the brief"
        print(f"reward {found.gain:+.3f} against what is recommended, on {where}")
        for path in written:
            print(f"wrote {path}")


@PROMPT.word("openenv")
@dataclass(frozen=True)
class PromptOpenEnv:
    """Serve the task to trainers that speak OpenEnv: a brief is asked, a reply scored.

    It has no password: whoever reaches it can use it. Ctrl-C ends it.
    """

    generator: Name = "sketch"
    """What renders."""
    model: OptionalName = None
    """Its weights; its own unless given."""
    categories: OptionalNames = None
    """Of the briefs; all unless given."""
    held_out: Flag = False
    """Ask for words that nothing is trained on."""
    sounds: Positive = 2
    """Sounds of each reply."""
    host: Annotated[str, tyro.conf.arg(metavar="HOST")] = "127.0.0.1"
    """Where to listen: 0.0.0.0 lets other machines in."""
    port: Seed = 8000
    """The port; 0 for any that is free."""
    sessions: Positive = 64
    """How many clients may be at it."""

    def run(self) -> None:
        """Serve until Ctrl-C."""
        from tonewright.cli.serve import wait
        from tonewright.cli.signals import asked_to_end
        from tonewright.prompting.adapters.openenv import make_app
        from tonewright.prompting.generators.registry import generator
        from tonewright.prompting.serving.server import address, is_exposed, listening, serving_app
        from tonewright.prompting.task.task import PromptTask, TaskConfig

        split: Split = "held-out" if self.held_out else "train"
        with listening(self.host, self.port) as listener:
            task = PromptTask(
                generator(self.generator, self.model),
                TaskConfig(split, self.categories or (), sounds=self.sounds),
            )
            with asked_to_end() as asked, serving_app(make_app(task, self.sessions), listener) as thread:
                url = address(listener)
                print(f"serving briefs at {url}; Ctrl-C ends it", flush=True)
                wait(thread, asked, url, exposed=is_exposed(self.host))


@PROMPT.word("dashboard")
@dataclass(frozen=True)
class PromptDashboard:
    """Make a page of a training: what got better, to hear, and which settings pay.

    It can be made while the training goes on.
    """

    training: Annotated[tyro.conf.Positional[Folder], tyro.conf.arg(metavar="RUN")]
    """Folder of the run, of `tonewright train prompt`."""
    output: OutputFile
    """Page to make, an HTML file."""
    overwrite: Flag = False
    """Replace the page if it exists."""
    json: Flag = False
    """Print the numbers of each evaluation as JSON."""

    def run(self) -> None:
        """Read the run and write the page."""
        from tonewright.cli.output import check_page, print_written
        from tonewright.files import write_text
        from tonewright.prompting.writers.dashboard import dashboard_html, watched
        from tonewright.prompting.writers.evaluating import summary

        check_page(self.output, overwrite=self.overwrite)
        found = watched(self.training)
        write_text(self.output, dashboard_html(found), overwrite=self.overwrite)
        if self.json:
            told = [{"updates": update, **summary(groups)} for update, _, groups in found.held_out]
            print_written([self.output], {"evaluations": told})
            return
        print(f"wrote {self.output}")


def _print_card(card: ScoreCard) -> None:
    from tonewright import wording
    from tonewright.cli.output import print_table

    if card.fault:
        print(f"reward 0: {card.fault}")
        return
    rows = []
    for name, score in card.components.items():
        rows.append((name, f"{score:.2f}", f"{card.weights[name]:.2f}", "", ""))
        for term, one in card.terms[name].items():
            measured = f"{wording.number(one.measured, 3)} {one.unit}".strip()
            rows.append((f"  {term}", f"{one.score:.2f}", "", measured, one.meaning))
    print_table(("part", "score", "weight", "measured", "what"), rows)
    print(f"reward {card.total:.3f}")
