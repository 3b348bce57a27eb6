"""Opening a session: all that can be wrong with it shows before the show."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from os import fspath
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, read, resample, write
from tonewright.audio.channels import mix_down
from tonewright.audio.folders import SOUND_ENDINGS
from tonewright.errors import OutputError, UsageError, system_reason
from tonewright.files import StrPath, check_file, write_or_rescue
from tonewright.improvising.hearing import HOP, HOP_S, SAMPLE_RATE_HZ
from tonewright.improvising.networks.load import agent_digest, load_agent
from tonewright.improvising.session.card.device import Device
from tonewright.improvising.session.clock import Clock, Deadlines
from tonewright.improvising.session.commands import Timed, read_score
from tonewright.improvising.session.kept.folder import LOG, Log, now, write_session
from tonewright.improvising.session.osc import LOOPBACK, OSC, OscIn, OscOut
from tonewright.improvising.session.performer import NOTE, Performer
from tonewright.improvising.session.recording import SIDES, Recorder
from tonewright.improvising.session.session import Session
from tonewright.improvising.session.sinks import CardSink, FileSink, OscSink, PdSink, Sink
from tonewright.improvising.session.sources import CardSource, FileSource, OscSource, Source
from tonewright.improvising.session.ticking import CardTicks, ClockTicks, FreeTicks, Ticks
from tonewright.improvising.session.urgency import urgent
from tonewright.synths import synth as make_synth
from tonewright.synths.base import Synth, check_plays_notes, plays_notes
from tonewright.synths.pd.live import LivePd
from tonewright.synths.pd.synth import PureData

PD = "pd"
"""As an output: Pd itself, which plays its patch; options of its audio may follow, as in "pd -alsa"."""
LISTEN, SEND = f"{LOOPBACK}:9000", f"{LOOPBACK}:9001"
"""Where Open Sound Control is heard, and where it is sent to, unless told otherwise."""
_PLACE = re.compile(r"(?:(?P<host>[^:\s]+):)?(?P<port>\d{1,5})")
_WRITTEN = (".wav", ".flac")
_OUTPUT = "output"


@dataclass(frozen=True)
class Request:
    """What a session is to be.

    Attributes:
        synth: Name of the synth.
        input: A sound file, `OSC`, or a sound card: its name, a part of it, its number, or "default".
        output: A file to make (.wav or .flac), `OSC`, `PD`, or a sound card.
        agent: Folder of a training; the agent that ships if None.
        seconds: How long, at most; as long as the input, or until it is stopped, if None.
        note: MIDI note that is held; a middle C if None. Only of synths that play notes.
        seed: Of whatever is random.
        score: File of commands and their times.
        folder: Where to keep the session; it is not kept if None.
        listen: `[HOST:]PORT` where commands and descriptors are heard; None to hear none but for an `OSC`
            input.
        send: `[HOST:]PORT` where controls go if the output is `OSC`.
        overwrite: Whether what is there already may be replaced.
    """

    synth: str
    input: str
    output: str
    agent: StrPath | None = None
    seconds: float | None = None
    note: float | None = None
    seed: int = 0
    score: Path | None = None
    folder: Path | None = None
    listen: str | None = None
    send: str = SEND
    overwrite: bool = False


class Show:
    """A session with all that it needs, open.

    Args:
        request: What it is to be.

    Attributes:
        session: The session.
        exact: From file to file, as fast as it goes, the same every time.
        device: The sound card, if there is one.
        osc: What listens to Open Sound Control, if anything does.
        pd: The Pd that plays, if one does.
        seconds: How long it will be, if that is known.
        controls: Names of the controls.
        log: What happened.

    Raises:
        TonewrightError: Something is missing, or does not fit.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self._stack = ExitStack()
        self.events: deque[tuple[float, str]] = deque()
        try:
            self._open(request)
        except BaseException:
            self._stack.close()
            raise

    def _open(self, request: Request) -> None:
        self._check_places(request)
        exact = _is_file(request.input) and _is_file(request.output)
        self._priority = "usual" if exact else self._stack.enter_context(urgent())
        score = () if request.score is None else read_score(request.score)
        player = make_synth(request.synth, SAMPLE_RATE_HZ)
        if request.note is not None:
            check_plays_notes(player, f"note {request.note:g}")
        if _is_pd(request.output) and not isinstance(player, PureData):
            raise UsageError(
                f"with the output {PD!r}, Pd plays its patch; got the synth {player.name!r}, which is none; "
                "choose a patch, 'pd:sine' or 'pd:PATH' for one, or another output"
            )
        held = NOTE if request.note is None else request.note
        self._note = held if plays_notes(player) else None
        agent = load_agent(player, request.agent)
        self._facts = {
            "synth": player.name,
            "synth_version": player.version,
            "synth_file_sha256": getattr(player, "file_sha256", None),
            "agent": None if request.agent is None else fspath(request.agent),
            "agent_sha256": agent_digest(player, request.agent),
        }
        self.controls = tuple(player.controls.names)
        performer = Performer(player, agent, note=held, seed=request.seed)
        self._stack.callback(performer.close)
        if not exact:
            performer.warm_up()
        self._make(request, performer, score, player)

    def _make(self, request: Request, performer: Performer, score: tuple[Timed, ...], player: Synth) -> None:
        hears_card, plays_card = self._is_card(request.input), self._is_card(request.output)
        self._free = FreeTicks()
        self.device: Device | None = None
        self.osc: OscIn | None = None
        self.clock: Clock | None = None
        self.pd: LivePd | None = None
        self.seconds = request.seconds
        source: Source
        if _is_file(request.input):
            sound = _sound(request.input)
            length_s = len(sound) / SAMPLE_RATE_HZ
            self.seconds = length_s if request.seconds is None else min(request.seconds, length_s)
            source = FileSource(sound[: round(self.seconds * SAMPLE_RATE_HZ)])
        if hears_card or plays_card:
            self.device = Device(
                request.input if hears_card else None, request.output if plays_card else None
            )
            self._stack.callback(self.device.close)
        if self.device is not None and hears_card:
            source = CardSource(self.device.exchange)
        if request.input == OSC or request.listen is not None:
            host, port = place(request.listen or LISTEN, "--listen")
            columns = len(performer.musician.names)
            self.osc = OscIn(host, port, columns, lambda command: self.session.command(command))
            self._stack.callback(self.osc.close)
        if request.input == OSC:
            assert self.osc is not None
            source = OscSource(self.osc)
        self.exact = _is_file(request.input) and _is_file(request.output)
        sinks = self._sinks(request, performer, player)
        for sink in sinks:
            self._stack.callback(sink.close)
        ticks: Ticks
        if self.device is not None:
            ticks = CardTicks(self.device)
        elif self.exact:
            ticks = self._free
        else:
            self.clock = Clock(HOP_S)
            ticks = ClockTicks(self.clock)
        self._keep_in(request.folder)
        self._began = now()
        self.session = Session(
            performer,
            ticks,
            source,
            sinks,
            score=score,
            recorder=self.recorder,
            tell=lambda words: self.events.append((self.session.hops * HOP_S, words)),
        )
        for one in (self.pd, self.recorder, self._output):
            if one is not None:
                one.tell = self.session.tell
        if self.osc is not None:
            self.osc.complain = self.session.tell

    def _sinks(self, request: Request, performer: Performer, player: Synth) -> list[Sink]:
        sinks: list[Sink] = []
        if self.device is not None and self._is_card(request.output):
            sinks.append(CardSink(self.device.exchange))
        elif request.output == OSC:
            sinks.append(OscSink(OscOut(*place(request.send, "--send"))))
        elif isinstance(player, PureData) and _is_pd(request.output):
            self.pd = self._live(player, performer)
            sinks.append(PdSink(self.pd))
        self._output: Recorder | None = None
        if _is_file(request.output):
            self._output = Recorder(self._temporary(), (_OUTPUT,), waits=self.exact)
            sinks.append(FileSink(self._output))
        return sinks

    def _live(self, player: PureData, performer: Performer) -> LivePd:
        return LivePd(
            player.patch,
            player.description,
            performer.params[0].tolist(),
            options=_pd_options(self.request.output),
            sample_rate_hz=SAMPLE_RATE_HZ,
            seed=self.request.seed,
        )

    @property
    def writes(self) -> bool:
        """Whether the output is a file."""
        return _is_file(self.request.output)

    def run(self, progress: Callable[[], None] = lambda: None) -> None:
        """Play until it ends; from one thread, while others may tell it things.

        Args:
            progress: Called before each hop of an exact session.
        """
        self._free.progress = progress
        # A file was cut to the sample.
        self.session.run(None if _is_file(self.request.input) else self.request.seconds)

    def close(self) -> dict[str, Any]:
        """End, write what is to be written, and tell what was counted.

        Raises:
            OutputError: The output cannot be written.
        """
        with self._stack:
            if self.recorder is not None:
                self.recorder.close()
            fields = self.facts()
            with ExitStack() as at_last:  # one may fail, and the other be written
                if self.request.folder is not None:
                    at_last.callback(write_session, self.request.folder, fields)
                if self._output is not None:
                    self._write_output(self._output)
        return fields

    def keep(self) -> None:
        """Write down what the session is so far: one that is killed can be shown, too."""
        if self.request.folder is not None:
            with suppress(OutputError):  # told at the end, if there is no room then
                write_session(self.request.folder, self.facts())

    def cancel(self) -> None:
        """End without an output; what was recorded stays in the folder of the session."""
        with self._stack:
            if self.recorder is not None:
                self.recorder.close()
            self.keep()

    def facts(self) -> dict[str, Any]:
        """What the session is and was, so far."""
        session, request = self.session, self.request
        deadlines = {"work": _classes(session.work)}
        if self.clock is not None:
            deadlines["clock"] = _classes(self.clock.deadlines)
        fields = {
            **self._facts,
            "note": self._note,
            "seed": request.seed,
            "input": request.input,
            "output": request.output,
            "began": self._began,
            "priority": self._priority,
            "hops": session.hops,
            "commands": [[hop, one.do, one.value] for hop, one in session.done],
            "counters": self.counters(),
            "deadlines": deadlines,
        }
        if self.recorder is not None and self.recorder.failure:
            fields["recording"] = self.recorder.failure
        return {name: value for name, value in fields.items() if value is not None}

    def counters(self) -> Mapping[str, float]:
        """What was counted so far, by name."""
        session, osc = self.session, self.osc
        counted: dict[str, float] = {
            "stalls": session.stalls,
            "failures": session.failures,
            "dropped_hops": session.source.dropped,
            "worst_hop_ms": session.work.worst_ns / 1e6,
            "median_hop_ms": session.work.quantile_us(0.5) / 1e3,
            "p99_hop_ms": session.work.quantile_us(0.99) / 1e3,
        }
        if self.clock is not None:
            deadlines = self.clock.deadlines
            counted |= {
                "late_deadlines": deadlines.late,
                "skipped_deadlines": deadlines.skipped,
                "worst_deadline_ms": deadlines.worst_ns / 1e6,
                "p99_deadline_ms": deadlines.quantile_us(0.99) / 1e3,
            }
        if self.device is not None:
            counted |= {
                "underruns": self.device.exchange.underruns,
                "overruns": self.device.exchange.overruns,
                "device_troubles": self.device.exchange.troubles,
            }
        if isinstance(session.source, CardSource):
            counted["not_finite"] = session.source.not_finite
        if osc is not None:
            counted |= {
                "osc_frames": osc.frames,
                "osc_commands": osc.commands,
                "osc_malformed": osc.malformed,
                "osc_refused": osc.refused,
            }
        if self.pd is not None:
            counted["restarts"] = self.pd.restarts
        if self.recorder is not None:
            counted["recording_dropped"] = self.recorder.dropped
        return counted

    def _keep_in(self, folder: Path | None) -> None:
        """Begin a log and a recording in a folder, if there is one."""
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = system_reason(error)
                raise OutputError(f"cannot make {str(folder)!r}: {reason}; name another folder") from None
        self.log = Log(folder)  # first: it holds the folder for this session
        self._stack.callback(self.log.close)
        self.recorder = None if folder is None else Recorder(folder, waits=self.exact)

    def _temporary(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory("-tonewright")))

    def _write_output(self, recorder: Recorder) -> None:
        recorder.close()
        (path,) = recorder.paths
        if recorder.failure and self.exact:
            raise OutputError(f"cannot write {str(path.parent)!r}: {recorder.failure}; make room there")
        clip = read(path)
        frames = clip.frames if self.seconds is None else round(self.seconds * SAMPLE_RATE_HZ)
        sound = Clip(clip.samples[:, :frames], SAMPLE_RATE_HZ)
        overwrite = self.request.overwrite
        write_or_rescue(lambda place: write(place, sound, overwrite=overwrite), self.request.output)
        if recorder.failure:
            raise OutputError(
                f"{self.request.output!r} ends after {sound.frames / SAMPLE_RATE_HZ:.1f} s: cannot write "
                f"{str(path.parent)!r}: {recorder.failure}; make room there"
            )

    def _check_places(self, request: Request) -> None:
        if not request.input:
            raise UsageError(
                "--input takes a sound card, a file or osc; got nothing; leave it out for the usual"
            )
        output = Path(request.output)
        if _is_file(request.output):
            if output.suffix.lower() not in _WRITTEN:
                raise UsageError(
                    f"a session is written to a .wav or .flac file; got {request.output!r}; name it so"
                )
            if Path(request.input).exists() and output.exists() and output.samefile(request.input):
                raise UsageError(
                    f"the output is another file than the input; got {request.output!r} for both"
                )
            check_file(output, overwrite=request.overwrite)
        folder = request.folder
        if folder is None:
            return
        if _is_file(request.output) and output.resolve() in {
            (folder / f"{side}.wav").resolve() for side in SIDES
        }:
            raise UsageError(
                f"the folder of a session has its own recordings; got {request.output!r} as the output; name "
                "another file"
            )
        there = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        if there and not request.overwrite:
            raise OutputError(f"{str(folder)!r} is there already; name another folder, or add --overwrite")
        if there and not (folder / LOG).exists():
            raise OutputError(
                f"{str(folder)!r} holds something that is no session and is not replaced; name another folder"
            )

    @staticmethod
    def _is_card(name: str) -> bool:
        return name != OSC and not _is_pd(name) and not _is_file(name)


