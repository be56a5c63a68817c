"""From the text of a condition to its meaning: recursive descent, with every mistake at its character.

    condition: both (`or` both)*
    both:      one (`and` one)*
    one:       `not` one | thing [`for` span]
    thing:     `(` condition `)` | `between` clock `and` clock | `day` | `night` | function `(` ... `)`
               | subject `.` metric [sign number unit]

A mistake in a name or a unit does not end the reading: all of those are reported at once.
"""

from __future__ import annotations

from eink_monitor.clock import DAY
from eink_monitor.conditions import ConditionError, Mention, Term
from eink_monitor.conditions.cursor import Cursor
from eink_monitor.conditions.logic import For, Not, Several, contains_for
from eink_monitor.conditions.terms import Age, Between, Comparison, Daylight, InTrouble, Stale, Weekday
from eink_monitor.conditions.tokens import WORDS, Token, tokens
from eink_monitor.currencies import SIGNS
from eink_monitor.metrics import METRICS, NEWEST_BACKUP
from eink_monitor.model.reading import Metric
from eink_monitor.settings import Duration, Window
from eink_monitor.units import converted, countable, units

_DEEPEST = 20  # parentheses and `not` in each other
_LONGEST_SPAN = DAY  # of `for`: all of it is looked at, at every turn
_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "==": "="}
_COMPARED = (">", ">=", "<", "<=", "=", "==", "!=", "≥", "≤", "≠")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORTEST_DAY = 3  # letters
_FUNCTIONS = ("age", "stale", "trouble", "weekday")
_DATED = {NEWEST_BACKUP.name}  # metrics whose value is an instant
_NO_METRIC = Metric("?", "", 1, 0, 0, "")


def parse(text: str) -> tuple[Term, tuple[Mention, ...]]:
    """The meaning of a condition, and what it refers to. Raises ``ConditionError``."""
    reader = _Reader(list(tokens(text)))
    term = reader.whole()
    if reader.mistakes:
        raise ConditionError(sorted(reader.mistakes))
    return term, tuple(reader.mentions)


