from __future__ import annotations

import pytest

from plexus.configuration.errors import ConfigurationError, Mark, Problem, Problems, did_you_mean

FIRST = Problem(Mark(2, 3), "a.b", "is wrong.", "Write it right.")
SECOND = Problem(Mark(10, 1), "", "is worse.")


def test_a_problem_says_where_what_and_what_to_write() -> None:
    assert str(FIRST) == "line 2, column 3: a.b: is wrong. Write it right."
    assert str(Problem(Mark(0, 0), "", "no such file.")) == "no such file."


def test_problems_are_said_once_in_the_order_of_the_file() -> None:
    problems = Problems()
    assert not problems
    for problem in (SECOND, FIRST, SECOND):
        problems.add(problem)
    assert problems
    assert list(problems) == [FIRST, SECOND]


def test_the_error_lists_them_all() -> None:
    error = ConfigurationError([FIRST, SECOND], "config/plexus.yaml")
    assert str(error) == f"config/plexus.yaml: 2 mistakes\n  {FIRST}\n  {SECOND}"
    assert str(ConfigurationError([FIRST])).startswith("The configuration: 1 mistake\n")


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ("bas_url", "Did you mean `base_url`?"),
        ("baseUrl", "Did you mean `base_url`?"),
        ("BASE-URL", "Did you mean `base_url`?"),
        ("zzz", "Known here: `base_url`, `api_key`."),
    ],
)
def test_did_you_mean(wrong: str, advice: str) -> None:
    assert did_you_mean(wrong, ["base_url", "api_key"]) == advice


def test_did_you_mean_without_a_choice() -> None:
    assert did_you_mean("x", []) == ""
    assert did_you_mean("zzz", [f"name{number}" for number in range(40)]).endswith("`name29` ….")
