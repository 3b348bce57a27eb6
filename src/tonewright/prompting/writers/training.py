"""Training a language model by the sounds of its replies: GRPO, as TRL has it, in a run of this project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tonewright.errors import CheckpointError, MissingExtraError, UsageError
from tonewright.learning.runs import Run
from tonewright.prompting.adapters.trl import dataset, reward_functions, reward_weights
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.task import PromptTask, TaskConfig

MODEL = "model"
"""The trained language model, in the folder of a run."""
_TRAINER = "trainer"


@dataclass(frozen=True)
class WriterConfig:
    """What decides what is learned."""

    model: str = ""
    """Language model to begin with: a folder, or a name on the hub."""
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
    log_every: int = 1
    """Updates between lines of the log."""
    checkpoint_every: int = 50
    """Updates between checkpoints."""

    def __post_init__(self) -> None:
        if not self.model:
            raise UsageError(
                "a training needs a language model to begin with; got none; name a folder or a model"
            )
        for name in ("sounds", "updates", "briefs", "longest_reply", "log_every", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is 1 or more; got {getattr(self, name)}")
        if self.replies < 2:
            raise UsageError(f"replies are compared with each other, 2 or more of them; got {self.replies}")


def run_config(config: WriterConfig) -> dict[str, object]:
    """The configuration as a run keeps it."""
    return {"recipe": "prompt", **asdict(config)}


def task_of(config: WriterConfig) -> PromptTask:
    """The task that is trained on."""
    made = generator(config.generator, config.generator_model or None)
    task = TaskConfig(
        "train", tuple(config.categories), None, config.sounds, config.evaluation_cost, config.examples
    )
    return PromptTask(made, task)


def train_writer(
    run: Run,
    config: WriterConfig,
    *,
    progress: Callable[[int, dict[str, float]], None] = lambda update, scalars: None,
) -> Path:
    """Train, or go on with, a language model.

    Args:
        run: Where the log goes, and the checkpoints of the trainer.
        config: How to train.
        progress: Called after each update, with its numbers where they are logged.

    Returns:
        The folder of the trained model.

    Raises:
        MissingExtraError: TRL is not installed.
        CheckpointError: The language model is missing or damaged.
    """
    try:
        from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback, TrainerCallback
        from trl import GRPOConfig, GRPOTrainer  # type: ignore[attr-defined]
    except ImportError as error:
        raise MissingExtraError(error.name or "trl", "trl", "training a language model") from None
    try:
        tokenizer = AutoTokenizer.from_pretrained(config.model, padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(config.model)
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise CheckpointError(f"cannot load the language model {config.model!r}: {reason}") from None
    task = task_of(config)
    functions = reward_functions(task)

    class Told(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
            scalars = {
                _name(name): float(value) for name, value in (logs or {}).items() if _counts(name, value)
            }
            if state.global_step > run.first_step and scalars:
                run.log(state.global_step - 1, scalars)
                progress(state.global_step - 1, scalars)

    arguments = GRPOConfig(
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
        save_total_limit=2,
        seed=run.seed,
        reward_weights=reward_weights(functions),
        report_to=[],
        disable_tqdm=True,
        gradient_checkpointing=False,
        bf16=False,
    )
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=[*functions],
        args=arguments,
        train_dataset=dataset(task, config.updates * config.briefs),
        processing_class=tokenizer,
        callbacks=[Told()],
    )
    trainer.remove_callback(PrinterCallback)  # the log of the run tells the same
    there = sorted((run.folder / _TRAINER).glob("checkpoint-*"), key=lambda one: int(one.name.split("-")[1]))
    trainer.train(resume_from_checkpoint=str(there[-1]) if there else None)
    folder = run.folder / MODEL
    trainer.save_model(str(folder))
    tokenizer.save_pretrained(folder)
    return folder


def _counts(name: str, value: object) -> bool:
    return isinstance(value, int | float) and not name.startswith(("train_", "total_", "epoch"))


def _name(name: str) -> str:
    return name.replace("rewards/", "").replace("completions/", "completion_").replace("/", "_")
