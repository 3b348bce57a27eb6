"""Training a language model by the sounds of its replies: GRPO, as TRL has it, in a run of this project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tonewright.errors import MissingExtraError, UsageError
from tonewright.learning.checkpoints import TrainingState
from tonewright.learning.runs import Run
from tonewright.prompting.adapters.trl import dataset, reward_functions, reward_weights
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.rollouts import RolloutFile, group_of
from tonewright.prompting.task.task import Episode, PromptTask, ReplyScore, TaskConfig
from tonewright.prompting.writers.evaluating import evaluate, summary
from tonewright.prompting.writers.keeping import HeldOut
from tonewright.prompting.writers.language_model import load_language_model, write_replies
from tonewright.prompting.writers.tiny import make_tiny

TINY = "tiny"
"""Name of a language model that a run makes for itself."""
MODEL, ROLLOUTS = "model", "rollouts.jsonl"
"""The trained language model, and what it wrote in training, in the folder of a run."""
_TRAINER = "trainer"
_CHECKPOINTS = 3


@dataclass(frozen=True)
class WriterConfig:
    """What decides what is learned."""

    model: str = TINY
    """Language model to begin with: a folder, a name on the hub, or `tiny`, which a run makes for itself."""
    generator: str = "sketch"
    """Text-to-audio model that renders."""
    generator_model: str = ""
    """Its weights; its own if empty."""
    categories: tuple[str, ...] = ()
    """Of the briefs; all if empty."""
    sounds: int = 1
    """Sounds of each reply."""
    evaluation_cost: float = 0.2
    """What a thousand evaluations of the generator's network cost of the reward."""
    updates: int = 200
    """Gradient steps."""
    briefs: int = 4
    """Briefs of each step."""
    replies: int = 8
    """Replies to each brief: the group that is compared."""
    learning_rate: float = 1e-4
    """Of AdamW; it falls linearly."""
    beta: float = 0.0
    """How strongly it is held to the model it began as."""
    temperature: float = 1.0
    """Of the replies that are tried."""
    longest_reply: int = 96
    """In tokens."""
    examples: int = 2
    """Examples in the messages."""
    evaluate_every: int = 25
    """Updates between evaluations on held-out briefs."""
    held_out: int = 20
    """Held-out briefs of an evaluation."""
    log_every: int = 1
    """Updates between lines of the log."""
    checkpoint_every: int = 50
    """Updates between checkpoints."""

    def __post_init__(self) -> None:
        if not self.model:
            raise UsageError(
                "a training needs a language model to begin with; got none; name a folder or a model"
            )
        for name in _FROM_1:
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is 1 or more; got {getattr(self, name)}")
        if self.replies < 2:
            raise UsageError(f"replies are compared with each other, 2 or more of them; got {self.replies}")


_FROM_1 = (
    "sounds", "updates", "briefs", "longest_reply", "evaluate_every", "held_out", "log_every",
    "checkpoint_every",
)  # fmt: skip


def run_config(config: WriterConfig) -> dict[str, object]:
    """The configuration as a run keeps it."""
    return {"recipe": "prompt", **asdict(config)}


def follows_total(config: WriterConfig) -> tuple[str, ...]:
    """What of a training depends on how many updates come in all."""
    return ("the learning rate",)


def task_of(config: WriterConfig) -> PromptTask:
    """The task that is trained on."""
    made = generator(config.generator, config.generator_model or None)
    task = TaskConfig(
        "train", tuple(config.categories), None, config.sounds, config.evaluation_cost, config.examples
    )
    return PromptTask(made, task)


def held_out_task(task: PromptTask) -> PromptTask:
    """The same with briefs of words that are not trained on."""
    return PromptTask(task.generator, replace(task.config, split="held-out"))


def begin_with(
    run: Run, config: WriterConfig, progress: Callable[[int, float], None] = lambda update, loss: None
) -> str:
    """The language model that a run begins with; a tiny one is made, unless it is there.

    Raises:
        MissingExtraError: transformers is not installed.
    """
    if config.model != TINY:
        return config.model
    folder = run.folder / TINY
    if not folder.is_dir():
        made = generator(config.generator, config.generator_model or None)
        make_tiny(folder, made, progress=progress)
    return str(folder)


