"""Who is asking. Every function that acts for a person takes one of these."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class KeyInUse:
    """The API key that a call came with. `models` None: every model. `used_lately`: its use needs no new note."""

    id: UUID
    name: str
    scopes: frozenset[str]
    models: frozenset[str] | None
    used_lately: bool = True

    def may_use(self, model: str) -> bool:
        """Whether jobs asked for with this key may run the model, or a part of that name."""
        return self.models is None or model in self.models


@dataclass(frozen=True)
class Actor:
    """A person whose credentials were checked in this request.

    `session_id` is None when no device is behind it: a call with an API key, whose `key` is there then, or the studio itself.
    `freshly_proven`: whether the person proved on that device a moment ago who they are; `second_factor`: whether they have shown
    two factors on it. `viewer_id`: the admin who looks through their eyes.
    """

    user_id: UUID
    role: str
    session_id: UUID | None
    freshly_proven: bool = False
    second_factor: bool = False
    key: KeyInUse | None = None
    viewer_id: UUID | None = None
