"""What an operation works on."""

from __future__ import annotations

import re

from plexus.canonical.headers import Headers
from plexus.mock_provider.answer import UsageNumbers
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.saying import Ids
from plexus.mock_provider.stage import Desk, Stage


def test_stated_tokens_win() -> None:
    match = re.match("", "")
    assert match is not None

    def desk(numbers: UsageNumbers) -> Desk:
        call = MockCall(1, "POST", "/", "", Headers(), b"")
        return Desk(call=call, stage=Stage(issuer="m"), ids=Ids("m"), created=0, match=match, numbers=numbers)

    assert desk(UsageNumbers()).input_tokens(5) == 5
    assert desk(UsageNumbers(input=0)).input_tokens(5) == 0
