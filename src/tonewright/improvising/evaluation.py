"""How well agents follow recordings and random walks that no training saw, beside who does not learn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np

from tonewright.checks import check_whole
from tonewright.errors import UnknownNameError, UsageError
from tonewright.files import StrPath
from tonewright.improvising.agent.loaded import Agent
from tonewright.improvising.corpus.corpus import SPLITS, Corpus, Split
from tonewright.improvising.corpus.files import read_corpus
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.following.phrases import Phrase, held_out_phrases
from tonewright.improvising.following.walks import walk_phrases
from tonewright.improvising.hearing import HEARING_VERSION, HOP_S, SAMPLE_RATE_HZ
from tonewright.improvising.listening.normalising import Scales, fit_scales
from tonewright.improvising.lookup.files import read_table
from tonewright.improvising.lookup.table import LookupTable, table_synth
from tonewright.improvising.networks.load import agent_digest, load_agent
from tonewright.improvising.playing.baselines import BASELINES, baseline
from tonewright.improvising.playing.performing import Performance, Player, perform
from tonewright.improvising.playing.scoring import scores
from tonewright.learning.held_out import HELD_OUT_SEED
from tonewright.measuring.records import Key, Record, RecordLog
from tonewright.measuring.workers import finish
from tonewright.synths import synth as make_synth

SUITES = ("corpus", "walks")
"""What is followed: one part of the corpus, or random walks over the sounds of the synth."""
SHIPPED = "agent"
"""What the agent that ships is called among others."""
HEARINGS = ("table", "render")
"""How an agent hears itself, and is measured."""
_KEY = ("suite", "hearing", "method", "seed", "phrase")
_WALKS, _WALK_HOPS = 24, 1_720  # 10 s each
_SHARED = (
    "features_reward", "reward_weights", "reward_type", "reward_scale", "step_size", "hops_per_step",
    "action_view",
)  # fmt: skip
_REFERENCES = ("hold", "limited")
"""Players that the share of the gap is told between."""


@dataclass(frozen=True)
class Stage:
    """What everybody is measured with.

    Attributes:
        config: What agents were trained with, hearing aside; the same for all.
        table: What the synth can do.
        corpus: Recordings, if there are any.
        split: The part of them that is followed.
        agents: Folder of each agent by name; None for the one that ships.
        scales: Those of each agent, completed for all that is reported.
    """

    config: ImproviseConfig
    table: LookupTable
    corpus: Corpus | None
    split: Split
    agents: Mapping[str, StrPath | None]
    scales: Mapping[str, Scales]

    @property
    def methods(self) -> tuple[str, ...]:
        """Everybody that can play, agents first."""
        return (*self.agents, *BASELINES)

    @property
    def descriptors(self) -> tuple[str, ...]:
        """Descriptors that table and recordings both hold."""
        held = self.table.descriptors
        return held if self.corpus is None else tuple(one for one in held if one in self.corpus.descriptors)


def stage(
    *,
    table: StrPath,
    corpus: StrPath | None,
    agents: Sequence[StrPath] = (),
    synth: str | None = None,
    split: str = "test",
) -> Stage:
    """Read and check what everybody is measured with.

    Args:
        table: File of what the synth can do.
        corpus: File of recordings; None for random walks alone.
        agents: Folders of trainings; the agent that ships if none is given. All must have been trained with
            the same reward and the same limits.
        synth: Name of the synth; that of the table if not given.
        split: The part of the corpus that is followed.

    Raises:
        UnknownNameError: No such synth or part.
        CheckpointError: There is no agent, or it does not fit the synth.
        UsageError: Agents that cannot be compared.
        TableError: The table cannot be read, or is of another synth.
        CorpusError: The corpus cannot be read.
    """
    if split not in SPLITS:
        raise UnknownNameError("part of a corpus", split, SPLITS)
    measured = read_table(table)
    player = table_synth(measured, synth, SAMPLE_RATE_HZ)
    folders: dict[str, StrPath | None] = {str(folder).rstrip("/"): folder for folder in agents}
    folders = folders or {SHIPPED: None}
    loaded = {name: load_agent(player, folder) for name, folder in folders.items()}
    first, *others = loaded.items()
    for name, agent in others:
        _check_comparable(first, (name, agent))
    recorded = None if corpus is None else read_corpus(corpus)
    config = replace(first[1].config, synth=player.name, table=str(table), corpus=None, reward_noise=0.0)
    part = next(one for one in SPLITS if one == split)
    held = tuple(one for one in measured.columns if recorded is None or one in recorded.columns)
    fitted = fit_scales(held, measured, recorded)
    scales = {name: agent.scales.take(held, fitted) for name, agent in loaded.items()}
    return Stage(config, measured, recorded, part, folders, scales)


def evaluate(
    on: Stage,
    methods: Sequence[str] = (),
    *,
    suites: Sequence[str] = SUITES,
    hearings: Sequence[str] = HEARINGS,
    seeds: Sequence[int] = (0,),
    workers: int = 1,
    log: RecordLog | None = None,
    progress: Callable[[], None] = lambda: None,
) -> list[Record]:
    """Let everybody follow the same, and measure it.

    Args:
        on: What everybody is measured with.
        methods: Names of agents and baselines; all of them if none is given.
        suites: Of `SUITES`; without a corpus, "walks" alone.
        hearings: Of "table" and "render": how the agent hears itself, and is measured.
        seeds: Where the controls begin, and random walks.
        workers: Processes.
        log: Finished work is appended to it, and taken from it where it is there already; see `open_log`.
        progress: Called after each performance.

    Returns:
        One record for each phrase of each performance: `suite`, `hearing`, `method`, `seed`, `phrase`, its
        `seconds`, and the numbers of `scoring.scores`.

    Raises:
        UnknownNameError: No such method, suite or hearing.
        UsageError: A seed that is not a whole number from 0.
        OutputError: The log cannot be written.
    """
    work = performances(on, methods, suites=suites, hearings=hearings, seeds=seeds)
    suites = tuple(dict.fromkeys(suite for suite, *_ in work))
    phrases = {suite: [phrase.name for phrase in _phrases(on, suite)] for suite in suites}
    return finish(
        work,
        partial(_play, on),
        keys=lambda piece: [(*piece, name) for name in phrases[piece[0]]],
        key=lambda record: tuple(record[name] for name in _KEY),
        log=log,
        workers=workers,
        progress=progress,
    )


def performances(
    on: Stage,
    methods: Sequence[str] = (),
    *,
    suites: Sequence[str] = SUITES,
    hearings: Sequence[str] = HEARINGS,
    seeds: Sequence[int] = (0,),
) -> list[tuple[str, str, str, int]]:
    """What `evaluate` has to play: suite, hearing, method and seed of each performance.

    Raises:
        UnknownNameError: No such method, suite or hearing.
        UsageError: A seed that is not a whole number from 0.
    """
    methods = tuple(dict.fromkeys(methods or on.methods))
    choices = (
        ("method", methods, on.methods), ("suite", suites, SUITES), ("hearing", hearings, HEARINGS),
    )  # fmt: skip
    for what, given, known in choices:
        for name in given:
            if name not in known:
                raise UnknownNameError(what, name, known)
    for seed in seeds:
        check_whole(seed, "a seed", 0)
    if on.corpus is None:
        suites = ("walks",)
    return [
        (suite, hearing, method, seed)
        for suite in dict.fromkeys(suites)
        for hearing in dict.fromkeys(hearings)
        for seed in dict.fromkeys(seeds)
        for method in methods
    ]


def open_log(path: StrPath, on: Stage) -> RecordLog:
    """A log of an evaluation; results of other agents, tables, recordings or versions are refused.

    Raises:
        UsageError: It is another kind of file, or holds other results.
        OutputError: It cannot be read or written.
    """
    synth = make_synth(on.config.synth, SAMPLE_RATE_HZ)
    played = asdict(on.config) | {"table": None, "hearing": None}
    header = {
        "evaluation": "improvise",
        "synth": f"{synth.name}, version {synth.version}",
        "hearing_version": HEARING_VERSION,
        "episodes": {
            name: list(value) if isinstance(value, tuple) else value for name, value in played.items()
        },
        "points": len(on.table.params),
        "split": on.split,
        "recordings": {file.name: file.sha256[:12] for file in on.corpus.part(on.split)} if on.corpus else {},
        "agents": {name: agent_digest(synth, folder) for name, folder in on.agents.items()},
        "tonewright": version("tonewright"),
    }
    return RecordLog(path, key=_KEY, header=header)


def summarise(records: Iterable[Record]) -> list[Record]:
    """Means over phrases, weighted by their length, and over seeds.

    Returns:
        A row for each suite, hearing and method: the fields of `scoring.scores` (means of what is not None),
        `phrases`, `seeds`, and `gap_closed`: of the reward between holding still (0) and the step-limited
        nearest neighbour (1) under the same hearing; None without these two.
    """
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record["suite"], record["hearing"], record["method"]), []).append(record)
    rows = []
    for (suite, hearing, method), group in groups.items():
        row: Record = {"suite": suite, "hearing": hearing, "method": method}
        row["phrases"] = len({record["phrase"] for record in group})
        row["seeds"] = len({record["seed"] for record in group})
        for name in group[0]:
            if name not in (*_KEY, "seconds"):
                known = [(one[name], one["seconds"]) for one in group if one.get(name) is not None]
                row[name] = _weighted_mean(known) if known else None
        rows.append(row)
    rewards = {(row["suite"], row["hearing"], row["method"]): row["reward"] for row in rows}
    for row in rows:
        low, high = (rewards.get((row["suite"], row["hearing"], name)) for name in _REFERENCES)
        row["gap_closed"] = None
        if low is not None and high is not None and high > low:
            row["gap_closed"] = (row["reward"] - low) / (high - low)
    return rows


def play(on: Stage, suite: str, hearing: str, method: str, seed: int) -> tuple[ImproviseEnv, Performance]:
    """One performance of all phrases of a suite, and where it was played; arguments as in `evaluate`."""
    return follow(on, _phrases(on, suite), hearing, method, seed)


def follow(
    on: Stage,
    phrases: Sequence[Phrase],
    hearing: str,
    method: str,
    seed: int,
    *,
    also: Sequence[str] | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[ImproviseEnv, Performance]:
    """One performance of phrases, each in a row of its own, and where it was played.

    Args:
        on: What everybody is measured with.
        phrases: What is followed.
        hearing: "table" or "render".
        method: Who plays, of `on.methods`.
        seed: Where the controls begin.
        also: Features that are measured beside those that are seen or count; all there are if not given.
        progress: Called with the share of the work that has been done since.
    """
    hops = max(len(one.frames) for one in phrases)
    synth = make_synth(on.config.synth, SAMPLE_RATE_HZ)
    agent = load_agent(synth, on.agents[method]) if method in on.agents else None
    scaled_by = method if method in on.agents else next(iter(on.agents))
    env = ImproviseEnv(
        len(phrases),
        replace(on.config, hearing=hearing, max_episode_steps=1 + hops),
        table=on.table,
        corpus=on.corpus,
        phrases=phrases,
        scales=on.scales[scaled_by],
        also=on.descriptors if also is None else also,
    )
    player: Player
    if agent is not None:
        agent.check_fits(env)
        player = agent
    else:
        player = baseline(method, env)
    steps = -(-hops // on.config.hops_per_step)

    def act(env: ImproviseEnv, observations: Any) -> Any:
        progress(1 / steps)
        return player(env, observations)

    return env, perform(env, act, hops, seed=seed)


def _play(on: Stage, piece: tuple[str, str, str, int], keys: list[Key]) -> list[Record]:
    suite, hearing, method, seed = piece
    env, played = play(on, suite, hearing, method, seed)
    records = []
    for row, phrase in enumerate(_phrases(on, suite)):
        hops = len(phrase.frames)
        record = dict(zip(_KEY, (*piece, phrase.name), strict=True)) | {"seconds": hops * HOP_S}
        found = scores(played, row, hops, env.reward_columns)
        records.append(record | {name: _rounded(value) for name, value in found.items()})
    wanted = set(keys)
    return [one for one in records if tuple(one[name] for name in _KEY) in wanted]


def _phrases(on: Stage, suite: str) -> list[Phrase]:
    if suite == "corpus":
        assert on.corpus is not None  # checked
        return held_out_phrases(on.corpus, on.split)
    return _walks(on.config.synth, on.table.descriptors)


@cache
def _walks(synth: str, descriptors: tuple[str, ...]) -> list[Phrase]:
    return walk_phrases(make_synth(synth, SAMPLE_RATE_HZ), descriptors, _WALKS, _WALK_HOPS, HELD_OUT_SEED)


def _check_comparable(one: tuple[str, Agent], other: tuple[str, Agent]) -> None:
    for name in _SHARED:
        first, second = (getattr(agent.config, name) for _, agent in (one, other))
        if first != second:
            raise UsageError(
                f"agents side by side were trained with the same {name}; got {first!r} in {one[0]!r} and"
                f" {second!r} in {other[0]!r}; evaluate them one by one"
            )


def _weighted_mean(values: Sequence[tuple[float, float]]) -> float:
    """Of values and their weights."""
    numbers, weights = np.transpose(values)
    return float(np.average(numbers, weights=weights))


def _rounded(value: float | None) -> float | None:
    """Six significant digits."""
    return None if value is None else float(f"{value:.6g}")
