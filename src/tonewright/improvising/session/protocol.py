"""How other programs play with this one, in words: addresses, types, rates and examples."""

from __future__ import annotations

from tonewright.files import StrPath
from tonewright.improvising.hearing import HOP, HOP_S, SAMPLE_RATE_HZ
from tonewright.improvising.networks.load import load_agent
from tonewright.improvising.session.commands import COMMANDS
from tonewright.improvising.session.ears import Ears
from tonewright.improvising.session.opening import LISTEN, SEND
from tonewright.improvising.session.osc import CONTROLS, LEVEL, MUSICIAN, PING, PONG, ROOT
from tonewright.synths import synth as make_synth
from tonewright.synths.pd.naming import SHIPPED


def protocol(synth: str, agent: StrPath | None = None) -> str:
    """What another program sends and gets, for a synth and an agent.

    Args:
        synth: Name of the synth.
        agent: Folder of a training; the agent that ships if None.

    Raises:
        TonewrightError: There is no such synth or agent.
    """
    player = make_synth(synth, SAMPLE_RATE_HZ)
    heard = load_agent(player, agent)
    names = Ears(heard.scales.take(heard.columns)).names
    controls = player.controls.controls
    rate = f"{SAMPLE_RATE_HZ / HOP:.1f}"
    lines = [
        "Open Sound Control 1.0 over UDP. Bundles are taken apart; what a time tag puts off by up to a",
        "minute is kept until then.",
        "",
        f"To Tonewright, at --listen, {LISTEN} unless given:",
        f"  {MUSICIAN}  {len(names)} × f: what is heard of the musician, with --input osc. Best once a hop, "
        f"{rate} times a",
        "    second; the newest counts. In this order, measured as `tonewright hear` does:",
        *(f"      {number + 1:2} {name}" for number, name in enumerate(names)),
        *(
            f"  {ROOT}/{name:9} {one.types or '(nothing)':11}  {one.meaning}"
            for name, one in COMMANDS.items()
        ),
        f"  {PING}      anything     is answered at once with {PONG} and the same, to who sent it",
        "",
        f"From Tonewright, to --send, {SEND} unless given, with --output osc:",
        f"  {CONTROLS}  {len(controls)} × f in [0, 1], {rate} times a second "
        f"({1000 * HOP_S:.1f} ms). In this order:",
        *(
            f"      {number + 1:2} {one.name}: {one.low:g} to {one.high:g} {one.unit}".rstrip()
            + f", {one.curve}"
            for number, one in enumerate(controls)
        ),
        f"  {LEVEL}  f: 0 while it is to be silent, 1 while it plays; sent when it changes, ten times a",
        "    second, and 0 at the end",
        "",
        "Pd vanilla, a patch that gets the controls:",
        "  [netreceive -u -b 9001] → [oscparse] → [list trim] → [route tonewright] → [route controls level]",
        "Pd vanilla, a message to Tonewright:",
        "  [symbol lead( → [oscformat tonewright stance] → [list prepend send] → [list trim] →",
        "  [netsend -u -b], after a message [connect 127.0.0.1 9000(",
        "Pd vanilla, a patch that does all of this, with audio input, to open and to change:",
        f"  {SHIPPED / 'live' / 'live.pd'}",
        "SuperCollider:",
        '  ~agent = NetAddr("127.0.0.1", 9000);',
        f'  ~agent.sendMsg("{ROOT}/stance", "lead");',
        f'  OSCdef(\\controls, {{ |msg| msg[1..].postln }}, "{CONTROLS}", recvPort: 9001);',
        "A terminal (Debian: apt-get install liblo-tools):",
        f"  oscsend 127.0.0.1 9000 {ROOT}/dial f 0.5",
    ]
    return "\n".join(lines)
