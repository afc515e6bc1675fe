"""From the words of a message and what is filled in to a subject, a text and HTML, in the person's language."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import mrml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict

from pingvas.base.errors import NotFound

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")
_HERE = Path(__file__).parent


class Words(BaseModel):
    """A message as its writers wrote it. `action` is the word on the button that leads to `url`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    lines: tuple[str, ...]
    action: str | None = None
    small: tuple[str, ...] = ()


class _Layout(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    greeting: str
    link: str
    why: str
    why_not_account: str


class Composed(BaseModel):
    """A message as it is read."""

    subject: str
    text: str
    html: str


def compose(template: str, language: Language, values: Mapping[str, Any]) -> Composed:
    """Fill the words of a message in. `values` has `studio`, `name` (None: to somebody without an account), `url` where there is
    something to open, and what else the words ask for. Raises NotFound, and jinja2's UndefinedError for a value that is missing.
    """
    messages, layout = _words(language)
    if template not in messages:
        raise NotFound(f"There is no message {template}.")
    words = messages[template]
    plain = _environment(html=False)

    def fill(text: str) -> str:
        return plain.from_string(text).render(values)

    named = values.get("name") is not None
    filled = {
        "language": language,
        "subject": fill(words.subject),
        "greeting": fill(layout.greeting) if named else None,
        "lines": [fill(line) for line in words.lines],
        "action": words.action,
        "url": values.get("url"),
        "link": layout.link,
        "small": [fill(line) for line in words.small],
        "why": fill(layout.why if named else layout.why_not_account),
    }
    markup = _environment(html=True).get_template("mail.mjml").render(filled)
    # One line: a name with a line break in it makes no second header.
    subject = " ".join(str(filled["subject"]).split())
    text = plain.get_template("mail.txt").render(filled).strip() + "\n"
    return Composed(subject=subject, text=text, html=mrml.to_html(markup).content)


def templates(language: Language) -> Mapping[str, Words]:
    """Every message there is in a language."""
    return _words(language)[0]


@cache
def _words(language: Language) -> tuple[dict[str, Words], _Layout]:
    read = tomllib.loads((_HERE / "words" / f"{language}.toml").read_text(encoding="utf-8"))
    layout = _Layout.model_validate(read.pop("layout"))
    return {name: Words.model_validate(words) for name, words in read.items()}, layout


@cache
def _environment(*, html: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "layouts"),
        autoescape=html,  # noqa: S701 - what is HTML is escaped, what is text is not
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
