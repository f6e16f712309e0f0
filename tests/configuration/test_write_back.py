from __future__ import annotations

import stat
from pathlib import Path

import pytest
from ruamel.yaml.comments import CommentedMap
from tests.configuration.support import SECRET, loaded
from tests.configuration.test_load import FULL, MISSION

from plexus.configuration.errors import ConfigurationError
from plexus.configuration.load import revision_of
from plexus.configuration.write_back import RevisionConflict, changed, write_back

TEXT = """\
# At the top.
providers:
  acme: # mine
    base_url: "https://acme.example" # with a comment that is quite long and stands at the end of a line, behind a value
    api_key: '${KEY:-x}'

    models: [a, b] # two

# Before keys.
keys:
  laptop:
    secret: %s
# At the end.
"""


def add_model(document: CommentedMap) -> None:
    document["models"] = {"a": {"provider": "acme"}}


def nothing(_: CommentedMap) -> None:
    pass


@pytest.mark.parametrize("text", [TEXT % SECRET, MISSION, "", "# only a comment\n"])
def test_what_is_not_changed_stays_as_it_is(text: str) -> None:
    assert changed(text, nothing) == text


def test_a_file_of_comments_keeps_them() -> None:
    assert changed("# only a comment\n", add_model) == "# only a comment\nmodels:\n  a:\n    provider: acme\n"


def test_the_fuller_dialect_stays_as_it_is() -> None:
    assert loaded(changed(FULL, nothing)).snapshot.providers == loaded(FULL).snapshot.providers


def test_a_change_keeps_comments(tmp_path: Path) -> None:
    path = tmp_path / "plexus.yaml"
    before = TEXT % SECRET
    path.write_text(before)
    revision = write_back(path, add_model, expected=revision_of(before), check=loaded)
    after = path.read_text()
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert set(loaded(after).snapshot.routes) == {"a"}
    assert revision == revision_of(after) == loaded(path).snapshot.revision
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_change_for_another_revision_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plexus.yaml"
    path.write_text(TEXT % SECRET)
    with pytest.raises(RevisionConflict) as caught:
        write_back(path, add_model, expected="0123456789abcdef", check=loaded)
    assert caught.value.current == revision_of(TEXT % SECRET)
    assert path.read_text() == TEXT % SECRET


def test_a_change_that_makes_a_mistake_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plexus.yaml"
    path.write_text(TEXT % SECRET)

    def spoil(document: CommentedMap) -> None:
        document["models"] = {"a": {"provider": "nobody"}}

    with pytest.raises(ConfigurationError, match="there is no provider `nobody`"):
        write_back(path, spoil, expected=revision_of(TEXT % SECRET), check=loaded)
    assert path.read_text() == TEXT % SECRET
