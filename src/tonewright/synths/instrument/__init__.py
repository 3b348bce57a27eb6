"""A preset as samples and an SFZ file, to be played in any sampler that reads SFZ."""

from tonewright.synths.instrument.rendering import Instrument, render_instrument
from tonewright.synths.instrument.zones import Zone, zones

__all__ = ["Instrument", "Zone", "render_instrument", "zones"]
