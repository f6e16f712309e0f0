from __future__ import annotations

import pytest

from plexus.configuration.problems import ConfigurationError, Problem


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(3, 5, "providers.a", "is missing."), "3:5: providers.a: is missing."),
        (Problem(1, 1, "", "this is not YAML."), "1:1: this is not YAML."),
    ],
)
def test_a_problem_begins_with_its_place_as_editors_know_it(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_problems_stand_in_the_files_order() -> None:
    found = [Problem(2, 1, "b", "x"), Problem(1, 9, "a", "x"), Problem(1, 2, "c", "x"), Problem(10, 1, "a", "x")]
    assert [(each.line, each.column) for each in sorted(found)] == [(1, 2), (1, 9), (2, 1), (10, 1)]


def test_the_error_tells_all_of_them() -> None:
    problems = [Problem(1, 1, "a", "x"), Problem(2, 1, "b", "y")]
    error = ConfigurationError(problems)
    assert str(error) == "1:1: a: x\n2:1: b: y"
    assert error.problems == problems
