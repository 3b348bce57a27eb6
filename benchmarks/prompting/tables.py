"""Tables of what was measured of prompting; `benchmarks/tables.py` puts them on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from improvising.tables import markdown

RESULTS = Path(__file__).parent.parent / "results"


def measured(name: str) -> Any:
    return json.loads((RESULTS / f"prompting-{name}.json").read_text())


def degradations_table() -> str:
    """Shares of pairs that are ordered."""
    rows = [
        (
            name,
            one["component"],
            f"{one['pairs']:,}",
            f"{100 * one['ordered']:.1f} %",
            f"{100 * one['stronger_is_worse']:.1f} %",
        )
        for name, one in measured("degradations")["degradations"].items()
    ]
    return markdown(("degradation", "component", "pairs", "clean is better", "stronger is worse"), rows)


def scoring_table() -> str:
    """How fast sounds are scored."""
    found = measured("scoring")
    rows = [
        (
            f"clips of {found['seconds']:g} s a second, all components, two processes",
            "≥ 50",
            f"{found['clips_per_s']:.0f}",
        )
    ]
    return markdown(("what", "asked", "measured"), rows)


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def honoured_table() -> str:
    """How well the sketch does what a brief asks for."""
    found = measured("honoured")
    known, unseen, most = found["words_trained_on"], found["words_held_out"], found["recogniser"]
    rows = [
        (what, asked, percent(known[name]), percent(unseen[name]), percent(most.get(name)))
        for what, asked, name in (
            ("category", "≥ 80 %", "category"),
            ("tempo within 4 %", "≥ 70 %", "tempo_within_4_percent"),
            ("… or half or twice as fast", "", "tempo_or_half_or_double"),
            ("key of phrases and textures", "≥ 60 %", "key"),
            ("… or its relative", "", "key_or_relative"),
            ("tonic of single notes", "", "tonic_of_notes"),
            ("tone pairs in order", "≥ 75 %", "tone_pairs_ordered"),
            ("… of words trained on", "", "tone_pairs_of_known_words_ordered"),
        )
    ]
    head = ("what is recognised", "asked", "words trained on", "words held out", "recogniser at best")
    return markdown(head, rows)


def settings_table() -> str:
    """What each setting of the sketch does."""
    rows = [
        (
            name.replace("_", " "),
            value,
            f"{one['evaluations']:.0f}",
            f"{1_000 * one['seconds']:.0f}",
            percent(one["tempo"]),
            percent(one["key"]),
            f"{one['reward']:.2f}",
            f"{one['from_200_steps']:.2f}",
            f"{one['between_seeds']:.2f}",
        )
        for name, values in measured("settings").items()
        for value, one in values.items()
    ]
    head = (
        "setting",
        "value",
        "evaluations",
        "ms",
        "tempo",
        "key",
        "reward",
        "from 200 steps",
        "between seeds",
    )
    return markdown(head, rows)


def attacks_table() -> str:
    """What honest sounds get, and what the best attacker of each category."""
    rows = [
        (
            category,
            f"{one['rewards']['honest']:.2f}",
            one["best_attacker"],
            f"{one['rewards'][one['best_attacker']]:.2f}",
            f"{one['margin']:.2f}",
            f"{one['rewards']['searched noise and clicks']:.2f}",
            f"{one['rewards']['free steps']:.2f}",
        )
        for category, one in measured("attacks")["categories"].items()
    ]
    head = ("category", "honest", "best attacker", "gets", "margin", "search gets", "200 steps get")
    return markdown(head, rows)


def ear_table() -> str:
    """How well the ear tells what it was not fitted to."""
    found = measured("ear")
    rows = [
        (
            name,
            percent(one["heard"]),
            percent(one["taken_for_it"]),
            percent(found["held_out_recordings"].get(name, {}).get("heard")),
        )
        for name, one in found["held_out"].items()
    ]
    return markdown(("what", "heard where it is", "heard where it is not", "heard in recordings"), rows)


def serving_table() -> str:
    """What sharing a generator costs and gains."""
    found = measured("serving")
    named = [("directly", found["direct"])]
    named += [(f"{count} client{'s' if count != '1' else ''}", one) for count, one in found["served"].items()]
    rows = [
        (name, f"{one['requests_per_s']:.0f}", f"{one['p50_ms']:.0f}", f"{one['p99_ms']:.0f}")
        for name, one in named
    ]
    return markdown(("who asks", "sounds a second", "p50, ms", "p99, ms"), rows)


def writers_table() -> str:
    """What each writer gets, and what is recognised of it."""
    found, rows = measured("writers"), []
    names = list(found["words_held_out"])
    groups = [(name, [name]) for name in names if name[-1:] not in "0123456789"]
    groups += [
        (kind, [name for name in names if name.startswith(kind)]) for kind in ("warm-started", "trained")
    ]
    for split, told in (("words_held_out", "held out"), ("words_trained_on", "trained on")):
        for name, some in groups:
            ones = [found[split][one] for one in some]
            rewards = [one["reward"] for one in ones]
            span = f" ({min(rewards):.3f} to {max(rewards):.3f})" if len(ones) > 1 else ""
            rows.append(
                (
                    told,
                    name,
                    f"{sum(rewards) / len(ones):.3f}{span}",
                    percent(sum(one["recognised"] for one in ones) / len(ones)),
                    f"{sum(one['evaluations'] for one in ones) / len(ones):.0f}",
                )
            )
    return markdown(("words", "who writes", "reward", "recognised", "evaluations"), rows)


def writers_by_category_table() -> str:
    """The rewards of each category, on held-out words."""
    found = measured("writers")["words_held_out"]
    names = {name.rstrip("0123456789 ") for name in found}
    order = [
        name for name in ("baseline prompts", "searched settings", "warm-started", "trained") if name in names
    ]
    rows = []
    for category in found["baseline prompts"]["by_category"]:
        row = [category]
        for name in order:
            some = [one["by_category"][category] for key, one in found.items() if key.startswith(name)]
            reward = sum(one["reward"] for one in some) / len(some)
            row.append(f"{reward:.2f}, {percent(sum(one['recognised'] for one in some) / len(some))}")
        rows.append(tuple(row))
    return markdown(("reward, recognised", *order), rows)


def rollouts_table() -> str:
    """How fast rollouts are scored, and what adapters add."""
    found, trained = measured("rollouts"), measured("writers")
    rows = [
        ("scored rollouts a second, two processes", "≥ 3", f"{found['rollouts_per_s']:.1f}"),
        ("… share of the time that the generator takes", "", percent(found["share_of_the_generator"])),
        ("… that rewards and the rest take", "", percent(found["share_of_rewards_and_the_rest"])),
        ("GRPO steps a minute, tiny model", "", f"{trained['steps_a_minute']:.1f}"),
    ]
    rows += [
        (f"time that {name} adds to the bare task", "≤ 5 %", f"{100 * one['added']:+.1f} %")
        for name, one in found["added_by"].items()
    ]
    return markdown(("what", "asked", "measured"), rows)


def endurance_table() -> str:
    """What a thousand groups do to memory, and a kill to groups."""
    found = measured("endurance")
    memory, killed = found["memory_of_serve"], found["killed_process"]
    rows = [
        (f"memory of `serve` after 100 groups, after {memory['groups']:,}", "flat",
         f"{memory['mb_after_100_groups']:.0f} MB, {memory['mb_at_last']:.0f} MB"),
        ("… slope a group", "flat", f"{memory['kb_per_group']:.1f} kB"),
        (f"written groups of `process` that {killed['kills']} times kill -9 lost", "≤ 1 each",
         str(killed["written_groups_lost"])),
        ("… episodes missing, and twice", "", f"{killed['seeds_missing']} and {killed['seeds_twice']}"),
    ]  # fmt: skip
    return markdown(("what", "asked", "measured"), rows)


def language_models() -> list[tuple[str, str, str]]:
    """The sections of language models that write prompts, once they were measured."""
    if not all(
        (RESULTS / f"prompting-{name}.json").exists() for name in ("writers", "rollouts", "endurance")
    ):
        return []
    writers = measured("writers")
    return [
        (
            "A language model that learns by its sounds",
            "Written by `python benchmarks/prompting/writers.py`: a tiny language model, warm-started\n"
            f"on the spot, and {writers['updates']} updates of GRPO; three seeds, means and their span,\n"
            "on briefs that nothing was trained or searched on, one sound for each, of the same seed.\n"
            "Searched settings are the best fixed ones of each category that `tonewright prompt optimise`\n"
            "finds, with the baseline prompts. Recognised is what a recogniser that is not the reward hears\n"
            "as asked, of category, tempo (or half, or double) and key (or its relative). By category, on\n"
            "held-out words:\n\n"
            f"{writers_by_category_table()}\n\n"
            "Is the reward fooled? Both measures over the training, on held-out briefs:\n\n"
            "![Reward and recognised share over the training](results/prompting-writers.svg)\n\n"
            "And in all:",
            writers_table(),
        ),
        (
            "Rollouts",
            "Written by `python benchmarks/prompting/rollouts.py` (the steps by `writers.py`), on two cores.",
            rollouts_table(),
        ),
        (
            "A thousand groups",
            "Written by `python benchmarks/prompting/endurance.py`.",
            endurance_table(),
        ),
    ]


def sections() -> list[tuple[str, str, str]]:
    """Heading, caption and table of each section, in order."""
    found = measured("degradations")
    count, moved = sum(found["sounds"].values()), found["level_moves_components_by"]
    honoured, served, attacked = measured("honoured"), measured("serving"), measured("attacks")
    return [
        (
            "Briefs that the sketch honours",
            "Written by `python benchmarks/prompting/honoured.py`: "
            f"{honoured['words_trained_on']['briefs']} briefs of each split, by a recogniser\n"
            "that is not the reward. A held-out word is one that the sketch has never seen: what it means\n"
            "for the sound it cannot know. The last column tells how often the recogniser is right about\n"
            "pieces whose truth is known; categories are of sounds that it was not fitted to.",
            honoured_table(),
        ),
        (
            "Settings of the sketch",
            "Written by `python benchmarks/prompting/settings.py`; tempo and key are those of the piece,\n"
            "and its first lines tell what the other columns are.",
            settings_table(),
        ),
        (
            "Attacks on the reward",
            "Written by `python benchmarks/prompting/attacks.py`: means over briefs of each category,\n"
            f"{attacked['briefs']} in all, and {attacked['evaluations']:,} evaluations of the search for\n"
            "each. A margin of 0.2 was asked for.",
            attacks_table(),
        ),
        (
            "What the ear of the rewards tells",
            "Written by `python benchmarks/prompting/ear.py`, on sounds that it was not fitted to.",
            ear_table(),
        ),
        (
            "Degradations that the reward tells",
            f"Written by `python benchmarks/prompting/degradations.py`: {count} clean sounds of all\n"
            f"categories, each degraded at four strengths. Of all {found['pairs']:,} pairs\n"
            f"{100 * found['ordered']:.1f} % are ordered; 97 % were asked for. A change of level moves\n"
            f"components by {moved:.0e} at most.",
            degradations_table(),
        ),
        (
            "Scoring sounds",
            "Written by `python benchmarks/prompting/scoring.py`, on two cores.",
            scoring_table(),
        ),
        (
            "One model for many",
            "Written by `python benchmarks/prompting/serving.py`, with a generator that takes\n"
            f"{served['batch_ms']:g} ms for a batch and {served['item_ms']:g} ms for each sound in it.",
            serving_table(),
        ),
        *language_models(),
    ]
