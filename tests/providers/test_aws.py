"""Where keys are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.domain.account import AwsAccount
from plexus.providers.aws import AwsFiles, bearer_token
from plexus.providers.sigv4 import AwsKeys

ANYONE = AwsAccount(region="us-east-1")
OWN = AwsAccount(region="us-east-1", access_key_id="AKOWN", secret_access_key="own", session_token="tok")
WORK = AwsAccount(region="us-east-1", profile="work")
SET = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "env"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = AKDEF\naws_secret_access_key = def\n"
        "[lab]\naws_access_key_id = AKLAB\naws_secret_access_key = lab\naws_session_token = labtok\n"
    )
    (tmp_path / ".aws/config").write_text(
        "[default]\nregion = eu-west-1\n[profile work]\naws_access_key_id=AKWORK\naws_secret_access_key=work\n"
    )
    return tmp_path


def keys(account: AwsAccount, home: Path, **environ: str) -> AwsKeys:
    return AwsFiles({"HOME": str(home), **environ}).find_keys(account)


def test_the_order_is_aws_own(home: Path) -> None:
    assert keys(OWN, home, **SET) == AwsKeys("AKOWN", "own", "tok")
    assert keys(ANYONE, home, **SET) == AwsKeys("AKENV", "env")
    assert keys(ANYONE, home, **SET, AWS_SESSION_TOKEN="t") == AwsKeys("AKENV", "env", "t")
    assert keys(WORK, home, **SET) == AwsKeys("AKWORK", "work")
    assert keys(ANYONE, home) == AwsKeys("AKDEF", "def")
    assert keys(ANYONE, home, AWS_PROFILE="lab") == AwsKeys("AKLAB", "lab", "labtok")


def test_the_files_may_lie_elsewhere(home: Path) -> None:
    moved = home / "mine"
    moved.write_text("[default]\naws_access_key_id = AKM\naws_secret_access_key = m%x\n")
    assert keys(ANYONE, home, AWS_SHARED_CREDENTIALS_FILE=str(moved)) == AwsKeys("AKM", "m%x")
    assert keys(ANYONE, home, AWS_SHARED_CREDENTIALS_FILE="/nowhere", AWS_CONFIG_FILE=str(moved)).access_key_id == "AKM"


def test_a_changed_file_is_read_again(home: Path) -> None:
    files = AwsFiles({"HOME": str(home)})
    assert files.find_keys(ANYONE).access_key_id == "AKDEF"
    (home / ".aws/credentials").write_text("[default]\naws_access_key_id = AKNEW1\naws_secret_access_key = new\n")
    assert files.find_keys(ANYONE).access_key_id == "AKNEW1"


@pytest.mark.parametrize("content", [None, "", "no ini", "[default]\naws_access_key_id = AK\n"])
def test_without_keys_the_failure_is_typed_and_says_where_they_were_sought(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws/credentials").write_text(content)
    with pytest.raises(ProviderError) as caught:
        keys(WORK if content == "" else ANYONE, tmp_path)
    assert caught.value.kind is ErrorKind.UPSTREAM_AUTH
    assert "profile" in (caught.value.hint or "")
    assert str(tmp_path) not in caught.value.message


def test_an_api_key_of_the_environment_is_for_those_who_name_no_keys() -> None:
    environ = {"AWS_BEARER_TOKEN_BEDROCK": "key"}
    assert bearer_token(ANYONE, environ) == "key"
    assert bearer_token(OWN, environ) is None
    assert bearer_token(WORK, environ) is None
    assert bearer_token(ANYONE, {}) is None
