"""Reads `docs/erd.md`: its diagram and its tables, as plain values. Refuses a line it does not understand."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "erd.md"
SOURCE_DIAGRAM = Path(__file__).with_name("source_diagram.mmd")

_ENTITY = re.compile(r"(\w+) \{")
_COLUMN = re.compile(r'([\w\[\]]+) (\w+)(?: ((?:PK|FK|UK)(?:,(?:PK|FK|UK))*))?(?: "([^"]*)")?')
_RELATION = re.compile(r'(\w+) \|\|--o([{|]) (\w+) : "([^"]+)"')
_WORDS = re.compile(r"\w+(?:\|\w+)+")


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    keys: frozenset[str]
    comment: str

    @property
    def nullable(self) -> bool:
        return re.match(r"NULL\b", self.comment) is not None

    @property
    def added(self) -> bool:
        return "added:" in self.comment

    @property
    def words(self) -> list[str]:
        """The closed set of words that the comment begins with; empty where it does not."""
        found = _WORDS.match(self.comment)
        return found.group().split("|") if found else []


@dataclass(frozen=True)
class Relation:
    parent: str
    child: str
    at_most_one: bool
    added: bool


@dataclass(frozen=True)
class Diagram:
    entities: dict[str, list[Column]]
    relations: list[Relation]


def read_diagram(mermaid: str) -> Diagram:
    entities: dict[str, list[Column]] = {}
    relations: list[Relation] = []
    columns: list[Column] | None = None
    first, *lines = [line.strip() for line in mermaid.splitlines()]
    assert first == "erDiagram"
    for line in lines:
        if not line or line.startswith("%%"):
            continue
        if columns is not None:
            if line == "}":
                columns = None
                continue
            column = _COLUMN.fullmatch(line)
            assert column, f"not a column: {line}"
            kind, name, keys, comment = column.groups()
            columns.append(Column(name, kind, frozenset((keys or "").split(",")) - {""}, comment or ""))
        elif entity := _ENTITY.fullmatch(line):
            assert entity[1] not in entities, f"drawn twice: {entity[1]}"
            columns = entities[entity[1]] = []
        else:
            relation = _RELATION.fullmatch(line)
            assert relation, f"neither an entity nor a relation: {line}"
            parent, many, child, label = relation.groups()
            relations.append(Relation(parent, child, many == "|", label.startswith("added:")))
    assert columns is None, "an entity does not end"
    return Diagram(entities, relations)


def page_diagram() -> Diagram:
    (mermaid,) = re.findall(r"```mermaid\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return read_diagram(mermaid)


def source_diagram() -> Diagram:
    return read_diagram(SOURCE_DIAGRAM.read_text())


def page_table(heading: str) -> list[list[str]]:
    """The rows of the only table under `## heading`, without its head; code marks are taken off."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert found, f"no heading {heading}"
    lines = [line for line in found[1].splitlines() if line.startswith("|")]
    head, rule, *rows = lines
    assert set(rule) == {"|", "-"}, f"not one table under {heading}"
    cells = [[cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    assert all(len(row) == head.count("|") - 1 for row in cells), f"a row of another width under {heading}"
    return cells
