"""Numbers in plain words: how everything that is shown to people says them."""

from __future__ import annotations

import re

_COUNTS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, thousands grouped, and a true minus sign; no exponents."""
    if 0 < abs(value) < 1e-4:
        return "< 0.0001"
    rounded = float(f"{value:.{digits}g}")
    text = f"{rounded:,.0f}" if abs(rounded) >= 10 ** (digits - 1) else f"{rounded:.{digits}g}"
    return minus(text)


def count(value: int) -> str:
    """A small number of things, spelled out: `three`; digits beyond twelve."""
    return _COUNTS[value] if value < len(_COUNTS) else str(value)


def decibels(value: float) -> str:
    """A gain: `+3.2 dB`."""
    return minus(f"{value:+.1f} dB") if abs(value) >= 0.05 else "0 dB"


def turn(gain_db: float) -> str:
    """Which way a volume is turned and how far: `up by 3.2 dB`."""
    return f"{'up' if gain_db > 0 else 'down'} by {abs(gain_db):.1f} dB"


def duration(seconds: float, digits: int = 3) -> str:
    """A duration: `35 ms`, `1.52 s`, `2 min 5 s`."""
    if seconds < 0.9995:
        return f"{number(1000 * seconds, digits)} ms"
    if seconds < 100:
        return f"{number(seconds, digits)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def frequency(hertz: float, digits: int = 3) -> str:
    """A frequency: `440 Hz`, `1.2 kHz`."""
    return f"{number(hertz / 1000, digits)} kHz" if hertz >= 999.5 else f"{number(hertz, digits)} Hz"


def quantity(value: float, unit: str, digits: int = 3) -> str:
    """A number with its unit in the singular or plural: `1 octave`, `2.1 octaves`."""
    text = number(value, digits)
    return f"{text} {unit}" if text == "1" else f"{text} {unit}s"


def minus(text: str) -> str:
    """The text with a true minus sign in place of a leading hyphen."""
    return f"−{text[1:]}" if text.startswith("-") else text


def unbroken(text: str) -> str:
    """The text with numbers tied to the word that follows, so that no line ends between `5` and `ms`."""
    return re.sub(r"(?<=\d) (?=\w)", "\u00a0", text)


def listing(parts: list[str], last: str = "and") -> str:
    """Parts as an enumeration: `a, b and c`."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def one_line(text: str) -> str:
    """A name on one line, whatever it holds."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
