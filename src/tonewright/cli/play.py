"""`tonewright play`: an agent that plays with a musician."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from tonewright.cli.options import (
    Flag,
    Folder,
    MeasuredFile,
    Name,
    Note,
    OptionalFile,
    OptionalFolder,
    OptionalName,
    Seconds,
    Seed,
)
from tonewright.cli.verbs import VerbGroup

if TYPE_CHECKING:
    from tonewright.improvising.session.opening import Show


@dataclass(frozen=True)
class Play:
    """Let an agent play along with a musician, live or in a recording.

    From file to file it plays as fast as it goes, and the same every time.
    `tonewright play report FOLDER` shows a session that was kept.
    """

    synth: Name = "sine"
    """Synth to play."""
    agent: OptionalFolder = None
    """Folder of a training; the agent that ships unless given."""
    input: Annotated[str, tyro.conf.arg(metavar="DEVICE|FILE|osc")] = "default"
    """The musician: a sound card (its name, a part of it, or its number), a recording, or another program."""
    output: Annotated[str, tyro.conf.arg(metavar="DEVICE|FILE|osc|pd", aliases=["-o"])] = "default"
    """Where to: a sound card, a .wav or .flac file to make, another program, or Pd, which plays its patch (on
    JACK if that runs; or as told, as in "pd -alsa")."""
    seconds: Seconds = None
    """How long; until the input ends, or Ctrl-C, unless given."""
    note: Note = None
    """Note to hold, of a synth that plays notes."""
    seed: Seed = 0
    """Seed of whatever is random."""
    score: OptionalFile = None
    """Commands and their times, a JSON file."""
    session: OptionalFolder = None
    """Folder to keep the session in: both sides, a log, and what was counted."""
    listen: OptionalName = None
    """[HOST:]PORT to hear Open Sound Control at; 127.0.0.1:9000 with --input osc."""
    send: Annotated[str, tyro.conf.arg(metavar="[HOST:]PORT")] = "127.0.0.1:9001"
    """Where Open Sound Control goes with --output osc."""
    devices: Flag = False
    """List the sound cards, and do nothing else."""
    protocol: Flag = False
    """Tell how other programs play with this one by Open Sound Control, and do nothing else."""
    overwrite: Flag = False
    """Replace the output and the session if they exist."""
    json: Flag = False
    """Print what was counted as JSON."""

    def run(self) -> None:
        """Play until it ends."""
        from contextlib import nullcontext

        from tonewright.cli.output import print_json
        from tonewright.cli.signals import asked_to_end

        if self.devices:
            _print_devices(self.json)
            return
        if self.protocol:
            from tonewright.improvising.session.protocol import protocol

            print(protocol(self.synth, self.agent))
            return
        from tonewright.improvising.session.opening import Request, Show

        show = Show(
            Request(
                synth=self.synth,
                input=self.input,
                output=self.output,
                agent=self.agent,
                seconds=self.seconds,
                note=self.note,
                seed=self.seed,
                score=self.score,
                folder=self.session,
                listen=self.listen,
                send=self.send,
                overwrite=self.overwrite,
            )
        )
        with asked_to_end() if not show.exact else nullcontext(lambda: False) as asked:
            try:
                if show.exact:
                    _play_through(show)
                else:
                    _play_live(show, asked)
            except BaseException:
                show.cancel()
                raise
            fields = show.close()
        if self.json:
            print_json(fields)
        else:
            _print_outcome(show, fields)


_KEEP_S = 10.0
PLAY = VerbGroup("Let an agent play along with a musician, live.", Play)


@PLAY.word("report")
@dataclass(frozen=True)
class PlayReport:
    """Show a session that was kept: play it again, and make a page of it."""

    session: Annotated[tyro.conf.Positional[Folder], tyro.conf.arg(metavar="FOLDER")]
    """The session."""
    output: MeasuredFile = None
    """Page to make, an HTML file; report.html in the folder unless given."""
    overwrite: Flag = False
    """Replace the page if it exists."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Play it again, compare, and write the page."""
        from tonewright.cli.output import check_page, print_written
        from tonewright.cli.progress import work_progress
        from tonewright.files import write_text
        from tonewright.improvising.session.kept.folder import read_session
        from tonewright.improvising.session.kept.page import report_html
        from tonewright.improvising.session.kept.report import report

        output = self.output or self.session / "report.html"
        kept = read_session(self.session)
        check_page(output, overwrite=self.overwrite)
        with work_progress("playing again", 1.0) as done:
            found = report(kept, progress=done)
        write_text(output, report_html(found), overwrite=self.overwrite)
        if self.json:
            print_written([output], found.facts())
            return
        print(f"wrote {output}")
        print(found.same)