def train_writer(
    run: Run,
    config: WriterConfig,
    *,
    progress: Callable[[int, dict[str, float]], None] = lambda update, scalars: None,
) -> Path:
    """Train, or go on with, a language model.

    The run keeps what was written in `rollouts.jsonl`, and evaluations on held-out briefs in `held_out/`.

    Args:
        run: Where the log goes, and the checkpoints of the trainer.
        config: How to train.
        progress: Called after each update, with its numbers where they are logged.

    Returns:
        The folder of the trained model.

    Raises:
        MissingExtraError: TRL is not installed.
        CheckpointError: The language model is missing or damaged.
        OutputError: The disk is full or gone.
    """
    try:
        from transformers import PrinterCallback, TrainerCallback
        from trl import GRPOConfig, GRPOTrainer  # type: ignore[attr-defined]
    except ImportError as error:
        raise MissingExtraError(error.name or "trl", "trl", "training a language model") from None
    tokenizer, model = load_language_model(begin_with(run, config))
    task = task_of(config)
    unseen, held_out = held_out_task(task), HeldOut(run)
    write = partial(write_replies, tokenizer, model, longest=config.longest_reply)
    done = run.first_step

    def evaluated(update: int) -> dict[str, float]:
        groups = evaluate(unseen, write, config.held_out, told=held_out.keep)
        held_out.write(update, groups)
        return {f"held_out/{name}": value for name, value in summary(groups).items()}

    class Following(TrainerCallback):
        """Evaluates, logs and saves as other runs do."""

        def __init__(self) -> None:
            self.found: dict[str, float] = {}

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            nonlocal done
            done = state.global_step
            if done % config.evaluate_every == 0 or done == config.updates:
                self.found = evaluated(done)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
            scalars = {
                _name(name): float(value) for name, value in (logs or {}).items() if _counts(name, value)
            }
            if state.global_step > run.first_step and scalars:
                run.log(state.global_step - 1, scalars | self.found)
                shown = {"held-out reward": self.found["held_out/reward"]} if self.found else {}
                self.found = {}
                progress(state.global_step - 1, shown)

        def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            run.save(state.global_step - 1, TrainingState({}))  # its weights are the trainer's to keep

    if run.first_step == 0 and not held_out.there(0):
        evaluated(0)
    with RolloutFile(run.folder / ROLLOUTS) as rollouts:

        def told(episode: Episode, scores: Sequence[ReplyScore]) -> None:
            rollouts.write({"update": done, **group_of(episode, scores)})

        functions = reward_functions(task, told)
        trainer = GRPOTrainer(
            model=model,
            reward_funcs=[*functions],
            args=GRPOConfig(
                output_dir=str(run.folder / _TRAINER),
                max_steps=config.updates,
                per_device_train_batch_size=config.briefs * config.replies,
                num_generations=config.replies,
                max_completion_length=config.longest_reply,
                learning_rate=config.learning_rate,
                beta=config.beta,
                temperature=config.temperature,
                logging_steps=config.log_every,
                save_steps=config.checkpoint_every,
                save_total_limit=_CHECKPOINTS,
                seed=run.seed,
                reward_weights=reward_weights(functions),
                report_to=[],
                disable_tqdm=True,
                gradient_checkpointing=False,
                bf16=False,
            ),
            train_dataset=dataset(task, config.updates * config.briefs),
            processing_class=tokenizer,
            callbacks=[Following()],
        )
        trainer.remove_callback(PrinterCallback)  # the log of the run tells the same
        kept = run.folder / _TRAINER / f"checkpoint-{run.first_step}"
        trainer.train(resume_from_checkpoint=str(kept) if run.first_step else None)
    folder = run.folder / MODEL
    trainer.save_model(str(folder))
    tokenizer.save_pretrained(folder)
    return folder


def _counts(name: str, value: object) -> bool:
    return isinstance(value, int | float) and not name.startswith(("train_", "total_", "epoch"))


def _name(name: str) -> str:
    """TRL's name of a number, shorter: `rewards/quality/mean` is `quality_mean`."""
    return name.replace("rewards/", "").replace("completions/", "completion_").replace("/", "_")
