"""A tiny language model, made and warm-started on the spot: to try a training without a download or a GPU.

It reads a brief and writes JSON, and knows nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tonewright.errors import MissingExtraError, UsageError
from tonewright.files import StrPath, replacing_folder
from tonewright.prompting.generators.base import Generator
from tonewright.prompting.writers.corpus import examples

TEMPLATE = (
    "{% set last = messages[-1] %}"
    "{% if last['role'] == 'assistant' %}"
    "<|brief|>{{ messages[-2]['content'] }}<|reply|>{{ last['content'] }}<|end|>"
    "{% else %}"
    "<|brief|>{{ last['content'] }}{% if add_generation_prompt %}<|reply|>{% endif %}"
    "{% endif %}"
)
"""Of a chat it reads the last brief alone, and the reply to it."""
_SPECIAL = ("<|end|>", "<|pad|>", "<|brief|>", "<|reply|>")
_LONGEST = 256


@dataclass(frozen=True)
class TinyConfig:
    """What decides what it becomes.

    Attributes:
        words: Entries of its vocabulary.
        width: Of its layers.
        depth: How many layers.
        heads: Of attention.
        pairs: Briefs and replies that it imitates.
        updates: Gradient steps.
        batch: Pairs in each.
        learning_rate: Highest; it warms up and falls along a cosine.
        seed: Of weights and pairs.
    """

    words: int = 2_000
    width: int = 192
    depth: int = 4
    heads: int = 4
    pairs: int = 20_000
    updates: int = 1_500
    batch: int = 48
    learning_rate: float = 2e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise UsageError(f"width is a multiple of heads; got {self.width} and {self.heads}")


def make_tiny(
    folder: StrPath,
    generator: Generator,
    config: TinyConfig | None = None,
    *,
    progress: Callable[[int, float], None] = lambda update, loss: None,
) -> None:
    """Make a tiny language model and let it imitate plain replies, as transformers keeps models.

    Args:
        folder: Where to; must not be there.
        generator: Whose settings it writes.
        config: What it becomes.
        progress: Called after each update with the loss.

    Raises:
        MissingExtraError: transformers is not installed.
        OutputError: The folder is there, or cannot be written.
    """
    try:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM
    except ImportError as error:
        raise MissingExtraError(error.name or "transformers", "trl", "a language model") from None
    from tonewright.learning.averaging import warm_cosine

    config = config or TinyConfig()
    pairs = [
        (brief.description, reply) for brief, reply in islice(examples(generator, config.seed), config.pairs)
    ]
    tokenizer = _tokenizer([text for pair in pairs for text in pair], config.words)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=config.width,
        intermediate_size=3 * config.width,
        num_hidden_layers=config.depth,
        num_attention_heads=config.heads,
        max_position_embeddings=_LONGEST,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(config.seed)
        model = LlamaForCausalLM(shape)
    rows = [_row(tokenizer, *pair) for pair in pairs]
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=0.01)
    drawn = torch.Generator().manual_seed(config.seed)
    model.train()
    for update in range(config.updates):
        picked = [rows[int(one)] for one in torch.randint(len(rows), (config.batch,), generator=drawn)]
        longest = max(len(tokens) for tokens, _ in picked)
        tokens = torch.full((len(picked), longest), tokenizer.pad_token_id)
        labels = torch.full((len(picked), longest), -100)
        for number, (one, first) in enumerate(picked):
            tokens[number, : len(one)] = torch.tensor(one)
            labels[number, first : len(one)] = torch.tensor(one[first:])
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * warm_cosine(update, config.updates)
        attention = (tokens != tokenizer.pad_token_id).long()
        loss = model(input_ids=tokens, attention_mask=attention, labels=labels).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(update, float(loss.item()))
    model.eval()  # type: ignore[no-untyped-call]
    with replacing_folder(folder) as stage:
        model.save_pretrained(stage)
        tokenizer.save_pretrained(stage)


def _tokenizer(texts: list[str], words: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=words,
        special_tokens=list(_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made, eos_token="<|end|>", pad_token="<|pad|>", padding_side="left"
    )
    wrapped.chat_template = TEMPLATE
    return wrapped


def _row(tokenizer: Any, brief: str, reply: str) -> tuple[list[int], int]:
    """Tokens of a pair, and where the reply begins."""
    asked = tokenizer(f"<|brief|>{brief}<|reply|>", add_special_tokens=False)["input_ids"]
    written = tokenizer(f"{reply}<|end|>", add_special_tokens=False)["input_ids"]
    return [*asked, *written][:_LONGEST], len(asked)
