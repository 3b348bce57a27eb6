import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.replies import LONGEST_REPLY, Reply, ReplyFault, read_reply

SKETCH = generator("sketch")


def read(text):
    return read_reply(text, SKETCH)


@pytest.mark.parametrize(
    "text",
    [
        '{"prompt": "a bell", "steps": 8}',
        '  {"prompt": "a bell", "steps": 8}\n',
        '```json\n{"prompt": "a bell", "steps": 8}\n```',
        'Here it is:\n```\n{"prompt": "a bell", "steps": 8}\n```\nIt should ring.',
        '<think>{"prompt": "no"} or ```json\n{}\n```?</think>\n{"prompt": "a bell", "steps": 8}',
    ],
)
def test_replies_are_json_plain_or_fenced(text):
    assert read(text) == Reply("a bell", steps=8)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not valid JSON"),
        ("a bell", "not valid JSON"),
        ('{"prompt": "a bell"', "not valid JSON"),
        ('Sure! {"prompt": "a bell"}', "not valid JSON"),
        ('{"prompt": "a"}\n{"prompt": "b"}', "not valid JSON"),
        ('{"prompt": "a", "prompt": "b"}', 'the key "prompt" is given twice'),
        (
            '```json\n{"prompt": "a"}\n```\n```json\n{"prompt": "b"}\n```',
            "one JSON object; got 2 fenced blocks",
        ),
        ('["a bell"]', "a reply is a JSON object"),
        ("{}", "a reply holds a prompt; got none"),
        ('{"prompt": 3}', "prompt is text; got 3"),
        ('{"prompt": null}', "prompt is text; got None"),
        ('{"prompt": "a", "steps": 8.5}', "steps is a whole number; got 8.5"),
        ('{"prompt": "a", "steps": true}', "steps is a whole number; got True"),
        ('{"prompt": "a", "steps": 500}', "steps is 1 to 200; got 500"),
        ('{"prompt": "a", "cfg_scale": NaN}', "NaN is no JSON number"),
        ('{"prompt": "a", "cfg_scale": 1e999}', "1e999 is beyond the range of numbers"),
        ('{"prompt": "a", "cfg_scale": -1}', "cfg_scale is 0 to 12; got -1"),
        ('{"prompt": "a", "sampler": "ddim"}', "no sampler is called 'ddim'"),
        ('{"prompt": "a", "sigma_min": 0.5, "sigma_max": 0.4}', "sigma_min is below sigma_max"),
        ('{"prompt": "a", "seconds": 300}', "a reply holds .* got seconds"),
        ('{"prompt": "a", "seed": 3}', "a reply holds .* got seed"),
        ('{"prompt": "a", "init_audio": "/etc/passwd"}', "a reply holds .* got init_audio"),
        ('{"prompt": " "}', "a prompt has 1 to 2,000 characters"),
        (json.dumps({"prompt": "x" * 3_000}), "a prompt has 1 to 2,000 characters; got 3,000"),
        ("x" * (LONGEST_REPLY + 1), "a reply has up to 20,000 characters; got 20,001"),
        ('{"a":' * 3_000, "not valid JSON"),
    ],
)
def test_every_malformed_reply_gets_its_reason(text, reason):
    with pytest.raises(ReplyFault, match=reason):
        read(text)


@given(
    st.one_of(
        st.text(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
            lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=12), some, max_size=3),
        ).map(json.dumps),
        st.dictionaries(
            st.sampled_from(["prompt", "steps", "cfg_scale", "sampler", "sigma_min", "negative_prompt"]),
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
        ).map(json.dumps),
    )
)
def test_whatever_is_replied_is_read_or_refused(text):
    try:
        told = read(text).prompt
    except ReplyFault as fault:
        told = str(fault)
    assert told.strip()


def test_no_address_in_a_reply_is_followed(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it was followed"))
    text = "http://example.org/a.wav file:///etc/passwd $(touch x) ../../x"
    assert read(json.dumps({"prompt": text})).prompt == text