class _Reader(Cursor):
    """The grammar; ``mentions`` is what the condition speaks of."""

    def __init__(self, found: list[Token]) -> None:
        super().__init__(found)
        self.mentions: list[Mention] = []
        self._depth = 0

    def whole(self) -> Term:
        term = self._either()
        if self._here.kind != "end":
            self._lost(f"{self._here} is out of place; join two conditions with `and` or `or`")
        return term

    # -- the grammar -----------------------------------------------------------------------------------------------

    def _either(self) -> Term:
        terms = [self._both()]
        while self._take("or"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else Several(tuple(terms), each=False)

    def _both(self) -> Term:
        terms = [self._one()]
        while self._take("and"):
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else Several(tuple(terms), each=True)

    def _one(self) -> Term:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._lost(f"more than {_DEEPEST} nested parentheses and `not`")
        term = Not(self._one()) if self._take("not") else self._held(self._thing())
        self._depth -= 1
        return term

    def _held(self, term: Term) -> Term:
        """A thing, and for how long it must have held."""
        start = self._here
        if not self._take("for"):
            return term
        if contains_for(term):
            self._wrong(start, "this already contains a `for`; one is enough")
        seconds = self._span("for")
        if not 0 < seconds <= _LONGEST_SPAN:
            self._wrong(start, f"`for` takes 1s to {Duration(_LONGEST_SPAN)}")
        return For(term, seconds)

    def _thing(self) -> Term:
        here = self._here
        if self._take("("):
            term = self._either()
            self._need(")", "this parenthesis is never closed; add `)`", here)
            return term
        if self._take("between"):
            return self._between()
        if here.kind not in {"name", "quoted"} or here.says(*WORDS):
            self._lost(f"expected a condition before {here}, such as `roof.pv_power > 500 W` or `stale(car)`")
        if here.says("day", "night") and self._tokens[self._at + 1].text != ".":
            self._at += 1
            self.mentions.append(Mention("day", here.text, here.at))
            return Daylight(here.text == "day")
        if here.kind == "name" and self._tokens[self._at + 1].says("("):
            return self._function()
        return self._figure()

    def _between(self) -> Term:
        start = self._here
        first = self._clock()
        self._need("and", "write for example `between 10:00 and 16:00`")
        last = self._clock()
        try:
            return Between(Window.parse(f"{first}-{last}"))
        except ValueError:
            self._wrong(start, "these are not two times of day; write for example `between 22:00 and 06:00`")
            return Between(Window(0, 1))

    def _clock(self) -> str:
        if self._here.kind != "clock":
            self._lost(f"expected a time such as `10:00` before {self._here}")
        return self._next().text

    def _function(self) -> Term:
        name = self._next()
        self._at += 1  # the parenthesis
        match name.text:
            case "weekday":
                term: Term = self._weekday()
            case "trouble" if self._here.says(")"):
                term = InTrouble()
            case "trouble":
                term = InTrouble(self._subject("trouble"))
            case "stale":
                term = Stale(*self._subject_and_metric())
            case "age":
                return self._age()
            case _:
                self._unknown(name, name.text, _FUNCTIONS, "function")
                self._skip()
                return InTrouble()
        self._close()
        return term

    def _age(self) -> Term:
        subject, metric = self._subject_and_metric()
        self._close()
        sign = self._sign("`age(car.soc) > 2h`")
        dated = metric is not None and metric.name in _DATED
        return Age(subject, metric, sign, self._span(f"age {sign}"), dated)

    def _weekday(self) -> Term:
        days: set[int] = set()
        while True:
            token = self._next()
            first, _, last = token.text.casefold().partition("-")
            start = self._day(token, first)
            end = self._day(token, last) if last else start
            days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
            if not self._take(","):
                return Weekday(frozenset(days))

    def _day(self, token: Token, word: str) -> int:
        for number, name in enumerate(_DAYS):
            if len(word) >= _SHORTEST_DAY and name.startswith(word):
                return number
        self._unknown(token, word, [name[:_SHORTEST_DAY] for name in _DAYS], "day")
        return 0

    def _figure(self) -> Term:
        subject, metric = self._subject_and_metric()
        name = self._tokens[self._at - 1]
        if metric is None:
            self._lost("which metric? Write for example `roof.pv_power > 500 W`")
        if not self._here.says(*_COMPARED) and metric.unit == "0/1":
            return Comparison(subject, metric, "=", 1)
        sign = self._sign(f"`{name.text} > 1{_spaced(metric.unit)}`")
        if metric.name in _DATED:
            self._wrong(name, f"`{metric.name}` is an instant; ask for its age: `age({subject}.{metric.name}) > 2d`")
        return Comparison(subject, metric, sign, self._number(metric))

    # -- names -----------------------------------------------------------------------------------------------------

    def _subject(self, what: str = "subject") -> str:
        token = self._here
        if token.kind not in {"name", "quoted"} or token.says(*WORDS):
            self._lost(f"expected a name before {token}, such as `roof`")
        self._at += 1
        self.mentions.append(Mention(what, token.text, token.at))
        return token.text

    def _subject_and_metric(self) -> tuple[str, Metric | None]:
        """A subject and, after a dot, one of its metrics; an unknown name is a mistake."""
        subject = self._subject()
        if not self._take("."):
            return subject, None
        token = self._next()
        if token.kind not in {"name", "quoted"}:
            self._lost(f"expected a metric before {token}", token)
        metric = METRICS.get(token.text)
        if metric is None:
            self._unknown(token, token.text, METRICS, "metric")
            return subject, _NO_METRIC
        self.mentions[-1] = self.mentions[-1]._replace(metric=metric, metric_at=token.at)
        return subject, metric

    # -- numbers ---------------------------------------------------------------------------------------------------

    def _sign(self, example: str) -> str:
        if not self._here.says(*_COMPARED):
            self._lost(f"expected `>`, `>=`, `<`, `<=`, `=` or `!=` before {self._here}, as in {example}")
        text = self._next().text
        return _SIGNS.get(text, text)

    def _number(self, metric: Metric) -> float:
        """A number in the metric's own unit, or the name of one of its states."""
        token = self._here
        if metric.names and token.kind in {"name", "quoted"}:
            return self._state(metric)
        if token.kind != "number":
            self._lost(f"expected a number before {token}, such as `500{_spaced(metric.unit)}`")
        self._at += 1
        at, unit = self._unit(token)
        if metric is _NO_METRIC or (not unit and countable(metric)):
            return float(token.text)
        if not unit:
            self._wrong(token, f"{token.text} of what? Write `{token.text}{_spaced(metric.unit)}`")
            return 0.0
        try:
            return converted(float(token.text), unit, metric)
        except KeyError:
            known = units(metric)
            meant = next((f"`{one}`" for one in known if one.casefold() == unit.casefold()), " or ".join(known[:4]))
            self._wrong(token._replace(at=at), f"`{unit}` is not a unit of `{metric.name}`; write {meant}")
            return 0.0

    def _state(self, metric: Metric) -> float:
        token = self._next()
        names = {name.casefold(): value for value, name in metric.names.items()}
        if token.text.casefold() not in names:
            self._unknown(token, token.text, names, "state")
        return names.get(token.text.casefold(), 0.0)

    def _unit(self, number: Token) -> tuple[int, str]:
        """Where the unit of a number stands, and what it is; empty where there is none."""
        at, unit = number.at + len(number.text), number.unit
        sign = self._here.says("%", *SIGNS) or self._here.text.startswith("°")
        if not unit and (sign or (self._here.kind == "name" and not self._here.says(*WORDS))):
            at, unit = self._here.at, self._next().text
        if unit and self._take("/"):
            under = self._next()
            unit = f"{unit}/{under.text}{under.unit}"
        return at, unit

    def _span(self, before: str) -> int:
        """A stretch of time, such as `5m` or `1h 30m`, in seconds."""
        start, parts = self._here, []
        while self._here.kind == "number":
            token = self._next()
            parts.append(token.text + self._unit(token)[1])
        if not parts:
            self._lost(f"expected how long before {start}, such as `{before} 5m`")
        try:
            return Duration.parse(" ".join(parts))
        except ValueError as error:
            self._wrong(start, str(error))
            return 1


def _spaced(unit: str) -> str:
    """A unit as it follows its number in an example; nothing for a count or a state."""
    return "" if unit[:1].isdigit() or not unit else f" {unit}"
