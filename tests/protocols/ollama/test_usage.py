from __future__ import annotations

import json

from plexus.protocols.ollama.usage import decode_usage


def test_counts() -> None:
    usage = decode_usage(b'{"prompt_eval_count":5,"eval_count":7,"eval_duration":3,"model":"m"}')
    assert usage is not None
    assert (usage.input, usage.output, usage.cached_input, usage.estimated) == (5, 7, 0, False)
    assert json.loads(usage.raw or "") == {"prompt_eval_count": 5, "eval_count": 7, "eval_duration": 3}


def test_a_prompt_that_was_in_the_cache_has_no_count() -> None:
    usage = decode_usage(b'{"eval_count":7}')
    assert usage is not None
    assert (usage.input, usage.output) == (0, 7)


def test_nothing_counted_is_no_usage() -> None:
    for chunk in (b"{}", b'{"prompt_eval_count":"x"}', b"[", b'{"eval_count":null}', b'{"model":"\xff"}'):
        assert decode_usage(chunk) is None


def test_negative_counts_become_none() -> None:
    usage = decode_usage(b'{"prompt_eval_count":-5,"eval_count":-1}')
    assert usage is not None
    assert (usage.input, usage.output) == (0, 0)
