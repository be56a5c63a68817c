"""Tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Aligned columns; the columns numbered in ``right`` are aligned right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    to_the_right = set(right)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in to_the_right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def number(value: float) -> str:
    """A value without needless decimals."""
    return f"{value:.10g}"


def directory(plugins: Iterable[tuple[str, type]]) -> str:
    """One line per plugin: its name and the first line of its docstring."""
    lines = [(name, (plugin.__doc__ or "").strip().partition("\n")[0]) for name, plugin in plugins]
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join(f"{name.ljust(width)}  {words}" for name, words in lines)
