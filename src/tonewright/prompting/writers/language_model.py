"""Language models of transformers: loading one, and letting it write replies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tonewright.errors import CheckpointError, MissingExtraError
from tonewright.files import StrPath
from tonewright.prompting.task.messages import Message

_AT_ONCE = 64
"""Replies that are written together."""


def load_language_model(name: StrPath) -> tuple[Any, Any]:
    """Load a language model.

    Args:
        name: Its folder, or its name on the Hugging Face hub.

    Returns:
        Its tokenizer, which pads on the left, and the model.

    Raises:
        MissingExtraError: transformers is not installed.
        CheckpointError: It is missing or damaged, or its tokenizer has no chat template.
    """
    try:
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise MissingExtraError(error.name or "transformers", "trl", "a language model") from None
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(name), padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(str(name))
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise CheckpointError(f"cannot load the language model {str(name)!r}: {reason}") from None
    if tokenizer.chat_template is None:
        raise CheckpointError(
            f"a writer needs a chat template, and {str(name)!r} has none; take an instruction-tuned model"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, model


def write_replies(
    tokenizer: Any,
    model: Any,
    chats: Sequence[Sequence[Message]],
    *,
    longest: int,
    temperature: float = 0.0,
    seed: int = 0,
) -> list[str]:
    """Let a language model answer chats.

    Args:
        tokenizer: Its tokenizer.
        model: The model; it is in the mode afterwards that it was in before.
        chats: What it is told.
        longest: Longest reply, in tokens.
        temperature: 0 for the likeliest token each time.
        seed: Of the replies, where there is a choice.
    """
    import torch

    trained, replies = model.training, []
    model.eval()
    chosen = {"do_sample": True, "temperature": temperature} if temperature > 0 else {"do_sample": False}
    cuda = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(cuda), torch.inference_mode():
        torch.manual_seed(seed)
        for first in range(0, len(chats), _AT_ONCE):
            asked = tokenizer.apply_chat_template(
                [[*chat] for chat in chats[first : first + _AT_ONCE]],
                add_generation_prompt=True,
                padding=True,
                return_dict=True,
                return_tensors="pt",
            ).to(model.device)
            written = model.generate(
                **asked, max_new_tokens=longest, pad_token_id=tokenizer.pad_token_id, **chosen
            )
            whole = asked["input_ids"].shape[1]
            replies += tokenizer.batch_decode(written[:, whole:], skip_special_tokens=True)
    model.train(trained)
    return replies


def quiet() -> None:
    """Let transformers draw no bars of its own where a command draws one."""
    try:
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingExtraError(error.name or "transformers", "trl", "a language model") from None
    disable_progress_bar()  # type: ignore[no-untyped-call]