def _play_through(show: Show) -> None:
    """From file to file, with a progress bar."""
    from tonewright.cli.progress import work_progress
    from tonewright.improvising.hearing import HOP_S

    with work_progress("playing", show.seconds or HOP_S) as done:
        show.run(lambda: done(HOP_S))
    for at_s, words in show.events:
        show.log.tell(at_s, words)
        print(f"tonewright: at {at_s:.2f} s: {words}", file=sys.stderr)


def _play_live(show: Show, asked: Callable[[], bool]) -> None:
    """In real time: a thread plays, and this one reads keys, tells what happens, and ends it when asked."""
    import threading
    import time

    from tonewright.cli.keyboard import Keyboard, keys
    from tonewright.cli.stage_lights import Status
    from tonewright.improvising.hearing import HOP_S

    session = show.session
    failure: list[BaseException] = []

    def play() -> None:
        try:
            show.run()
        except BaseException as error:  # told below, by the thread that people talk to
            failure.append(error)

    keyboard = Keyboard(session.command, session.performer)
    status = Status(show, keyboard)
    thread = threading.Thread(target=play, name="player")
    retry_s = keep_s = 0.0

    def look_after() -> None:
        nonlocal retry_s, keep_s
        while show.events:
            at_s, words = show.events.popleft()
            show.log.tell(at_s, words)
            status.say(at_s, words)
        device = show.device
        if device is not None and session.hops and not device.active and time.monotonic() > retry_s:
            retry_s = time.monotonic() + 1.0
            if device.reopen():
                session.tell("the sound card is there again")
            elif not status.lost:
                session.tell("the sound card is gone; trying again every second")
            status.lost = not device.active
        if time.monotonic() > keep_s:
            keep_s = time.monotonic() + _KEEP_S
            show.keep()
        status.show()

    try:
        with keys() as pressed:
            thread.start()
            status.begin()
            while thread.is_alive():
                thread.join(0.05)
                if asked() or not all([keyboard.press(key) for key in pressed()]):
                    session.stop()
                look_after()
    finally:
        session.stop()
        thread.join(HOP_S + 2.0)
        status.end()
    look_after()
    if failure:
        raise failure[0]


def _print_devices(json: bool) -> None:
    from tonewright.cli.output import print_json, print_table
    from tonewright.improvising.session.card.portaudio import devices

    found = devices()
    if json:
        print_json(found)
        return
    if not found:
        print("no sound card is there")
        return
    print_table(
        ("name", "number", "system", "in", "out", "rate", "latency in", "latency out"),
        [
            (
                one["name"],
                str(one["number"]),
                one["system"],
                str(one["inputs"]),
                str(one["outputs"]),
                f"{one['rate_hz']:,.0f} Hz",
                f"{one['input_latency_ms']:.0f} ms",
                f"{one['output_latency_ms']:.0f} ms",
            )
            for one in found
        ],
    )


def _print_outcome(show: Show, fields: dict[str, Any]) -> None:
    from tonewright.improvising.hearing import HOP_S
    from tonewright.improvising.session.counters import troubles
    from tonewright.wording import duration

    counters = fields["counters"]
    print(f"played {duration(fields['hops'] * HOP_S)}, {fields['hops']:,} hops")
    told = troubles(counters)
    if told:
        print("; ".join(told))
    if not show.exact:
        print(
            f"a hop took {counters['median_hop_ms']:.2f} ms, 99 of 100 at most {counters['p99_hop_ms']:.2f},"
            f" the slowest {counters['worst_hop_ms']:.1f} of {1000 * HOP_S:.1f}"
        )
    if "recording" in fields:
        print(f"tonewright: the recording ended early: {fields['recording']}", file=sys.stderr)
    for made in (show.request.folder, show.request.output if show.writes else None):
        if made is not None:
            print(f"wrote {made}")
