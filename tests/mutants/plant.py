"""Small faults in the program's own code: a comparison that is off by one, a sign, a line that is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SPOKEN = {"log", "warnings"}  # what is said there is for people


@dataclass(frozen=True)
class Fault:
    """One fault: the file (relative to the project), the line (from 1), what it was and is, and the whole new text."""

    file: Path
    line: int
    was: str
    now: str
    text: str


def faults(root: Path, file: Path) -> list[Fault]:
    """Every fault that this knows how to plant in a file, in order of the lines."""
    text = (root / file).read_text(encoding="utf-8")
    found = []
    for node in _reached(ast.parse(text)):
        for changed in _changed(node):
            was, now = ast.get_source_segment(text, node) or "", ast.unparse(changed)
            if isinstance(node, ast.expr):
                now = f"({now})"
            if new := _replaced(text, node, now):
                found.append(Fault(file, node.lineno, _brief(was), _brief(now), new))
    return sorted(found, key=lambda fault: fault.line)


def _reached(tree: ast.Module) -> Iterator[ast.expr | ast.stmt]:
    """What runs when a function is called: no types, no decorators, no docstrings, no words for people."""
    left: list[ast.AST] = [
        node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign)
    ]
    while left:
        node = left.pop()
        if isinstance(node, ast.expr | ast.stmt):
            yield node
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "bases"} or isinstance(node, ast.JoinedStr):
                continue
            parts = value if isinstance(value, list) else [value]
            left.extend(part for part in parts if isinstance(part, ast.AST) and not _is_said(part))


def _is_said(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise):
        return True
    if not isinstance(node, ast.Expr):
        return False
    call = node.value
    if isinstance(call, ast.Constant):
        return True
    called = call.func if isinstance(call, ast.Call) else None
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in _SPOKEN


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    yield from _statement(node) if isinstance(node, ast.stmt) else _choice(node)
    yield from _sum(node)


def _statement(node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.Expr(ast.Call()) | ast.AugAssign():
            yield ast.Pass()
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(value=None))
        case ast.Continue():
            yield ast.Break()


def _choice(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left, [operator], others) if type(operator) in _COMPARED:
            yield ast.Compare(left, [_COMPARED[type(operator)]()], others)
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Call(ast.Name(name), arguments, keywords) if name in _CALLED:
            yield ast.Call(ast.Name(_CALLED[name]), arguments, keywords)


def _sum(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left, operator, right) if type(operator) in _COMPUTED and not _is_text(left, right):
            yield ast.BinOp(left, _COMPUTED[type(operator)](), right)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            yield ast.Constant(value + 1)


def _is_text(*nodes: ast.expr) -> bool:
    return any(
        isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        for node in nodes
    )


def _replaced(text: str, node: ast.expr | ast.stmt, new: str) -> str | None:
    """The text with another piece in the node's place; None where that would not be Python any more."""
    lines = text.splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset or 0 :].decode()
    whole = "".join((*lines[:first], head, new, tail, *lines[last + 1 :]))
    try:
        ast.parse(whole)
    except SyntaxError:
        return None
    return whole


def _brief(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= 70 else f"{line[:67]}..."
