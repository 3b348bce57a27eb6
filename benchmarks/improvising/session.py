"""Measure a session in real time: its clock, its work, its delays, and what a flood does to it.

Usage: python benchmarks/improvising/session.py [--seconds 600] [--only PART]; writes
benchmarks/results/improvising-session.json. It takes a little over three times as long as that, and a few
minutes for the rest. JACK (Debian: jackd2) is needed for the delay from sound to control.

What is told: how long the work of a hop takes with each synth that has an agent (hearing both, deciding,
rendering); how far hops begin from their deadlines in a session of ten minutes that hears a recording and
sends controls, beside a clock in another process that does nothing else at the same time, and the same with
a third process that keeps one core busy; how often the machine takes the processor, for longer than a hop
has to spare, from a process that never sleeps while nothing else runs; how much memory grows meanwhile; how
long an impulse on JACK takes to come out as a control; how long a packet takes to come back; what 2,000
packets a second, half of them broken, do; and how long a session takes to begin.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from pythonosc import osc_message_builder, osc_packet

from tonewright.improvising.hearing import HOP, HOP_S, SAMPLE_RATE_HZ
from tonewright.improvising.networks.load import load_agent
from tonewright.improvising.session.clock import Clock, Deadlines
from tonewright.improvising.session.opening import Request, Show
from tonewright.improvising.session.osc import CONTROLS, MUSICIAN
from tonewright.improvising.session.performer import Performer
from tonewright.improvising.session.urgency import calm
from tonewright.synths import synth
from tonewright.threads import numba_threads

RESULT = Path(__file__).parent.parent / "results" / "improvising-session.json"
SYNTHS = ("sine", "fm", "granular")
HOPS, PINGS, IMPULSES, STARTS = 5_000, 2_000, 40, 5
FLOOD_PER_S = 2_000


def melody(seconds: float) -> NDArray[np.float32]:
    """Notes with harmonics that die away, two a second, `[n]`."""
    rng = np.random.default_rng(0)
    sound = (0.0005 * rng.standard_normal(round((seconds + 1) * SAMPLE_RATE_HZ))).astype(np.float32)
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    for start in range(0, round(seconds * SAMPLE_RATE_HZ), SAMPLE_RATE_HZ // 2):
        pitch_hz, level = 110 * 2 ** rng.uniform(0, 3), rng.uniform(0.05, 0.2)
        note = sum(np.sin(2 * np.pi * pitch_hz * n * time_s) / n for n in range(1, 7)) * np.exp(-5 * time_s)
        sound[start : start + SAMPLE_RATE_HZ] += (level * note).astype(np.float32)
    return np.clip(sound[: round(seconds * SAMPLE_RATE_HZ)], -1, 1)


def told(deadlines: Deadlines) -> dict[str, float]:
    return {
        "hops": deadlines.hops,
        "median_ms": deadlines.quantile_us(0.5) / 1e3,
        "p99_ms": deadlines.quantile_us(0.99) / 1e3,
        "p999_ms": deadlines.quantile_us(0.999) / 1e3,
        "worst_ms": deadlines.worst_ns / 1e6,
        "late": deadlines.late,
        "skipped": deadlines.skipped,
    }


def work(name: str) -> dict[str, float]:
    """How long the work of a hop takes, one after another."""
    player = synth(name, SAMPLE_RATE_HZ)
    performer = Performer(player, load_agent(player))
    hops = melody(HOPS * HOP_S + 2)[: (HOPS + 200) * HOP].reshape(-1, HOP)
    times_ms = []
    gc.collect()
    gc.disable()
    with numba_threads(1):
        for hop in hops:
            began_ns = time.perf_counter_ns()
            performer.hop(hop)
            times_ms.append((time.perf_counter_ns() - began_ns) / 1e6)
    gc.enable()
    found = np.percentile(times_ms[200:], (50, 99, 99.9, 100))
    return dict(zip(("median_ms", "p99_ms", "p999_ms", "worst_ms"), found.round(4).tolist(), strict=True))


def bare_clock(seconds: float, queue: Any) -> None:
    """A clock that does nothing else, in a process of its own."""
    gc.disable()
    clock = Clock(HOP_S)
    clock.start()
    for _ in range(round(seconds / HOP_S)):
        clock.wait()
    queue.put(told(clock.deadlines))


def stolen_s() -> float:
    """Seconds for which the host of a virtual machine ran others on its processors, since it began."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def machine(seconds: float) -> dict[str, float]:
    """A process that looks at the clock and never sleeps: what it misses, no program could have had."""
    stolen, slack_ns = stolen_s(), round((1000 * HOP_S - 1.0) * 1e6)
    last_ns = time.monotonic_ns()
    end_ns = last_ns + round(seconds * 1e9)
    gaps_ms = []
    gc.collect()
    gc.disable()
    while last_ns < end_ns:
        now_ns = time.monotonic_ns()
        if now_ns - last_ns > slack_ns:
            gaps_ms.append((now_ns - last_ns) / 1e6)
        last_ns = now_ns
    gc.enable()
    return {
        "seconds": seconds,
        "longer_than_ms": slack_ns / 1e6,
        "gaps": len(gaps_ms),
        "worst_ms": max(gaps_ms, default=0.0),
        "stolen_s": stolen_s() - stolen,
    }


