"""The patch `live.pd`, which a user opens in Pd: with a real Pd on a real JACK server."""

import re
import shutil
import socket
import subprocess
import time

import numpy as np
import pytest

from tonewright.synths.pd.naming import SHIPPED

from .jack import Recording, jack_server, ports, with_jack
from .patches import with_pd
from .test_live import HZ, PEAK, check_tone, until

pytestmark = [with_pd, with_jack]
SETTING = [0.5, 0.5]
NAME = "tonewright-live-patch"


def osc(address, values):
    """A packet of floats."""
    words = [address.encode(), b"," + b"f" * len(values)]
    padded = b"".join(word + bytes(4 - len(word) % 4) for word in words)
    return padded + np.array(values, ">f4").tobytes()


@pytest.fixture
def server(monkeypatch):
    with jack_server() as name:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
        yield name


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def commands():
    """Where the patch sends commands."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.settimeout(5)
        yield one


@pytest.fixture
def pd(server, tmp_path, commands):
    """A Pd that plays a copy with other ports, and prints its meter; the port, and where it says that."""
    for name in ("live", "sine"):
        shutil.copytree(SHIPPED / name, tmp_path / name)
    path, port = tmp_path / "live" / "live.pd", free_port()
    text = path.read_text()
    assert len(re.findall(r"\b9001 127", text)) == len(re.findall(r"127\.0\.0\.1 9000;", text)) == 1
    text = text.replace("9001 127", f"{port} 127")
    text = text.replace("127.0.0.1 9000;", f"127.0.0.1 {commands.getsockname()[1]};")
    boxes = [record for record in text.split(";\n") if re.match("#X (?!connect)", record)]
    meter = next(i for i, record in enumerate(boxes) if record.endswith("- 100"))
    text += f"#X obj 900 800 print meter;\n#X connect {meter} 0 {len(boxes)} 0;\n"
    path.write_text(text)
    said = tmp_path / "said"
    words = ("stance lead", "dial 0.5", "panic")
    sends = [part for one in words for part in ("-send", f"tonewright-command {one}")]
    with said.open("wb") as file:
        options = ["-nogui", "-noprefs", "-nomidi", "-nrt", "-jack", "-jackname", NAME, "-audiobuf", "10"]
        process = subprocess.Popen(["pd", *options, "-open", str(path), *sends], stdout=file, stderr=file)
        try:
            until(lambda: {f"{NAME}:output_1", f"{NAME}:input_1"} <= set(ports(server)), 5)
            yield port, said
        finally:
            process.kill()
            process.wait()


def test_it_plays_measures_and_commands(server, pd, commands, tmp_path):
    port, said = pd
    assert [commands.recv(100) for _ in range(3)] == [
        b"/tonewright/stance\0\0,s\0\0lead\0\0\0\0",
        b"/tonewright/dial\0\0\0\0,f\0\0\x3f\0\0\0",
        b"/tonewright/panic\0\0\0,\0\0\0",
    ]
    subprocess.run(["jack_connect", f"{NAME}:output_1", f"{NAME}:input_1"], check=True)
    agent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with Recording(tmp_path, server, 3.5, f"{NAME}:output_1") as recording:
        agent.sendto(osc("/tonewright/level", [1.0]), ("127.0.0.1", port))
        begin_s = time.monotonic()
        while (now_s := time.monotonic()) < begin_s + 1.2:
            agent.sendto(osc("/tonewright/controls", SETTING), ("127.0.0.1", port))
            time.sleep(0.006)
    agent.close()
    check_tone(recording.between(begin_s + 0.5, begin_s + 1.1), HZ)
    check_tone(recording.between(now_s + 0.3, now_s + 0.7), HZ)
    assert not recording.between(now_s + 1.3, now_s + 1.8).any()  # silent when the agent has gone
    lines = said.read_text().splitlines()
    assert [line for line in lines if not line.startswith("meter: ")] == []  # no complaint
    levels = [float(line.split()[1]) for line in lines]
    assert max(levels) == pytest.approx(20 * np.log10(PEAK / np.sqrt(2)), abs=0.5)
    assert levels[-1] < -90


def test_it_is_vanilla():
    text = (SHIPPED / "live" / "live.pd").read_text()
    used = {record.split()[4] for record in text.split(";\n") if record.startswith("#X obj")}
    vanilla = """
        netreceive oscparse list route t unpack pack line~ *~ dac~ loadbang delay change s r oscformat netsend
        adc~ env~ - vu
    """
    assert used == {"../sine/synth", *vanilla.split()}
    assert "declare" not in text
