"""A map of what a synth can do: similar sounds lie side by side, and each can be heard, in one page."""

from tonewright.improvising.lookup.map.drawing import LookupMap, draw_map
from tonewright.improvising.lookup.map.page import map_html

__all__ = ["LookupMap", "draw_map", "map_html"]
