"""JMESPath, with which a setting points into an answer.

It is compiled when the configuration is read, and evaluated in the child. Beside its own functions there are
``header(name)``, ``link(rel)`` (of a Link header), ``time(x)`` (epoch seconds of whatever ``_times`` reads, or null),
``now()``, ``plus(a, b)``, ``minus(a, b)``, ``times(a, b)``, ``over(a, b)`` (null where it cannot be said),
``number(text)`` (the first in it), ``lower(text)``, ``split(text, mark)`` and ``unique_by(list, &key)``. ``{{names}}``
may stand inside quotes, in backticks, and for whole numbers and parts of words.

An expression comes from whoever wrote a recipe, an answer from a vendor: evaluation is bounded in steps, and so is the
size of what it builds; what Python's own functions still take is bounded by the length of an expression and the cap of
an answer, and in the end by the deadline and the memory of the child.
"""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.functions import Functions, signature
from jmespath.parser import ParsedResult, Parser
from jmespath.visitor import Options, TreeInterpreter

from eink_monitor.errors import BadAnswer
from eink_monitor.nearest import nearest
from eink_monitor.settings import Mistake, MistakesError
from eink_monitor.sources._template import Scope, TemplateError, filled, names, quoting, settings_of
from eink_monitor.sources._times import instant

LONGEST = 2_000
"""Characters of an expression."""
MOST_STEPS = 300_000
"""Of one evaluation; 250 orders take some thousand."""
_LONGEST_LINK = 4_000  # characters
_DEEPEST = 60  # parts within parts of an expression; each takes some of Python's stack
_WORD = re.compile(r"[A-Za-z0-9_]+|-?\d+(\.\d+)?")
_ANY: Any = {"types": []}
_TEXT: Any = {"types": ["string"]}


class ExpressionError(MistakesError):
    """A text is no expression."""

    noun = "expression"


