"""The faults that ``make mutants`` plants are faults, and it knows whether they were noticed."""

from __future__ import annotations

import ast
from pathlib import Path

import coverage
import pytest

from mutants.__main__ import ROOT, _notice, main
from mutants.plant import faults
from mutants.reach import Reach

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


@pytest.fixture
def fee(tmp_path: Path) -> tuple[Path, Reach]:
    """A project of one function, and tests of which one fails whatever happens, and one has gone since."""
    (tmp_path / "fee.py").write_text("FREE = 3\n\ndef fee(calls: int) -> int:\n    return calls - FREE\n")
    tests = {"breaks": "1 == 2", "runs": "fee(9)", "looks": "fee(9) == 6"}
    lines = [f"def test_{name}() -> None:\n    assert {asserted}\n" for name, asserted in tests.items()]
    (tmp_path / "test_fee.py").write_text("\n".join(["from fee import fee\n", *lines]))
    kept = tmp_path / "kept"
    data = coverage.CoverageData(str(kept))
    data.set_context("test_fee.py::test_looks (call)")
    data.add_lines({"fee.py": [4]})
    data.write()
    ends = [f"0.125 {'failed' if name == 'breaks' else 'passed'} test_fee.py::test_{name}" for name in tests]
    kept.with_suffix(".ends").write_text("\n".join(ends))
    return tmp_path, Reach(tmp_path, kept)


@pytest.mark.parametrize(("tests", "noticed"), [("looks", True), ("runs", False), ("breaks", False), ("gone", False)])
def test_a_fault_is_noticed_where_a_test_looks(fee: tuple[Path, Reach], tests: str, noticed: bool) -> None:
    copy, reach = fee
    whole = (copy / "fee.py").read_bytes()
    (fault,) = [one for one in faults(copy, Path("fee.py")) if one.was == "calls - FREE"]
    assert _notice(copy, fault, [f"test_fee.py::test_{tests}"], reach) is noticed
    assert _notice(copy, fault, [f"test_fee.py::test_{name}" for name in ("breaks", tests)], reach) is noticed
    assert (copy / "fee.py").read_bytes() == whole


def test_a_line_is_asked_about_where_it_was_met_and_a_constant_everywhere(fee: tuple[Path, Reach]) -> None:
    _, reach = fee
    assert [reach.tests(Path("fee.py"), line) for line in (1, 4)] == [["test_fee.py::test_looks"]] * 2


@pytest.mark.parametrize(("words", "said"), [(["no/such/room"], "no such room below eink_monitor/: no/such/room")])
def test_a_room_that_is_none(words: list[str], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        main(words)
