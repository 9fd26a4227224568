"""The catalogue page is what the recipes say today."""

import importlib
import re
import runpy
from pathlib import Path

import pytest

import csched

DOCS = Path(__file__).parents[1] / "docs"
MADE = runpy.run_path(str(DOCS / "make_catalogue.py"))


def test_the_page_is_the_one_the_recipes_make():
    assert (DOCS / "catalogue.md").read_text(encoding="utf-8") == MADE["page"](), (
        "run `make catalogue`"
    )


def test_each_recipe_has_one_line_of_code_and_a_small_picture():
    assert set(MADE["EXAMPLES"]) == set(csched.RECIPES)
    assert {p.stem for p in (DOCS / "catalogue").glob("*.png")} == set(csched.RECIPES)
    for name, code in MADE["EXAMPLES"].items():
        assert code.startswith(f"csched.{name}(")
        assert isinstance(MADE["schedule_of"](name), csched.Schedule)
        assert (DOCS / "catalogue" / f"{name}.png").stat().st_size < 15_000


def test_each_recipe_says_its_formula_or_rule_and_where_it_is_from():
    for name in csched.RECIPES:
        assert len(MADE["formula_of"](name)) > 15, name
        assert "::" not in MADE["formula_of"](name)
        assert MADE["source_of"](name)


@pytest.mark.parametrize("library", sorted({*MADE["LIBRARIES"]} & {*csched.presets.LIBRARIES}))
def test_each_name_in_the_table_is_a_preset(library):
    module = importlib.import_module(f"csched.presets.{library}")
    for peers in MADE["PEERS"].values():
        for name in re.findall(r"\w+(?= \()|\w+(?=,|$)", peers.get(library, "")):
            found = [n for n in dir(module) if n == name or n.startswith(f"get_{name}_schedule")]
            assert found or name in str(vars(module)), (library, name)