@dataclass(frozen=True)
class Answered:
    """What an expression may look at beside the document: the ``headers`` (names in lower case), and the time."""

    scope: Scope
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Expression:
    """A JMESPath expression; an empty one is the whole document."""

    text: str
    _tree: ParsedResult | None = field(default=None, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Compile a text. Raises ``ExpressionError`` with the character of each mistake."""
        if not text.strip():
            return cls("")
        if len(text) > LONGEST:
            raise ExpressionError([Mistake(LONGEST, f"an expression has at most {LONGEST} characters")])
        try:
            named = names(text)
        except TemplateError as error:
            raise ExpressionError(error.mistakes) from None
        tried = list(text)
        for name in named:  # filled in the child; what is tried is as long, so that mistakes keep their places
            tried[name.start : name.end] = "1" + "0" * (name.end - name.start - 1)
        tree = _compiled("".join(tried), text)
        return cls(text, None if named else tree)

    @property
    def settings(self) -> tuple[str, ...]:
        """The names in braces that stand for settings."""
        return tuple(settings_of(self.text))

    def find(self, document: object, answered: Answered) -> object:
        """What it finds in a document; None where there is nothing. Raises ``BadAnswer``."""
        if not self.text:
            return document
        tree = self._tree or _compiled(filled(self.text, answered.scope, _escaped))
        walk = _Bounded(_Known(answered))
        try:
            return walk.visit(tree.parsed, document)
        except JMESPathTypeError as error:
            trouble = f"{error.function_name}() cannot take what is there ({_kind(error.actual_type)})"
        except (_TooMuchError, MemoryError):
            trouble = "it takes too many steps"
        except (JMESPathError, ValueError, TypeError, AttributeError, KeyError, OverflowError):
            trouble = "the answer has another shape"
        except RecursionError:
            trouble = "it is nested too deeply"
        finally:
            walk.let_go()
        raise BadAnswer(f"{answered.scope.who}: `{self.text[:80]}` cannot be read: {trouble}")

    def holds(self, document: object, answered: Answered) -> bool:
        """Whether what it finds is true, as JMESPath has it: neither false, null nor empty."""
        found = self.find(document, answered)
        return found is not None and found is not False and found not in ("", [], {})

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return self.text


NOTHING = Expression("")
"""No expression."""


def _compiled(text: str, written: str = "") -> ParsedResult:
    """The tree of an expression. Raises ``ExpressionError``."""
    try:
        with warnings.catch_warnings(action="error"):
            tree = Parser().parse(text)
    except JMESPathError as error:
        at = getattr(error, "lex_position", 0)
        raise ExpressionError([Mistake(min(at, len(text)), _words(written or text, at))]) from None
    except Warning:
        at = text.find("`")
        raise ExpressionError([Mistake(at, "backticks hold JSON; write a text as 'text'")]) from None
    except (ValueError, RecursionError):
        raise ExpressionError([Mistake(0, "this is no JMESPath expression")]) from None
    if mistakes := list(_misused(tree.parsed, text)):
        raise ExpressionError(mistakes)
    return tree


def _words(text: str, at: int) -> str:
    there = text[at : at + 1]
    if not there or at >= len(text):
        return "this expression ends too early"
    if text[at : at + 2] == "{{":
        return "a name in braces goes into quotes here"
    if there == "-":
        return "JMESPath knows no minus; write minus(a, b), or put a name with a dash into double quotes"
    return f"`{there}` does not belong here"


def _misused(tree: Mapping[str, Any], text: str) -> Iterator[Mistake]:
    """Functions that do not exist, or that take another number of arguments; and what is nested too deeply."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > _DEEPEST:
            yield Mistake(0, "this expression is nested too deeply")
            return
        if node["type"] == "function_expression":
            yield from _misuse(node["value"], len(node["children"]), text)
        waiting += [(child, depth + 1) for child in node.get("children", ()) if isinstance(child, dict)]


def _misuse(name: str, count: int, text: str) -> Iterator[Mistake]:
    at = max(text.find(f"{name}("), 0)
    known = _Known.FUNCTION_TABLE.get(name)
    if known is None:
        near = nearest(name, _Known.FUNCTION_TABLE)
        hint = f"did you mean {near}()?" if near else f"known are {', '.join(sorted(_Known.FUNCTION_TABLE))}"
        yield Mistake(at, f"there is no function {name}(); {hint}")
        return
    takes: Any = known["signature"]
    variadic = bool(takes) and takes[-1].get("variadic")
    if count < len(takes) or (count > len(takes) and not variadic):
        yield Mistake(at, f"{name}() takes {len(takes)} argument{'s' * (len(takes) != 1)}, not {count}")


def _escaped(value: str, text: str, at: int) -> str:
    """A value inside an expression: it must not end its quotes, nor mean anything outside them."""
    mark = quoting(text, at)
    if mark in {"'", '"'} and value.isprintable() and not set(value) & set("'\"\\`"):
        return value
    if mark not in {"'", '"'} and _WORD.fullmatch(value):
        return value
    raise BadAnswer("an expression cannot take the value of a name in it", "check the settings")


def _kind(python: str) -> str:
    return {"NoneType": "nothing", "str": "a text", "list": "a list", "dict": "an object", "bool": "true or false"}.get(
        python, "a number"
    )


class _TooMuchError(Exception):
    """An evaluation went on for too long, or built too much."""


class _Bounded(TreeInterpreter):
    """Counts its steps, and weighs what it builds: what is shared counts each time, as it does for all that walk it."""

    def __init__(self, known: Functions) -> None:
        super().__init__(Options(custom_functions=known))
        self._left = MOST_STEPS

    def let_go(self) -> None:
        """Forget its own methods: in a stream's child nobody collects what holds itself."""
        self._method_cache: dict[str, Any] = {}

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - JMESPath's own
        self._left -= 1
        if self._left < 0:
            raise _TooMuchError
        return super().visit(node, *args, **kwargs)

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:  # noqa: ANN401 - as above
        return self._weighed(super().visit_multi_select_dict(node, value))

    def visit_multi_select_list(self, node: Any, value: Any) -> Any:  # noqa: ANN401 - as above
        return self._weighed(super().visit_multi_select_list(node, value))

    def visit_function_expression(self, node: Any, value: Any) -> Any:  # noqa: ANN401 - as above
        made = super().visit_function_expression(node, value)
        if isinstance(made, str | list):  # what is in a list was there before, but for the parts of a text
            self._left -= len(made) >> 3
            if self._left < 0:
                raise _TooMuchError
        return made

    def visit_comparator(self, node: Any, value: Any) -> Any:  # noqa: ANN401 - as above
        """A text is neither more nor less than a number."""
        try:
            return super().visit_comparator(node, value)
        except TypeError:
            return None

    def _weighed(self, made: object) -> object:
        waiting = [made]
        while waiting:
            one = waiting.pop()
            self._left -= 1 + (len(one) >> 3 if isinstance(one, str) else 0)
            if self._left < 0:
                raise _TooMuchError
            if isinstance(one, list | dict):
                waiting += one.values() if isinstance(one, dict) else one
        return made


class _Known(Functions):
    """The functions of JMESPath, and ours."""

    def __init__(self, answered: Answered) -> None:
        self._answered = answered

    @signature(_TEXT)
    def _func_header(self, name: str) -> str | None:
        return self._answered.headers.get(name.lower())

    @signature(_ANY)
    def _func_time(self, value: object) -> int | None:
        return instant(value, self._answered.scope.zone)

    @signature()
    def _func_now(self) -> int:
        return self._answered.scope.now

    @signature(_TEXT)
    def _func_link(self, rel: str) -> str | None:
        """The address behind a Link header's ``rel`` (RFC 8288)."""
        header = self._answered.headers.get("link", "")[:_LONGEST_LINK]
        links = re.finditer(r"<([^<>]*)>([^<]*)", header)
        wanted = re.compile(rf';\s*rel="?(?:[^";,]*\s)?{re.escape(rel)}(?=[\s";,]|$)', re.IGNORECASE)
        return next((found[1] for found in links if wanted.search(found[2])), None)

    @signature(_TEXT)
    def _func_number(self, text: str) -> float | None:
        """The first number of a text: 21.5 of "Temp: 21.5 °C"."""
        found = re.search(r"[-+]?\d{1,30}(?:\.\d{1,30})?", text, re.ASCII)
        return float(found[0]) if found else None

    @signature({"types": ["array"]}, {"types": ["expref"]})
    def _func_unique_by(self, array: list[Any], expref: Any) -> list[Any]:  # noqa: ANN401 - JMESPath's own
        """The items without those whose value came before: a list that grows while it is read repeats some."""
        seen: set[str] = set()
        kept = []
        for item in array:
            key = json.dumps(expref.visit(expref.expression, item), sort_keys=True)
            if key not in seen:
                seen.add(key)
                kept.append(item)
        return kept

    @signature(_ANY, _ANY)
    def _func_plus(self, first: object, second: object) -> float | None:
        return _computed((first, second), lambda a, b: a + b)

    @signature(_ANY, _ANY)
    def _func_minus(self, first: object, second: object) -> float | None:
        return _computed((first, second), lambda a, b: a - b)

    @signature(_ANY, _ANY)
    def _func_times(self, first: object, second: object) -> float | None:
        return _computed((first, second), lambda a, b: a * b)

    @signature(_ANY, _ANY)
    def _func_over(self, first: object, second: object) -> float | None:
        return _computed((first, second), lambda a, b: a / b if b else math.nan)

    @signature(_TEXT)
    def _func_lower(self, text: str) -> str:
        return text.lower()

    @signature(_TEXT, _TEXT)
    def _func_split(self, text: str, mark: str) -> list[str]:
        return text.split(mark) if mark else [text]


def _computed(values: Iterable[object], work: Any) -> float | None:  # noqa: ANN401 - of two numbers
    """The result for two numbers, or texts that hold one; None for anything else."""
    numbers = [number(value) for value in values]
    if None in numbers:
        return None
    made = work(*numbers)
    return made if math.isfinite(made) else None


def number(value: object) -> float | None:
    """A finite number, or a text that holds one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        size = float(value)
    except (ValueError, OverflowError):
        return None
    return size if math.isfinite(size) else None
