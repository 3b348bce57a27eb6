import pytest

pytest.importorskip("transformers")

from transformers import AutoTokenizer

from tonewright.errors import UsageError
from tonewright.prompting.adapters.tokens import NOT_TRAINED, tokens_of

ASKED = [{"role": "system", "content": "Write."}, {"role": "user", "content": "a bell"}]
REPLY = '{"prompt": "a bell, ünïcode 🔔"}'


@pytest.fixture
def tokenizer(tokenizer_folder):
    return AutoTokenizer.from_pretrained(tokenizer_folder)


def test_what_is_trained_on_is_the_reply_and_its_end(tokenizer):
    found = tokens_of(tokenizer, ASKED, REPLY)
    asked = "<|system|>\nWrite.<|end|>\n<|user|>\na bell<|end|>\n<|assistant|>\n"
    assert tokenizer.decode(found.tokens) == asked + REPLY + "<|end|>"
    trained = [token for token, mask in zip(found.tokens, found.masks, strict=True) if mask != NOT_TRAINED]
    assert tokenizer.decode(trained) == REPLY + "<|end|>"
    assert all(mask in (NOT_TRAINED, token) for token, mask in zip(found.tokens, found.masks, strict=True))


def test_a_reply_that_was_cut_off_has_no_end(tokenizer):
    found = tokens_of(tokenizer, ASKED, REPLY[:9], ended=False)
    trained = [token for token, mask in zip(found.tokens, found.masks, strict=True) if mask != NOT_TRAINED]
    assert tokenizer.decode(trained) == REPLY[:9]


def test_a_template_that_rewrites_what_was_asked(tokenizer):
    """Then the chat with the reply does not begin as the chat without it."""
    tokenizer.chat_template = (
        "{% for message in messages %}{{ loop.revindex }}{{ message['content'] }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}>{% endif %}"
    )
    found = tokens_of(tokenizer, ASKED, REPLY)
    assert tokenizer.decode(found.tokens) == "2Write.<|end|>1a bell<|end|>>" + REPLY + "<|end|>"
    assert found.masks[-1] == tokenizer.eos_token_id
    assert found.masks.count(NOT_TRAINED) == len("2Write.") + len("1a bell") + 3


def test_a_tokenizer_without_a_template_is_told(tokenizer):
    tokenizer.chat_template = None
    with pytest.raises(UsageError, match="a chat needs a tokenizer with a chat template"):
        tokens_of(tokenizer, ASKED, REPLY)
