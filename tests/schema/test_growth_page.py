"""docs/operating.md says of every table what makes it grow and what bounds it."""

import re

from pingvas.base.budget_figures import FIGURES
from pingvas.base.settings import REPOSITORY, Settings
from pingvas.tables import metadata

PAGE = (REPOSITORY / "docs" / "operating.md").read_text()
ROWS = re.findall(
    r"^\| `(\w+)` \| (.+) \| (.*)\|$", PAGE.partition("## What grows")[2].partition("\n## ")[0], re.M
)


def test_every_table_is_named_once() -> None:
    assert sorted(table for table, _, _ in ROWS) == sorted(metadata.tables)


def test_what_people_make_grow_has_a_bound() -> None:
    unbounded = [table for table, comes_with, bound in ROWS if not bound.strip()]

    assert {
        table: comes_with
        for table, comes_with, _ in ROWS
        if table in unbounded and comes_with not in ("nothing yet", "the operator")
    } == {}


def test_what_bounds_them_is_there() -> None:
    # given what the page names
    settings = {name for _, _, bound in ROWS for name in re.findall(r"`PINGVAS_(\w+)`", bound)}
    budgets = {
        name
        for _, _, bound in ROWS
        for named in re.findall(r"budgets? (`\w+`(?: and `\w+`)?)", bound)
        for name in re.findall(r"`(\w+)`", named)
    }

    # then these are settings and budgets of the studio
    assert settings
    assert budgets
    assert {name for name in settings if name.lower() not in Settings.model_fields} == set()
    assert budgets - set(FIGURES) == set()
