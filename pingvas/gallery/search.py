"""Images found by words: what is typed becomes one text-search query of a person's. The words of prompts, tags and collections count alike.

The database makes the words of both sides by one rule (`search_words`), so that what is kept and what is asked for meet. Words that
Latin letters are in may go on (`hou` finds house); scripts without blanks are found by any two signs that follow each other. Tags and
collections are found by any part of their names, and by initial consonants; their marks stand in the documents, no names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, ColumnElement, Text, Uuid, bindparam, cast, literal, select, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute

from pingvas.base.errors import Invalid
from pingvas.base.read_session import ReadSession
from pingvas.gallery.tables import ImageSearch
from pingvas.gallery.tag_names import pattern_for

MAX_QUERY = 300
MAX_TERMS = 16
# Of the tags, and of the collections, whose names hold a word; those that are used most.
MAX_NAMES = 200

_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
# Each term as a query, and the marks of the person's tags and collections that are called so.
_TERMS = text(f"""
    WITH tag AS MATERIALIZED (
        SELECT user_tags.id, name, user_tags.usage_count FROM user_tags JOIN tags ON tags.id = tag_id
         WHERE user_id = :user_id
    ), collection AS MATERIALIZED (
        SELECT id, lower(normalize(name)) AS name, updated_at FROM collections WHERE user_id = :user_id
    )
    SELECT CAST(search_query(:user_id, said, partial) AS text) AS said,
           ARRAY(
               (SELECT search_mark(id) FROM tag WHERE pattern <> '' AND name ~ pattern
                 ORDER BY usage_count DESC LIMIT {MAX_NAMES})
               UNION ALL
               (SELECT search_mark(id) FROM collection WHERE pattern <> '' AND name ~ pattern
                 ORDER BY updated_at DESC LIMIT {MAX_NAMES})) AS marks
      FROM unnest(:said, :partial, :patterns) WITH ORDINALITY AS term (said, partial, pattern, place)
     ORDER BY place
""").bindparams(  # noqa: S608 - our own figures
    bindparam("said", type_=ARRAY(Text)),
    bindparam("partial", type_=ARRAY(Boolean)),
    bindparam("patterns", type_=ARRAY(Text)),
    bindparam("user_id", type_=Uuid),
)
# The mark that all of a person's documents have, and those of LoRAs.
_REQUIRED = text("""
    SELECT search_scope(:user_id) || '#'
    UNION ALL
    SELECT search_lora(:user_id, name) FROM unnest(:loras) AS name
""").bindparams(bindparam("loras", type_=ARRAY(Text)), bindparam("user_id", type_=Uuid))


class TooManyWords(Invalid):
    default_detail = f"A search has at most {MAX_TERMS} words."

    def __init__(self) -> None:
        super().__init__(field="q", reason=f"has more than {MAX_TERMS} words and phrases")


@dataclass(frozen=True)
class Term:
    """A word, or words in quotation marks, which follow each other and end where they end."""

    text: str
    is_phrase: bool = False
    is_excluded: bool = False


def read_terms(typed: str) -> list[Term]:
    """What is typed, word by word. A quotation that is not closed ends with the text. Raises TooManyWords."""
    found = [
        Term(word or phrase, is_phrase=not word, is_excluded=minus != "")
        for minus, phrase, word in _TERM.findall(typed)
    ]
    terms = [term for term in found if any(sign.isprintable() and not sign.isspace() for sign in term.text)]
    if len(terms) > MAX_TERMS:
        raise TooManyWords
    return terms


async def search_query(
    session: ReadSession, user_id: UUID, terms: Sequence[Term], loras: Sequence[str]
) -> ColumnElement[str]:
    """The text-search query of what a person's images have to hold: all terms, and all of these LoRAs."""
    required = await session.scalars(_REQUIRED, {"user_id": user_id, "loras": list(loras)})
    # What is only excluded is excluded from something: from all that the person has.
    parts = [f"'{mark}'" for mark in required]
    if terms:
        asked = {
            "user_id": user_id,
            "said": [term.text for term in terms],
            "partial": [not term.is_phrase for term in terms],
            "patterns": [pattern_for(term.text) for term in terms],
        }
        for term, row in zip(terms, await session.execute(_TERMS, asked), strict=True):
            # Signs alone ask for nothing, unless a tag has them in its name.
            either = [*([f"({row.said})"] if row.said else []), *(f"'{mark}'" for mark in row.marks)]
            if either:
                parts.append(f"{'!' if term.is_excluded else ''}({' | '.join(either)})")
    # As a value and no expression: that would be worked out anew for every row.
    return cast(literal(" & ".join(parts), Text), TSQUERY)


def holds(image_id: InstrumentedAttribute[UUID], query: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether an image is among those that the index of words finds."""
    return image_id.in_(select(ImageSearch.image_id).where(_matches(query)))


def says(image_id: InstrumentedAttribute[UUID], query: ColumnElement[str]) -> ColumnElement[bool]:
    """The same of one image after the other, for where these are few: its document is read by its id."""
    document = (
        select(ImageSearch.document).where(ImageSearch.image_id == image_id).correlate_except(ImageSearch)
    )
    return document.scalar_subquery().op("@@", is_comparison=True)(query)


def _matches(query: ColumnElement[str]) -> ColumnElement[bool]:
    return ImageSearch.document.op("@@", is_comparison=True)(query)
