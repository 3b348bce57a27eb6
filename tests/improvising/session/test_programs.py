"""Sessions with other programs over loopback: liblo's, which nobody here wrote."""

import re
import shutil
import subprocess
import threading
import time

import numpy as np
import pytest

from tonewright.errors import DeviceError, UsageError
from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.session.opening import Request, Show, place
from tonewright.improvising.session.osc import MUSICIAN, ROOT, OscOut
from tonewright.synths import synth

from .conftest import RATE_HZ, wait

pytestmark = pytest.mark.timeout(60)
with_liblo = pytest.mark.skipif(
    not (shutil.which("oscsend") and shutil.which("oscdump")),
    reason="needs liblo: apt-get install liblo-tools",
)


@pytest.fixture
def session():
    """A session that hears descriptors and sends controls; its ports are any that are free."""
    shows = []

    def start(send="127.0.0.1:9", seconds=3.0):
        show = Show(Request("sine", "osc", "osc", seconds=seconds, listen="127.0.0.1:0", send=send))
        thread = threading.Thread(target=show.run)
        thread.start()
        shows.append((show, thread))
        return show, thread

    yield start
    for show, thread in shows:
        show.session.stop()
        thread.join()
        show.close()


def oscsend(port, address, *words):
    subprocess.run(["oscsend", "127.0.0.1", str(port), f"{ROOT}/{address}", *map(str, words)], check=True)


@with_liblo
def test_a_stranger_tells_the_agent_what_to_do(session):
    show, _ = session()
    port, performer = show.osc.port, show.session.performer
    for words, done in (
        (("stance", "s", "lead"), lambda: performer.stance == "lead"),
        (("dial", "f", 0.25), lambda: performer.dial == 0.25),
        (("freeze", "T"), lambda: performer.frozen),
        (("mute", "i", 1), lambda: performer.muted),
        (("remember", "i", 3), lambda: "3" in performer.moments),
        (("panic",), lambda: performer.panicked),
        (("go",), lambda: not (performer.panicked or performer.frozen)),
    ):
        oscsend(port, *words)
        wait(done)
    oscsend(port, "stance", "s", "dance")
    oscsend(port, "dial", "f", "nan")
    oscsend(port, "musician", "fff", 1, 2, 3)
    wait(lambda: show.osc.refused == 3)
    assert show.osc.commands == 7


@with_liblo
def test_a_stranger_gets_the_controls_at_every_hop(session):
    receiver = subprocess.Popen(["oscdump", "-L", "39001"], stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(0.3)
        show, thread = session(send="127.0.0.1:39001", seconds=1.5)
        ears = show.session.performer.musician
        out = OscOut("127.0.0.1", show.osc.port)
        frame = ears.measured.copy()
        frame[ears.names.index("loudness_rms_dbfs")] = -12.0
        frame[ears.names.index("pitch_f0_hz")] = 880.0
        frame[ears.names.index("pitch_confidence")] = 1.0
        while thread.is_alive():
            out.send(MUSICIAN, frame)
            time.sleep(HOP_S)
        out.close()
        hops = show.session.hops
    finally:
        time.sleep(0.2)
        receiver.terminate()
        lines = receiver.communicate()[0].splitlines()
    turned = [
        re.findall(r"[-\d.]+(?:e-?\d+)?", line.split(" ff ")[1]) for line in lines if "/controls ff" in line
    ]
    assert len(turned) >= 0.95 * hops
    controls = np.array(turned, float)
    assert ((controls >= 0) & (controls <= 1)).all()
    pitch_hz = synth("sine", RATE_HZ).controls.to_physical(controls[-1])[0]
    assert pitch_hz == pytest.approx(880, rel=0.06)
    levels = [float(line.split()[-1]) for line in lines if "/level f" in line]
    assert levels[-1] == 1.0
    assert levels == sorted(levels)


def test_without_a_musician_the_agent_is_silent_and_holds(session):
    show, thread = session(seconds=0.5)
    thread.join()
    assert show.session.performer.away
    assert [one.do for _, one in show.session.done] == ["away"]


def test_a_port_in_use_is_told_before_the_show(session):
    show, _ = session()
    with pytest.raises(DeviceError, match=rf"127\.0\.0\.1:{show.osc.port}; got .*; choose another port"):
        Show(Request("sine", "osc", "osc", listen=str(show.osc.port)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9000", ("127.0.0.1", 9000)),
        ("0.0.0.0:1", ("0.0.0.0", 1)),
        ("studio.local:65535", ("studio.local", 65535)),
    ],
)
def test_places(text, found):
    assert place(text, "--send") == found


@pytest.mark.parametrize("text", ["", "x", ":9000", "1.2.3.4", "h:70000", "h:1:2", "a b:9"])
def test_what_is_no_place(text):
    with pytest.raises(UsageError, match=r"--listen takes \[HOST:\]PORT"):
        place(text, "--listen")
