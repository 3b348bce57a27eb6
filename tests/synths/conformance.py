"""Which synths the conformance suites hold to the protocol.

A registered name is enough. A synth that is made from a file is added here where what it needs is installed.
"""

from tonewright.synths import names

NAMES = names()
RATES_HZ = (8_000, 16_000, 44_100)
