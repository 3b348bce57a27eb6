"""Which synths the conformance suites hold to the protocol.

A registered name is enough. A synth that is made from a file is added here where what it needs is installed.
"""

from tonewright.synths import names
from tonewright.synths.pd.program import has_program

REGISTERED = names()
OF_PD = ["pd:fm", "pd:granular", "pd:sine"] if has_program() else []  # tests/synths/pd tells that it skips
NAMES = [*REGISTERED, *OF_PD]
RATES_HZ = (8_000, 16_000, 44_100)
