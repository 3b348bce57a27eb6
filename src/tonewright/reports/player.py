"""A player of several sounds: one position for all, and a choice of which is heard."""

from __future__ import annotations

from collections.abc import Sequence

from tonewright import wording
from tonewright.errors import UsageError
from tonewright.reports.markup import Html, data_uri, join, tag
from tonewright.reports.sounds import Preview

MOST_SOUNDS = 6
"""As many as the page has colours for; more are shared out among several players."""

_KEYS = "ABCDEF"
_PLAY, _STOP = "M5 3v14l12-7z", "M5 5h10v10H5z"


def player(
    id_: str,
    names: Sequence[str],
    preview: Preview,
    lanes: Html,
    *,
    legend: Html | None = None,
    note: str = "",
) -> Html:
    """A player, to be put into a section of a page; several on one page do not disturb each other.

    Listeners switch between the sounds while they play, loop, seek, and test blindly whether they can tell
    them apart. Without scripts or Web Audio each sound has a plain player of the browser.

    Args:
        id_: Unique on its page.
        names: What a sentence calls each sound: `the target`, `take 2`. An article is left out on buttons.
        preview: The sounds, as many as there are names.
        lanes: Pictures that share the time axis, from `tonewright.reports.lanes.stack`.
        legend: What the colours of the pictures mean.
        note: A paragraph below.

    Raises:
        UsageError: No sound, more than six, or another number of names.
    """
    if not 1 <= len(names) <= MOST_SOUNDS:
        raise UsageError(f"a player holds 1 to {MOST_SOUNDS} sounds; got {len(names)}: make several players")
    if len(names) != len(preview.wavs):
        raise UsageError(f"every sound has a name; got {len(preview.wavs)} sounds and {len(names)} names")
    return tag(
        "div",
        _transport(id_, names),
        _blind_test(id_, names) if len(names) > 1 else join(),
        lanes,
        tag("div", _seek(), class_="scrub scripted", hidden=True),
        tag("div", legend or join(), _keys(len(names)), class_="under"),
        tag("div", *_plain_players(names, preview), class_="fallback"),
        tag("p", wording.unbroken(note), class_="note") if note else join(),
        tag("p", class_="status unseen", role="status"),
        id=id_,
        class_="player",
        data_seconds=f"{preview.seconds:.9g}",
        data_duration=f"{preview.whole_seconds:.9g}",
        data_rate=str(preview.sample_rate_hz),
    )


def save_link(player_id: str, sound: int, text: str, filename: str) -> Html:
    """A link that saves a sound as a player of the page holds it; it may stand anywhere on the page.

    Args:
        player_id: The player.
        sound: Place of the sound in it, from 0.
        text: What the link says.
        filename: What the file is called.
    """
    return tag(
        "a", text, class_="scripted", download=filename, data_player=player_id, data_sound=sound, hidden=True
    )


def short(name: str) -> str:
    """The name of a sound where it stands alone, on a button: `Target` for `the target`, `a.wav` as it is."""
    bare = name.removeprefix("the ")
    return bare if "." in bare else bare[:1].upper() + bare[1:]


def _transport(id_: str, names: Sequence[str]) -> Html:
    icon = tag(
        "svg", tag("path", class_="icon-play", d=_PLAY), tag("path", class_="icon-stop", d=_STOP),
        viewBox="0 0 20 20", aria_hidden="true",
    )  # fmt: skip
    parts = [_button(icon, tag("span", "Play"), class_="play", aria_keyshortcuts="Space")]
    if len(names) > 1:
        parts.append(_choice(names))
    parts.append(_button("Loop", class_="loop plain", aria_pressed="true", aria_keyshortcuts="L"))
    if len(names) > 1:
        blind = _button("Blind test", class_="blind plain", aria_expanded="false", aria_controls=f"{id_}-abx")
        parts.append(blind)
    parts.append(tag("output", "0.00 s", class_="clock", aria_label="Position"))
    return tag("div", *parts, class_="transport scripted", hidden=True)


def _choice(names: Sequence[str]) -> Html:
    buttons = [
        _button(
            tag("kbd", key), tag("span", short(name)), class_=f"sound-{i}", data_key=key.lower(),
            data_name=name, aria_pressed="true" if i == 0 else "false", aria_keyshortcuts=key,
        )
        for i, (name, key) in enumerate(zip(names, _KEYS, strict=False))
    ]  # fmt: skip
    unknown = _button(
        tag("kbd", "X"), tag("span", "Unknown"), class_="unknown", data_key="x", aria_pressed="false",
        aria_keyshortcuts="X", hidden=True,
    )  # fmt: skip
    return tag("div", *buttons, unknown, class_="segments", role="group", aria_label="Which sound is heard")


def _blind_test(id_: str, names: Sequence[str]) -> Html:
    heard = wording.listing([*_KEYS[: len(names)], "X"])
    rule = (
        f"X is one of the {wording.count(len(names))}, drawn by chance. Listen to {heard} as often as you "
        "like, then decide."
    )
    answers = [_button(f"X is {name}", class_="plain") for name in names]
    score = tag("output", "No answer yet.")
    return tag(
        "div",
        tag("p", rule),
        tag("div", *answers, score, class_="abx-answers"),
        id=f"{id_}-abx",
        class_="abx scripted",
        hidden=True,
    )


def _seek() -> Html:
    return tag("input", type="range", min=0, max=1000, value=0, step=1, aria_label="Position in the sound")


def _keys(count: int) -> Html:
    parts: list[str] = [tag("kbd", "Space"), "play, stop"]
    if count > 1:
        parts += [tag("kbd", key) for key in _KEYS[:count]]
        parts += ["choose", tag("kbd", "X"), "swap" if count == 2 else "next"]
    parts += [tag("kbd", "L"), "loop", tag("kbd", "←"), tag("kbd", "→"), "seek"]
    return tag("p", *parts, class_="keys scripted", hidden=True)


def _plain_players(names: Sequence[str], preview: Preview) -> list[Html]:
    return [
        tag(
            "figure",
            tag("figcaption", short(name)),
            tag("audio", src=data_uri("audio/wav", wav), controls=True, preload="none"),
        )
        for name, wav in zip(names, preview.wavs, strict=True)
    ]


def _button(*content: str, **attributes: str | bool) -> Html:
    return tag("button", *content, type="button", **attributes)