def place(text: str, option: str) -> tuple[str, int]:
    """Host and port of `[HOST:]PORT`.

    Raises:
        UsageError: It is none.
    """
    found = _PLACE.fullmatch(text)
    if found is None or not int(found["port"]) < 1 << 16:
        raise UsageError(f"{option} takes [HOST:]PORT, as in 9000 or 0.0.0.0:9000; got {text!r}")
    return found["host"] or LOOPBACK, int(found["port"])


def _is_pd(name: str) -> bool:
    return name.split(" ")[0] == PD


def _pd_options(output: str) -> list[str] | None:
    """The options of Pd in the name of an output; None if it has none."""
    try:
        return shlex.split(output)[1:] or None
    except ValueError:
        raise UsageError(
            f"options of Pd are written as in 'pd -alsa'; got {output!r}; close the quote"
        ) from None


def _is_file(name: str) -> bool:
    return Path(name).suffix.lower() in SOUND_ENDINGS or Path(name).is_file()


def _sound(name: str) -> NDArray[np.float32]:
    """The mix of a sound file at the rate of agents, `[n]`."""
    clip = resample(read(name), SAMPLE_RATE_HZ)
    sound = mix_down(clip.samples[np.newaxis])[0]
    if len(sound) < HOP:
        raise UsageError(f"a musician plays one hop, {1000 * HOP_S:.1f} ms, or more; got {name!r}")
    return np.asarray(sound, np.float32)


def _classes(deadlines: Deadlines) -> dict[str, list[float]]:
    edges_us, counts = deadlines.classes
    return {"edges_us": [round(float(one), 1) for one in edges_us], "counts": [int(one) for one in counts]}
