from __future__ import annotations

from tests.configuration.support import mistakes

from plexus.configuration.document import TimeoutsPart
from plexus.configuration.scope import merged_timeouts
from plexus.domain.provider import Timeouts


def test_what_is_left_out_is_inherited() -> None:
    base = Timeouts(connect=1, idle=None)
    assert merged_timeouts(base, None) is base
    assert merged_timeouts(base, TimeoutsPart(idle=180.0, total=9)) == Timeouts(connect=1, idle=180, total=9)


def test_what_follows_from_a_reference_that_leads_nowhere_is_not_reported() -> None:
    """An address that is `${URL}` is no address, but that is not what is wrong."""
    text = (
        'providers: { acme: { base_url: "${URL}", timeouts: { connect: "${S}" } } }\nmodels: { m: { provider: acme } }'
    )
    assert [problem.message for problem in mistakes(text)] == [
        "the environment variable URL is not set.",
        "the environment variable S is not set.",
    ]
