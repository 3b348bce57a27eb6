"""RL-impro's settings, `environment_settings.json`, as a configuration of ours.

RL-impro (Madaghiele and Fasciani, AIMC 2024) trains agents of the same kind. What its settings say is taken
as far as it has a meaning here; what has none, or another one, is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tonewright.documents import read_json, short_text
from tonewright.errors import UnknownNameError, UsageError
from tonewright.features.selection import select
from tonewright.files import StrPath
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.listening.features import choose

_HOP = 128
"""Samples that a step lasts in RL-impro: half a hop of ours."""
_SYNTHS = {
    "sin": "sine",
    "FM3": "fm",
    "FM4": "fm",
    "granular": "granular",
    "granular3-dur": "granular",
    "granular3-pitch": "granular",
}
_CATEGORIES = {
    "loudness": ("loudness_rms", "loudness_true_peak"),
    "mfcc": ("mfcc",),
    "chroma": ("chroma",),
    "specshape": ("spectral_shape",),
    "sinefeaturefreqs": ("sinusoid_frequencies",),
    "sinefeaturemags": ("sinusoid_magnitudes",),
}
_SHAPES = ("centroid", "spread", "skewness", "kurtosis", "rolloff", "flatness", "crest")
_SINGLE = {
    "loudness-dBFS": "loudness_rms",
    "loudness-TP": "loudness_true_peak",
    "loudness-dB": "loudness_rms",
    **{f"mfcc-{i}": f"mfcc_{i + 1:02d}" for i in range(13)},
    **{f"specshape-{shape}": f"spectral_{shape}" for shape in _SHAPES},
    **{f"sinefeaturefreqs-{i}": f"sinusoid_{i + 1:02d}_hz" for i in range(10)},
    **{f"sinefeaturemags-{i}": f"sinusoid_{i + 1:02d}_dbfs" for i in range(10)},
    **{f"chroma-{note}": f"chroma_{note.lower()}" for note in "ABCDEFG"},
    **{f"chroma-{note}#": f"chroma_{note.lower()}_sharp" for note in "ACDFG"},
}
_MODES = {
    "static_random": ("static", (1.0, 1.0, 2.0)),
    "dynamic_random": ("dynamic", (1.0, 1.0, 2.0)),
    "corpus": ("corpus", (1.0, 1.0, 2.0)),
    "mixed_random": ("mixed", (1.0, 1.0, 0.0)),
    "mixed_random+corpus": ("mixed", (1.0, 1.0, 2.0)),
}
_REWARDS = {"cubic": "cubic", "linear": "linear", "cubic+prize": "cubic", "prize": "cubic"}
_ELSEWHERE = {
    "ip_send": "nothing is sent while an agent is trained",
    "port_send": "nothing is sent while an agent is trained",
    "port_send_optimal": "nothing is sent while an agent is trained",
    "verbose": "training tells its progress by itself",
    "live": "nothing is played aloud while an agent is trained",
}


class Imported(NamedTuple):
    """What RL-impro's settings are here.

    Attributes:
        config: What maps.
        seed: Of a training; None for none.
        notes: What does not map, or is not quite the same, one sentence each.
    """

    config: ImproviseConfig
    seed: int | None
    notes: tuple[str, ...]


def read_rl_impro(path: StrPath) -> Imported:
    """Read an `environment_settings.json` of RL-impro, or one of those beside its models.

    Args:
        path: The file.

    Returns:
        A configuration, without table or corpus: their files are other ones here.

    Raises:
        UnknownNameError: A feature, mode or type of reward that RL-impro does not have.
        UsageError: The file cannot be read, is no such file, or a value is impossible.
    """
    settings = read_json(path, error=UsageError)
    if not isinstance(settings, dict) or "features_keep" not in settings:
        raise UsageError(
            f"{str(path)!r} must hold settings of RL-impro, features_keep among them; got "
            f"{short_text(settings)}; choose its environment_settings.json"
        )
    return _Reader(settings).read()


class _Reader:
    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = dict(settings)
        self._notes: list[str] = []

    def read(self) -> Imported:
        synth = self._synth(self._take("instrument_name", str, "sin"), self._take("N_synth_params", int, 2))
        kept, _ = self._features("features_keep")
        counted, weights = self._features("features_reward")
        mode, mixture = self._one_of(_MODES, "training_mode", "mixed_random")
        kind = self._take("reward_type", str, "cubic")
        reward_type = self._look_up(_REWARDS, "reward_type", kind)
        if "prize" in kind:
            self._notes.append(
                f"reward_type: the prize of {kind!r} is left out, so that rewards are bounded."
            )
        step = self._take("step_size", float, 0.05)
        self._notes.append(
            f"step_size: {step:g} in {_HOP} samples is {2 * step:g} in a hop of {2 * _HOP} here, as fast."
        )
        steps = self._take("max_episode_duration", int, 3000)
        noise = self._take("reward_noise", float, 0.1)
        seed = self._seed()
        self._rest()
        config = ImproviseConfig(
            synth=synth,
            features_keep=kept,
            features_reward=counted,
            reward_weights=weights,
            reward_type=reward_type,
            reward_scale=0.5,
            reward_noise=noise,
            training_mode=mode,
            mixture=mixture,
            action_view="joint",
            step_size=min(1.0, 2 * step),
            hops_per_step=1,
            max_episode_steps=max(1, steps // 2),
        )
        return Imported(config, seed, tuple(self._notes))

    def _synth(self, name: str, controls: int) -> str:
        synth = _SYNTHS.get(name, f"pd:{name}/synth.pd")
        if name not in _SYNTHS:
            self._notes.append(
                f"instrument_name: {name!r} is a patch of one's own; name it as synth, {synth!r} for one."
            )
        else:
            self._notes.append(
                f"instrument_name, N_synth_params: {name!r} of {controls} parameters is {synth!r} here, with "
                "controls and ranges of its own."
            )
        return synth

    def _features(self, field: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """Names of ours, and as weights how many columns each has: there every column counts as much."""
        given = self._settings.pop(field, ["all"])
        if not isinstance(given, list) or not given or not all(isinstance(one, str) for one in given):
            raise UsageError(f"{field} is a list of names; got {short_text(given)}; correct the file")
        given = list(_CATEGORIES) if "all" in given else given
        names: dict[str, None] = {}
        for name in given:
            if name in _CATEGORIES:
                names.update(dict.fromkeys(_CATEGORIES[name]))
            elif name.split("-")[0] not in given:  # a category overrides its single names
                names[self._look_up(_SINGLE, field, name)] = None
            if name in ("loudness", "loudness-dB"):
                self._notes.append(
                    f"{field}: 'loudness-dB', a linear amplitude there, is the RMS level in dB here."
                )
        held = [one.name for one in select("all")]
        counts = tuple(float(len(choose([name], held, what=field).columns)) for name in names)
        return tuple(names), counts

    def _seed(self) -> int | None:
        seed = self._settings.pop("seed", None)
        if seed in (None, "None"):
            return None
        if isinstance(seed, bool) or not str(seed).isdecimal():
            raise UsageError(f"seed is a whole number or 'None'; got {short_text(seed)}; correct the file")
        return int(seed)

    def _rest(self) -> None:
        corpus = self._take("corpus_name", str, "")
        if corpus:
            self._notes.append(
                f"corpus_name: {corpus!r} is a folder of tables there; analyse the recordings with "
                "`tonewright corpus analyse` and name the file as corpus."
            )
        for name in self._settings:
            why = _ELSEWHERE.get(name, "RL-impro has no such setting that is known here")
            self._notes.append(f"{name}: left out; {why}.")

    def _one_of(self, known: Mapping[str, Any], field: str, default: str) -> Any:
        return self._look_up(known, field, self._take(field, str, default))

    def _look_up(self, known: Mapping[str, Any], field: str, name: str) -> Any:
        if name not in known:
            raise UnknownNameError(f"{field} of RL-impro", name, [*known, *_extra(field)])
        return known[name]

    def _take(self, field: str, kind: Callable[[Any], Any], default: Any) -> Any:
        value = self._settings.pop(field, default)
        fits = isinstance(value, str) if kind is str else isinstance(value, int | float)
        if not fits or isinstance(value, bool) or kind(value) != value:
            raise UsageError(f"{field} is {_WORDS[kind]}; got {short_text(value)}; correct the file")
        return kind(value)


def _extra(field: str) -> list[str]:
    return list(_CATEGORIES) if field.startswith("features") else []


_WORDS: Mapping[Callable[[Any], Any], str] = {str: "text", int: "a whole number", float: "a number"}
