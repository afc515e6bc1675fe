"""A route that answers GET asks for the session that only reads, so that a write in it fails the type check."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pingvas.base.settings import REPOSITORY

ROUTES = REPOSITORY / "pingvas" / "api" / "routes"


def _getters() -> Iterator[tuple[str, ast.AsyncFunctionDef]]:
    for path in sorted(ROUTES.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef) and any(_is_get(mark) for mark in node.decorator_list):
                yield f"{path.name}:{node.name}", node


def _is_get(mark: ast.expr) -> bool:
    return isinstance(mark, ast.Call) and ast.unparse(mark.func) == "router.get"


def test_every_route_that_answers_get_only_reads() -> None:
    asked = {
        name: {ast.unparse(argument.annotation) for argument in node.args.args if argument.annotation}
        for name, node in _getters()
    }

    assert sum("ReadSessionDep" in kinds for kinds in asked.values()) > 10
    assert [name for name, kinds in asked.items() if "SessionDep" in kinds] == []