def keep_busy(ended: Any) -> None:
    calm()  # as any other program
    while not ended.is_set():
        for _ in range(100_000):
            pass


@contextmanager
def beside(target: Callable[..., None], *args: Any) -> Iterator[Any]:
    """Another process meanwhile."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=args)
    process.start()
    try:
        yield process
    finally:
        process.join(60)
        if process.is_alive():
            process.kill()


def memory_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def clock(seconds: float, *, busy: bool) -> dict[str, Any]:
    """A session that hears a recording and sends controls, beside a clock that does nothing."""
    context = multiprocessing.get_context("spawn")
    queue, ended = context.Queue(), context.Event()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "melody.wav"
        soundfile.write(path, melody(seconds), SAMPLE_RATE_HZ, subtype="FLOAT")
        show = Show(
            Request("sine", str(path), "osc", folder=Path(folder) / "kept", listen="127.0.0.1:0", send="9")
        )
        loads = [beside(bare_clock, seconds, queue)] + [beside(keep_busy, ended)] * busy
        with loads[0], loads[1] if busy else beside(time.sleep, 0):
            time.sleep(3.0)  # the other processes begin
            before: list[float] = []
            watch = threading.Timer(min(30.0, seconds / 4), lambda: before.append(memory_mb()))
            watch.start()
            stolen = stolen_s()
            show.run()
            stolen = stolen_s() - stolen
            grown_mb = memory_mb() - before[0]
            ended.set()
            alone = queue.get(timeout=60)
        assert show.clock is not None
        found = {
            "session": told(show.clock.deadlines),
            "work": told(show.session.work),
            "bare_clock_beside": alone,
            "memory_grown_mb": grown_mb,
            "stolen_s": stolen,
        }
        show.close()
    return found


def message(address: str, values: list[Any]) -> bytes:
    builder = osc_message_builder.OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return builder.build().dgram


def flood(port: int, seconds: float, columns: int) -> None:
    """Packets for a session: frames that are right, and others that are broken, unknown or too large."""
    calm()  # as any other program
    rng = np.random.default_rng(0)
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    frame = [float(one) for one in rng.uniform(-30, 0, columns)]
    packets = [
        message(MUSICIAN, frame),
        rng.bytes(64),
        message(MUSICIAN, frame),
        message("/elsewhere/thing", [1.0]),
        message(MUSICIAN, frame),
        message(MUSICIAN, ["a", "b"]),
        message(MUSICIAN, frame),
        message(MUSICIAN, [0.5] * 10_000),
        message(MUSICIAN, frame),
        message(MUSICIAN, [float("nan")] * columns),
    ]
    clock = Clock(0.005)
    clock.start()
    number = 0
    for _ in range(round(seconds / 0.005)):
        for _ in range(round(FLOOD_PER_S * 0.005) * clock.wait()):
            out.sendto(packets[number % len(packets)], ("127.0.0.1", port))
            number += 1
    out.sendto(message(MUSICIAN, [-7.0] * columns), ("127.0.0.1", port))
    out.close()


def flooded(seconds: float) -> dict[str, Any]:
    """What a flood does to a session that hears descriptors."""
    show = Show(Request("sine", "osc", "osc", seconds=seconds, listen="127.0.0.1:0", send="9"))
    assert show.osc is not None
    assert show.clock is not None
    columns = len(show.session.performer.musician.names)
    before: list[float] = []
    threading.Timer(5.0, lambda: before.append(memory_mb())).start()
    queue = multiprocessing.get_context("spawn").Queue()
    with beside(flood, show.osc.port, seconds, columns), beside(bare_clock, seconds, queue):
        time.sleep(3.0)  # the other processes begin
        show.run()
        alone = queue.get(timeout=60)
    newest = show.osc.frame is not None and bool((show.osc.frame == -7.0).all())
    found = {
        "packets_per_s": FLOOD_PER_S,
        "seconds": seconds,
        "frames": show.osc.frames,
        "malformed": show.osc.malformed,
        "refused": show.osc.refused,
        "clock": told(show.clock.deadlines),
        "bare_clock_beside": alone,
        "newest_kept": newest,
        "memory_grown_mb": memory_mb() - before[0],
    }
    show.close()
    return found


def round_trip() -> dict[str, float]:
    """A ping to a session that plays, and its pong."""
    show = Show(Request("sine", "osc", "osc", listen="127.0.0.1:0", send="9"))
    assert show.osc is not None
    thread = threading.Thread(target=show.run)
    thread.start()
    process = subprocess.run(
        [sys.executable, __file__, "--ping", str(show.osc.port)], capture_output=True, text=True, check=True
    )
    show.session.stop()
    thread.join()
    show.close()
    found: dict[str, float] = json.loads(process.stdout)
    return found


def ping(port: int) -> None:
    """In a process of its own, as another program would."""
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.settimeout(2.0)
    times_ms = []
    for number in range(PINGS):
        began_ns = time.perf_counter_ns()
        out.sendto(message("/tonewright/ping", [number]), ("127.0.0.1", port))
        out.recv(1024)
        times_ms.append((time.perf_counter_ns() - began_ns) / 1e6)
        time.sleep(0.002)
    found = np.percentile(times_ms, (50, 99, 100)).round(4).tolist()
    print(json.dumps(dict(zip(("median_ms", "p99_ms", "worst_ms"), found, strict=True))))


def delay() -> dict[str, Any]:
    """From an impulse that is played into a session on JACK to the first control that differs for it."""
    import jack

    server = "tonewright-bench"  # JACK knows eight names, and forgets none
    os.environ["JACK_DEFAULT_SERVER"] = server
    daemon = subprocess.Popen(
        ["jackd", "-n", server, "--no-realtime", "-d", "dummy", "-r", str(SAMPLE_RATE_HZ), "-p", str(HOP)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(2.0)
    hears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    hears.bind(("127.0.0.1", 0))
    hears.settimeout(1.0)
    show = Show(Request("sine", "default", "osc", send=str(hears.getsockname()[1])))
    thread = threading.Thread(target=show.run)
    thread.start()
    client = jack.Client("musician", servername=server, no_start_server=True)
    out = client.outports.register("out")
    due, sent_ns = threading.Event(), [0]

    def process(frames: int) -> None:
        block = np.zeros(frames, np.float32)
        if due.is_set():
            due.clear()
            block[0] = 1.0
            sent_ns[0] = time.monotonic_ns()
        out.get_array()[:] = block

    client.set_process_callback(process)
    delays_ms = []
    with client:
        theirs = [p for p in client.get_ports(is_input=True) if not p.name.startswith(("system", "musician"))]
        client.connect(out, theirs[0])
        for _ in range(IMPULSES):
            time.sleep(0.6)  # the agent comes to rest
            hears.setblocking(False)
            try:
                while True:
                    hears.recv(4096)
            except BlockingIOError:
                hears.settimeout(1.0)
            rest = controls_of(hears)
            due.set()
            while np.abs(controls_of(hears) - rest).max() < 1e-3 or not sent_ns[0]:
                pass
            delays_ms.append((time.monotonic_ns() - sent_ns[0]) / 1e6)
            sent_ns[0] = 0
    show.session.stop()
    thread.join()
    show.close()
    hears.close()
    daemon.terminate()
    daemon.wait()
    return {
        "impulses": IMPULSES,
        "median_ms": statistics.median(delays_ms),
        "worst_ms": max(delays_ms),
        "one_hop_and_one_window_ms": 1000 * (HOP + 1024) / SAMPLE_RATE_HZ,
    }


def controls_of(hears: socket.socket) -> NDArray[np.float64]:
    while True:
        one = osc_packet.OscPacket(hears.recv(4096)).messages[0].message
        if one.address == CONTROLS:
            return np.array(list(one.params))


def starts() -> list[float]:
    """Seconds from the command to the first controls."""
    found = []
    for _ in range(STARTS + 1):
        hears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        hears.bind(("127.0.0.1", 0))
        hears.settimeout(30.0)
        began_s = time.monotonic()
        words = ["play", "--input", "osc", "-o", "osc", "--listen", "127.0.0.1:0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "tonewright", *words, "--send", str(hears.getsockname()[1])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        controls_of(hears)
        found.append(time.monotonic() - began_s)
        process.terminate()
        process.wait()
        hears.close()
    return found[1:]  # the first compiles


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="of the sessions on a clock (600)")
    parser.add_argument(
        "--only", metavar="PART", help="measure one part anew, and leave the others as they are"
    )
    parser.add_argument("--ping", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ping:
        ping(options.ping)
        return
    load = os.getloadavg()[0]
    result: dict[str, Any] = {"cores": os.cpu_count(), "load_before": round(load, 1), "hop_ms": 1000 * HOP_S}
    if options.only:
        result = json.loads(RESULT.read_text())
    for name, part in (
        ("work", lambda: {one: work(one) for one in SYNTHS}),
        ("start_s", starts),
        ("round_trip", round_trip),
        ("delay", delay),
        ("clock", lambda: clock(options.seconds, busy=False)),
        ("clock_with_one_core_busy", lambda: clock(options.seconds, busy=True)),
        ("machine", lambda: machine(options.seconds)),
        ("flood", lambda: flooded(min(60.0, options.seconds))),
    ):
        if options.only not in (None, name):
            continue
        result[name] = part()
        print(name, json.dumps(result[name]), flush=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
