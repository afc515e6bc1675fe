"""Secrets in files, as container platforms hand them over: `PINGVAS_<NAME>_FILE` names the file that holds the setting.

Every setting that is a secret (`repr=False`) can be given so, in the environment or in `.env`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from pingvas.base.errors import Invalid

_PREFIX = "pingvas_"


class BadSecretFile(Invalid):
    default_detail = "A file that should hold a secret cannot be read."


class SecretFiles(PydanticBaseSettingsSource):
    """Reads those that are named in one place. `variables` are what is there, by their names in small letters."""

    def __init__(self, settings: type[BaseSettings], variables: Mapping[str, str | None]) -> None:
        super().__init__(settings)
        self._variables = variables

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The secret in the file, or None. Raises BadSecretFile."""
        file_name = f"{field_name}_file"
        path = self._variables.get(f"{_PREFIX}{file_name}")
        if not path:
            return None, field_name, False
        said = f"PINGVAS_{file_name.upper()}"
        if self._variables.get(f"{_PREFIX}{field_name}"):
            raise BadSecretFile(f"Both PINGVAS_{field_name.upper()} and {said} are set. Set one of them.")
        try:
            secret = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise BadSecretFile(f"{said} names {path}, which cannot be read: {reason}.") from None
        if not secret:
            raise BadSecretFile(f"{said} names {path}, which is empty.")
        return secret, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self._secrets()}
        return {name: value for name, value in found.items() if value is not None}

    def _secrets(self) -> Iterator[tuple[str, FieldInfo]]:
        yield from ((name, field) for name, field in self.settings_cls.model_fields.items() if not field.repr)
