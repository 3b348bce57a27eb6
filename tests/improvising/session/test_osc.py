import socket
import time

import numpy as np
import pytest

from tonewright.errors import DeviceError
from tonewright.improvising.session.commands import Command
from tonewright.improvising.session.osc import CONTROLS, LEVEL, LOOPBACK, MUSICIAN, OscIn, OscOut
from tonewright.improvising.session.sinks import LEVEL_HOPS, OscSink

from .conftest import wait

pythonosc = pytest.importorskip("pythonosc")


@pytest.fixture
def told():
    return []


@pytest.fixture
def listener(told):
    made = OscIn(LOOPBACK, 0, 3, told.append)
    yield made
    made.close()


@pytest.fixture
def client(listener):
    from pythonosc.udp_client import SimpleUDPClient

    with SimpleUDPClient(LOOPBACK, listener.port) as made:
        yield made


def test_commands_and_the_newest_frame(listener, client, told):
    client.send_message("/tonewright/stance", "lead")
    client.send_message("/tonewright/dial", 0.5)
    client.send_message("/tonewright/panic", [])
    for value in range(50):
        client.send_message(MUSICIAN, [float(value), 1.0, 2])
    wait(lambda: listener.frames == 50)
    assert told == [Command("stance", "lead"), Command("dial", 0.5), Command("panic")]
    np.testing.assert_array_equal(listener.frame, [49, 1, 2])
    assert (listener.malformed, listener.refused) == (0, 0)


@pytest.mark.parametrize(
    ("address", "values"),
    [
        (MUSICIAN, [1.0, 2.0]),
        (MUSICIAN, [1.0] * 10_000),
        (MUSICIAN, [1.0, float("nan"), 2.0]),
        (MUSICIAN, [1.0, "loud", 2.0]),
        ("/tonewright/stance", "folow"),
        ("/tonewright/stance", ["lead", "lead"]),
        ("/tonewright/dial", float("nan")),
        ("/tonewright/dance", 1),
        ("/other/stance", "lead"),
    ],
)
def test_what_makes_no_sense_is_counted_and_told(listener, client, told, address, values):
    complaints = []
    listener.complain = complaints.append
    client.send_message(address, values)
    too_large = len(values) > 1_000 if isinstance(values, list) else False
    wait(lambda: (listener.malformed, listener.refused) == ((1, 0) if too_large else (0, 1)))
    assert complaints
    assert not told
    assert listener.frame is None


@pytest.mark.parametrize(
    "packet", [b"", b"hello", b"/tonewright/stance", b"#bundle\0" + b"\xff" * 40, b"\0" * 60_000]
)
def test_what_is_no_osc_is_counted(listener, client, told, packet):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(packet, (LOOPBACK, listener.port))
    client.send_message("/tonewright/go", [])
    wait(lambda: told == [Command("go")])
    assert listener.malformed + listener.refused <= 1
    assert listener.frame is None


def test_bundles_and_their_time_tags(listener, told):
    from pythonosc import osc_bundle_builder, osc_message_builder, udp_client

    def bundle(at, *addresses):
        builder = osc_bundle_builder.OscBundleBuilder(at)
        for address in addresses:
            builder.add_content(osc_message_builder.OscMessageBuilder(address).build())
        return builder.build()

    with udp_client.UDPClient(LOOPBACK, listener.port) as client:
        client.send(bundle(time.time() + 0.4, "/tonewright/go"))
        client.send(bundle(osc_bundle_builder.IMMEDIATELY, "/tonewright/panic"))
        client.send(bundle(time.time() + 3600, "/tonewright/panic"))
    wait(lambda: len(told) == 1)
    assert told == [Command("panic")]
    wait(lambda: len(told) == 2)
    assert told[1] == Command("go")
    assert listener.refused == 1


def test_a_port_in_use_is_told(listener):
    with pytest.raises(DeviceError, match=f"{LOOPBACK}:{listener.port}; got address already in use"):
        OscIn(LOOPBACK, listener.port, 3, print)


def test_controls_go_out_as_floats(listener):
    from pythonosc.osc_message import OscMessage

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((LOOPBACK, 0))
        other.settimeout(5)
        out = OscOut(LOOPBACK, other.getsockname()[1])
        out.send(CONTROLS, np.array([0.25, 1.0], np.float32))
        message = OscMessage(other.recv(1000))
        out.close()
    assert (message.address, message.params) == (CONTROLS, [0.25, 1.0])
    assert out.failed == 0


def test_a_ping_comes_back_to_who_sent_it():
    from pythonosc import osc_message_builder, osc_packet

    listener = OscIn(LOOPBACK, 0, 3, lambda command: None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.settimeout(2.0)
        other.bind((LOOPBACK, 0))
        builder = osc_message_builder.OscMessageBuilder("/tonewright/ping")
        builder.add_arg(7, "i")
        other.sendto(builder.build().dgram, (LOOPBACK, listener.port))
        message = osc_packet.OscPacket(other.recv(1024)).messages[0].message
    listener.close()
    assert (message.address, list(message.params)) == ("/tonewright/pong", [7])
    assert (listener.refused, listener.malformed) == (0, 0)


def test_the_level_is_told_again_and_is_zero_at_the_end():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs:
        theirs.bind((LOOPBACK, 0))
        theirs.setblocking(False)
        sink = OscSink(OscOut(LOOPBACK, theirs.getsockname()[1]))

        def levels():
            found = []
            while True:
                try:
                    (one,) = pythonosc.osc_packet.OscPacket(theirs.recv(4096)).messages
                except BlockingIOError:
                    return found
                found += [one.message.params[0]] if one.message.address == LEVEL else []

        controls = np.zeros(3, np.float32)
        for level in (0.0, 0.5, 1.0):
            sink.take(controls, controls, level)
        assert levels() == [0.0, 0.5, 1.0]
        for _ in range(LEVEL_HOPS):  # another program begins late
            sink.take(controls, controls, 1.0)
        assert levels() == [1.0]
        sink.close()
        assert levels() == [0.0]
