"""Secrets in files: `PINGVAS_<NAME>_FILE`."""

import os
from pathlib import Path

import pytest

from pingvas.base.secret_files import BadSecretFile
from pingvas.base.settings import Settings

SECRET = "a secret of the tests, long enough to be one"
NAMES = ["secret_key", "previous_secret_key", "database_url", "storage_url", "redis_url", "smtp_url"]


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_is_read_from_the_file_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_text(f"{SECRET}\n")
    monkeypatch.setenv(f"PINGVAS_{name.upper()}_FILE", str(file))

    assert getattr(Settings(_env_file=None), name) == SECRET


def test_every_setting_that_is_a_secret_can_be_given_so() -> None:
    secret = {name for name, field in Settings.model_fields.items() if not field.repr}

    assert secret >= {*NAMES, "file_url_key"}
    named = {name for name in Settings.model_fields if name.endswith(("_secret", "secret_key", "_password"))}
    assert named <= secret


def test_the_file_may_be_named_in_a_dotenv_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / ".env").write_text(f"PINGVAS_SECRET_KEY_FILE={tmp_path / 'key'}\n")

    assert Settings(_env_file=tmp_path / ".env").secret_key == SECRET


def test_the_variable_itself_and_its_file_together_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(SECRET)
    monkeypatch.setenv("PINGVAS_SECRET_KEY", SECRET)
    monkeypatch.setenv("PINGVAS_SECRET_KEY_FILE", str(tmp_path / "key"))

    with pytest.raises(BadSecretFile, match="Both PINGVAS_SECRET_KEY and PINGVAS_SECRET_KEY_FILE are set"):
        Settings(_env_file=None)


@pytest.mark.parametrize("content", [None, "", "  \n", b"\xff\xfe\x00"])
def test_a_file_that_holds_no_secret_is_told_with_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | bytes | None
) -> None:
    file = tmp_path / "key"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        file.write_text(content)
    monkeypatch.setenv("PINGVAS_SECRET_KEY_FILE", str(file))

    with pytest.raises(BadSecretFile, match=f"PINGVAS_SECRET_KEY_FILE names {file}"):
        Settings(_env_file=None)


def test_what_the_environment_says_counts_more_than_a_dotenv_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # given
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "other").write_text("another secret of the tests, as long as the first")
    dotenv = tmp_path / ".env"

    # then a variable counts more than a file that is named there
    dotenv.write_text(f"PINGVAS_SECRET_KEY_FILE={tmp_path / 'other'}\n")
    monkeypatch.setenv("PINGVAS_SECRET_KEY", SECRET)
    assert Settings(_env_file=dotenv).secret_key == SECRET

    # and a file more than a variable there
    dotenv.write_text("PINGVAS_SECRET_KEY=another secret of the tests, as long as the first\n")
    monkeypatch.delenv("PINGVAS_SECRET_KEY")
    monkeypatch.setenv("PINGVAS_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert Settings(_env_file=dotenv).secret_key == SECRET


def test_an_empty_variable_names_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINGVAS_SECRET_KEY_FILE", "")

    assert Settings(_env_file=None).secret_key is None


def test_what_is_no_secret_is_read_from_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9000")
    monkeypatch.setenv("PINGVAS_PORT_FILE", str(tmp_path / "port"))

    assert Settings(_env_file=None).port == 8400
    assert "PINGVAS_PORT" not in os.environ
