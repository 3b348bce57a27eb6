"""Tokens of a chat for a trainer, and which of them were written by the language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tonewright.errors import UsageError
from tonewright.prompting.task.messages import Message

NOT_TRAINED = -100
"""The mask of a token that the language model did not write."""


@dataclass(frozen=True)
class Tokens:
    """A chat as numbers.

    Attributes:
        tokens: Of the whole chat up to the end of the reply.
        masks: The same where the reply is, `NOT_TRAINED` elsewhere.
    """

    tokens: list[int]
    masks: list[int]


def tokens_of(tokenizer: Any, asked: Sequence[Message], reply: str, *, ended: bool = True) -> Tokens:
    """Tokens of messages and of the reply to them.

    Args:
        tokenizer: Of transformers, with a chat template.
        asked: The messages.
        reply: What was written.
        ended: Whether the language model ended it; a reply that was cut off has no token that ends a turn.

    Raises:
        UsageError: The tokenizer has no chat template.
    """
    if getattr(tokenizer, "chat_template", None) is None:
        raise UsageError(
            f"a chat needs a tokenizer with a chat template; {tokenizer.name_or_path!r} has none; take that "
            "of an instruction-tuned model"
        )

    def template(messages: Sequence[Message], **more: bool) -> list[int]:
        # Since version 5 the mapping is what it gives unless told otherwise.
        return [int(one) for one in tokenizer.apply_chat_template([*messages], return_dict=False, **more)]

    before = template(asked, add_generation_prompt=True)
    whole = template([*asked, {"role": "assistant", "content": reply}])
    end = tokenizer.eos_token_id
    if whole[: len(before)] == before:
        written = whole[len(before) :]
        if end in written:  # what a template puts after it is no token that a model writes
            written = written[: len(written) - written[::-1].index(end)]
    else:  # a template that rewrites what was said before, as some do with thoughts
        written = [*tokenizer(reply, add_special_tokens=False)["input_ids"], *([] if end is None else [end])]
    if not ended and written and written[-1] == end:
        written = written[:-1]
    return Tokens([*before, *written], [NOT_TRAINED] * len(before) + written)
