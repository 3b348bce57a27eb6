"""`tonewright agent`: what a trained agent is like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tonewright.cli.options import (
    Flag,
    InputFile,
    MeasuredFile,
    Name,
    OptionalFile,
    OptionalFolder,
    OptionalName,
)
from tonewright.cli.verbs import VerbGroup

if TYPE_CHECKING:
    from tonewright.improvising.portrait.portraying import Portrait

AGENT = VerbGroup("Tell what a trained agent is like, before it plays with you.")


@AGENT.word("show")
@dataclass(frozen=True)
class AgentShow:
    """Let an agent follow steps, ramps, a note and recordings it never heard.

    The page plays both sides, and draws what is heard and what is turned.
    """

    table: InputFile
    """What the synth can do, from `tonewright lookup build`."""
    agent: OptionalFolder = None
    """Folder of a training; the agent that ships unless given."""
    corpus: OptionalFile = None
    """Recordings, from `tonewright corpus analyse`: the agent follows three phrases kept from training."""
    sounds: OptionalFolder = None
    """Folder of these recordings, to hear them on the page."""
    split: Name = "test"
    """The part of the corpus: test, validation or train."""
    synth: OptionalName = None
    """Synth to play; that of the table unless given."""
    output: MeasuredFile = None
    """Page to make, an HTML file."""
    overwrite: Flag = False
    """Replace the page if it exists."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Let it play, and tell."""
        from tonewright.cli.output import check_page, print_json
        from tonewright.cli.progress import work_progress
        from tonewright.errors import UsageError
        from tonewright.files import write_text
        from tonewright.improvising.evaluation import stage
        from tonewright.improvising.portrait.page import portrait_html
        from tonewright.improvising.portrait.portraying import portray
        from tonewright.improvising.portrait.summary import facts

        if self.output is not None:
            check_page(self.output, overwrite=self.overwrite)
        if self.sounds is not None and self.corpus is None:
            raise UsageError("--sounds is the folder of a corpus; got no corpus; name it with --corpus")
        on = stage(
            table=self.table,
            corpus=self.corpus,
            agents=() if self.agent is None else (self.agent,),
            synth=self.synth,
            split=self.split,
        )
        with work_progress("playing", 1.0) as done:
            portrait = portray(on, sounds=self.sounds, progress=done)
        if self.output is not None:
            write_text(self.output, portrait_html(portrait), overwrite=self.overwrite)
        if self.json:
            print_json(facts(portrait))
            return
        _print(portrait)
        if self.output is not None:
            print(f"wrote {self.output}")


def _print(portrait: Portrait) -> None:
    from tonewright.improvising.portrait.summary import character, glance

    for text in glance(portrait.columns, character(portrait)):
        print(text)
