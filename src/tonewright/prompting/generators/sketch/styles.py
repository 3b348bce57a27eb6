"""Styles: the beats, timbres and places that pieces are composed of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# x is struck, o is struck softly, ? now and then.
BEATS: Mapping[str, Mapping[str, str]] = {
    "techno": {
        "kick": "x...x...x...x...",
        "hats": "..x...x...x...x.",
        "clap": "....x.......x...",
        "toms": "?..?..?..?....?.",
    },
    "house": {
        "kick": "x...x...x...x...",
        "hats": "..x...x...x...x.",
        "clap": "....x.......x...",
        "shaker": "xoxoxoxoxoxoxoxo",
    },
    "hip hop": {"kick": "x......?..x.....", "snare": "....x.......x...", "hats": "x.x.x.x.x.x.x.x."},
    "trap": {"kick": "x......?..x..?..", "snare": "........x.......", "hats": "x.xxx.x.x.xxx.xx"},
    "drum and bass": {"kick": "x.........x.....", "snare": "....x.......x...", "hats": "x.x.x.x.x.x.x.x."},
    "rock": {
        "kick": "x.......x.x.....",
        "snare": "....x.......x...",
        "hats": "x.x.x.x.x.x.x.x.",
        "cymbal": "x...............",
    },
    "dub": {"kick": "........x.......", "snare": "........x.......", "hats": "..x...x...x...x."},
    "funk": {"kick": "x.x....?..x..?..", "snare": "....x..o.o..x..o", "hats": "x.x.x.x.x.x.x.x."},
    "breakbeat": {
        "kick": "x.x.......x..?..",
        "snare": "....x..?.?..x...",
        "hats": "x.x.x.x.x.x.x.x.",
        "shaker": "xoxoxoxoxoxoxoxo",
    },
    "electro": {
        "kick": "x.....x...x.....",
        "snare": "....x.......x...",
        "clap": "....x.......x...",
        "hats": "x.xox.xox.xox.xo",
    },
    "lo-fi": {"kick": "x.....?.x..?....", "snare": "....x.......x...", "hats": "x.x.x.x.x.x.x.x."},
    "trance": {
        "kick": "x...x...x...x...",
        "clap": "....x.......x...",
        "hats": "..x...x...x...x.",
        "cymbal": "x...............",
    },
    "garage": {
        "kick": "x.........x..?..",
        "snare": "....x.......x...",
        "hats": "..xo..xo..xo..xo",
        "shaker": "xoxoxoxoxoxoxoxo",
    },
    "disco": {"kick": "x...x...x...x...", "clap": "....x.......x...", "hats": "x.xxx.xxx.xxx.xx"},
    "afrobeat": {
        "kick": "x..?..x...x.....",
        "toms": "..x..x..x.x..x..",
        "shaker": "xoxoxoxoxoxoxoxo",
        "snare": "...o..x....o..x.",
    },
    "jungle": {"kick": "x.x.......xx....", "snare": "....x..x.x..x..x", "hats": "x.x.x.x.x.x.x.x."},
}
SWINGING = frozenset({"hip hop", "lo-fi", "garage", "jungle"})
TIMBRES: Mapping[str, Sequence[str]] = {
    "piano": ("Rave Piano",),
    "electric piano": ("Tine Piano", "Reed Piano"),
    "guitar": ("Koto Twang", "Pizzicato"),
    "bass guitar": ("Fingered Bass", "Rubber Bass"),
    "synth lead": ("Super Saw", "Vacuum Rave", "Vintage Mono", "Power Fifth", "Screamer"),
    "synth bass": ("Reese Fog", "Acid Squelch", "Deep Sub", "Hollow Square Bass", "Stadium Saw Bass"),
    "organ": ("Drawbar Organ", "Chapel Organ"),
    "bell": ("Glass Pluck", "Vibraphone"),
    "brass": ("Synth Brass",),
    "violin": ("String Ensemble",),
    "harp": ("Silk Harp",),
    "synth pluck": ("Trance Pluck", "Glass Pluck", "Chip Pluck"),
    "marimba": ("Marimba",),
    "vibraphone": ("Vibraphone",),
    "flute": ("Ocarina", "Breath Whistle"),
    "kalimba": ("Kalimba",),
    "acid": ("Acid Squelch",),
    "synthwave": ("Super Saw", "Vintage Mono", "Power Fifth"),
    "ambient house": ("Warm Pad", "Rave Piano"),
    "jazz": ("Tine Piano", "Reed Piano"),
    "blues": ("Drawbar Organ", "Koto Twang"),
    "chiptune": ("Chip Square", "Chip Pluck"),
    "reggae": ("Drawbar Organ", "Funky Clav"),
    "cinematic": ("String Ensemble", "Synth Brass", "Sunrise Sweep"),
    "bossa nova": ("Tine Piano", "Pizzicato"),
    "baroque": ("Harpsichord",),
}
BASSES = ("Deep Sub", "Reese Fog", "Rubber Bass", "Hollow Square Bass", "Fingered Bass", "House Organ Bass")
PADS = (
    "Warm Pad",
    "Crystal Pad",
    "String Ensemble",
    "Slow Tide",
    "Vowel Choir",
    "Open Fifths",
    "Hollow Night",
    "Frost Air",
)
LEADS = (
    "Vintage Mono",
    "Ocarina",
    "Glass Pluck",
    "Trance Pluck",
    "Tine Piano",
    "Silk Harp",
    "Kalimba",
    "Super Saw",
)
OCTAVE = {"synth bass": 2, "bass guitar": 2, "bell": 6, "flute": 5, "kalimba": 5, "violin": 5}
NOUNS: Mapping[str, tuple[str, ...]] = {
    "whoosh": ("rise", "fall"),
    "sweep": ("rise", "fall"),
    "riser": ("rise",),
    "impact": ("impact",),
    "laser": ("laser",),
    "alarm": ("alarm",),
    "explosion": ("impact",),
    "zap": ("laser",),
    "beep": ("beep",),
    "glitch": ("glitch",),
}
EFFECTS = ("rise", "fall", "impact", "laser", "alarm", "beep", "glitch", "steady")
THINGS: Mapping[str, str] = {
    "spaceship": "steady",
    "sword": "impact",
    "robot": "glitch",
    "menu": "beep",
    "thunder": "impact",
    "machine": "steady",
    "magic spell": "rise",
    "engine": "steady",
    "portal": "rise",
    "coin": "beep",
}
# Middle of the air in Hz, its level in dB, and the level of the drone.
PLACES: Mapping[str, tuple[float, float, float]] = {
    "cave": (250, -18, -3),
    "forest": (4_000, -8, -14),
    "deep space": (200, -20, -2),
    "night city": (400, -6, -12),
    "factory": (600, -10, -6),
    "temple": (500, -24, -2),
    "storm": (900, -2, -16),
    "ocean": (1_200, -2, -22),
    "desert": (1_500, -4, -20),
    "underwater": (180, -8, -6),
}
