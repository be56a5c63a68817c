"""The faults that ``make mutants`` plants are faults, and it knows whether they were noticed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mutants.__main__ import ROOT, _is_noticed
from mutants.plant import faults

CODE = '''\
"""Says nothing."""
from typing import Literal

def fee(calls: int, free: "Literal[3]" = 3) -> int:
    """At least 1."""
    if calls < free and not calls == 7:
        log.info("%d calls, at most %d", calls, 3)
        return 0
    if calls > 99:
        raise ValueError("more than %d" % 99)
    total.append(calls)
    return max(calls - free, 1)
'''


def planted(folder: Path, code: str) -> dict[str, str]:
    (folder / "fee.py").write_text(code, encoding="utf-8")
    found = faults(folder, Path("fee.py"))
    for fault in found:
        ast.parse(fault.text)
        assert fault.text != code
    return {fault.was: fault.now for fault in found}


def test_comparisons_signs_numbers_and_missing_lines(tmp_path: Path) -> None:
    assert planted(tmp_path, CODE) == {
        "3": "(4)",
        "calls < free and not calls == 7": "(calls < free or not calls == 7)",
        "calls < free": "(calls <= free)",
        "not calls == 7": "(calls == 7)",
        "calls == 7": "(calls != 7)",
        "7": "(8)",
        "0": "(1)",
        "calls > 99": "(calls >= 99)",
        "99": "(100)",
        "total.append(calls)": "pass",
        "return max(calls - free, 1)": "return None",
        "max(calls - free, 1)": "(min(calls - free, 1))",
        "calls - free": "(calls + free)",
        "1": "(2)",
    }


def test_types_and_words_for_people_are_left_alone(tmp_path: Path) -> None:
    code = 'def said(x: "list[1]") -> None:\n    """2"""\n    log.info("a" + "b", 3)\n    raise ValueError(4)\n'
    assert planted(tmp_path, code) == {}


def test_every_file_of_the_program_can_have_faults() -> None:
    files = [path.relative_to(ROOT) for path in (ROOT / "eink_monitor" / "store").glob("*.py")]
    assert sum(len(faults(ROOT, file)) for file in files) > 500


@pytest.mark.parametrize(("asserted", "noticed"), [("fee(9) == 6", True), ("fee(9)", False)])
def test_a_fault_is_noticed_where_a_test_looks(tmp_path: Path, asserted: str, noticed: bool) -> None:
    (tmp_path / "fee.py").write_text("def fee(calls: int) -> int:\n    return calls - 3\n", encoding="utf-8")
    test = f"from fee import fee\n\ndef test_the_fee() -> None:\n    assert {asserted}\n"
    (tmp_path / "test_fee.py").write_text(test, encoding="utf-8")
    whole = (tmp_path / "fee.py").read_bytes()
    (fault,) = [one for one in faults(tmp_path, Path("fee.py")) if one.was == "calls - 3"]
    assert _is_noticed(tmp_path, fault, ["test_fee.py::test_the_fee"]) is noticed
    assert not _is_noticed(tmp_path, fault, [])
    assert (tmp_path / "fee.py").read_bytes() == whole
