"""The keys of ``type: http``, which are those of ``http:`` in a recipe, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eink_monitor.clock import DAY
from eink_monitor.model.poll import Budget
from eink_monitor.settings import Duration, insist
from eink_monitor.sources._declared import Declared
from eink_monitor.sources._expression import NOTHING, Expression
from eink_monitor.sources._http.address import address, is_at_home
from eink_monitor.sources._template import Scope, Template, TemplateError, Values, filled, in_url, names
from eink_monitor.sources.http.asking import Asking, authority, is_header, origin, place
from eink_monitor.sources.http.auth import Auth, HeaderKey, Hmac, Issued, Login
from eink_monitor.sources.http.lists import Events, Happened, Listed, Lists, several
from eink_monitor.sources.http.lists import expressions as expressions_of

_MOST_PAGES = 50
_MOST_BEFORE = 5
_OURS = frozenset({"cursor"})
"""Names that stand for what a poll itself knows."""


@dataclass(frozen=True, kw_only=True)
class Earlier(Asking):
    """A request before the one that counts: what it ``set``s may be used by those after it, for as long as ``keep``."""

    set: Mapping[str, Expression]
    keep: Duration = Duration(0)

    def expressions(self) -> Iterator[Expression]:
        """As of any request, and what it looks for."""
        yield from Asking.expressions(self)
        yield from self.set.values()


class ZoneName(Template):
    """The name of a time zone, or a name in braces that stands for one."""

    @classmethod
    def parse(cls, text: str) -> ZoneName:
        """Read a name. Raises ``ValueError``."""
        if not names(text):
            zone_of(text)
        return cls(text)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ``ValueError``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f'"{name[:40]}" is not a time zone; write for example Europe/Berlin'
    raise ValueError(message)


@dataclass(frozen=True, kw_only=True)
class HttpBlock(Asking):
    """What to ask, who asks, and what of the answer counts.

    ``at`` is when it was measured; without it the Date header of the answer says so, or ``live`` does: the answer of a
    device at home that measures when it is asked. With ``next`` (an address, or what ``{{cursor}}`` becomes) the
    expressions look at the list of all pages, at most ``pages``. ``hosts`` are all that may be reached.
    """

    auth: Auth | None = None
    timezone: ZoneName | None = None
    at: Expression = NOTHING
    live: bool = False
    next: Expression = NOTHING
    pages: int = 5
    before: tuple[Earlier, ...] = ()
    readings: Mapping[str, Declared] = field(default_factory=dict)
    list: Lists | None = None
    events: Events | None = None
    hosts: tuple[str, ...] = ()
    account: str = ""
    calls_per_minute: int = 0
    calls_per_hour: int = 0
    calls_per_day: int = 0
    calls_per_month: int = 0

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what can be seen without knowing what names stand for."""
        super().__post_init__()
        header = _header_of(self.auth)
        insist(
            (1 <= self.pages <= _MOST_PAGES, f"pages must be 1 to {_MOST_PAGES}"),
            (len(self.before) <= _MOST_BEFORE, f"before: at most {_MOST_BEFORE} requests"),
            (not header or is_header(header), "auth: this header cannot be set"),
            (not (self.live and self.at), "live and at: the answer says when it measured, or it does not"),
            (min(self._calls().values()) >= 0, "calls_per_* must not be negative"),
            *((calls == 0 or calls >= self.calls, f"calls_per_{span}: a poll takes up to {self.calls} calls")
              for span, calls in self._calls().items()),
        )  # fmt: skip
        for name, declared in self.readings.items():
            declared.metric(name)

    @property
    def calls(self) -> int:
        """How many calls a poll takes at most: pages, earlier requests, a token and a second try with a new one."""
        return (self.pages if self.next else 1) + len(self.before) + 2 * isinstance(self.auth, Issued)

    def budgets(self) -> tuple[Budget, ...]:
        """What the vendor allows, as configured."""
        return tuple(Budget(calls, span) for span, calls in self._calls().items() if calls)

    def _calls(self) -> dict[str, int]:
        return {span: getattr(self, f"calls_per_{span}") for span in ("minute", "hour", "day", "month")}

    def listed(self) -> Iterator[Listed | Happened]:
        """Its lists and events."""
        yield from (*several(self.list), *several(self.events))

    def requests(self) -> Iterator[Asking]:
        """Every request that it describes."""
        yield self
        yield from self.before
        if isinstance(self.auth, Login):
            yield self.auth

    def addresses(self) -> Iterator[Template]:
        """Every address that it names."""
        yield from (asking.url for asking in self.requests())
        if url := getattr(self.auth, "token_url", None):
            yield url

    def origins(self, values: Values) -> frozenset[str]:
        """All that may be reached: scheme and host, and a port if it is not the usual one. Raises ``ValueError``."""
        scope = Scope(DAY, ZoneInfo("UTC"), values)
        found = {filled(authority(template.text), scope, in_url) for template in self.addresses()}
        for url in found:
            address(url, "url")
            if self.live and not is_at_home(urlsplit(url).hostname or ""):
                message = "live: only a device at home measures when it is asked; point `at` to a time"
                raise ValueError(message)
        allowed = {host.lower() for host in self.hosts}
        if beyond := sorted({place(url) for url in found} - allowed) if allowed else []:
            message = f"hosts: {', '.join(beyond)} is not among them"
            raise ValueError(message)
        return frozenset({*map(origin, found), *(f"https://{host}" for host in allowed)})

    def check(self, takes: Mapping[str, bool]) -> None:
        """Raise ``ValueError`` for names that nobody knows, and for secrets where servers log them.

        ``takes`` are the settings that names may stand for, and whether each is a secret.
        """
        known = {*takes, *_OURS, *(name for earlier in self.before for name in earlier.set), *_own_names(self.auth)}
        told = [
            *_unknown(self.names() | self._other_names(), known),
            *_astray((text for asking in self.requests() for text in asking.shown()), takes, _own_names(self.auth)),
            *_wandering(self.addresses(), takes),
        ]
        if told:
            raise ValueError("; ".join(dict.fromkeys(told)))

    def _other_names(self) -> set[str]:
        found = {name for asking in self.requests() for name in asking.names()}
        own = (one for declared in self.readings.values() for one in (declared.path, declared.at))
        lists = (one for listed in self.listed() for one in expressions_of(listed))
        expressions = [self.at, self.next, *own, *lists]
        found |= {name for expression in expressions for name in expression.settings}
        return found | {name for text in _texts(self.auth) for name in _settings(text)}

    @property
    def home(self) -> bool:
        """Whether all of it is on the local network, as far as that can be told before names are filled."""
        hosts = [authority(template.text).partition("://")[2] for template in self.addresses()]
        return all(is_at_home(host.rpartition(":")[0] or host) for host in hosts)


def _header_of(auth: Auth | None) -> str:
    return auth.name if isinstance(auth, HeaderKey) else getattr(auth, "header", "")


def _own_names(auth: Auth | None) -> set[str]:
    if isinstance(auth, Login):
        return {"user", "password"}
    return {"method", "path", "query", "body"} if isinstance(auth, Hmac) else set()


def _texts(auth: Auth | None) -> Iterator[str]:
    """The texts of the settings of an ``auth``."""
    from eink_monitor.settings import Secret

    for setting in fields(auth) if auth else ():
        value = getattr(auth, setting.name)
        if isinstance(value, Secret):
            yield value.reveal()
        elif isinstance(value, str | Template):
            yield str(value)


def _settings(text: str) -> Iterator[str]:
    try:
        found = names(text)
    except TemplateError:  # of a password that looks like one
        return
    yield from (name.name for name in found if not name.is_moment)


def _unknown(found: Iterable[str], known: set[str]) -> Iterator[str]:
    for name in sorted(set(found) - known):
        yield f"nobody says what {{{{{name}}}}} stands for"


def _astray(texts: Iterable[str], takes: Mapping[str, bool], own: set[str]) -> Iterator[str]:
    """Secrets in addresses and queries."""
    secret = {name for name, hidden in takes.items() if hidden} | (own & {"password"})
    for text in texts:
        for name in _settings(text):
            if name in secret:
                yield f"{{{{{name}}}}} is a secret, and servers log addresses and queries; put it into a header"


def _wandering(addresses: Iterable[Template], takes: Mapping[str, bool]) -> Iterator[str]:
    """Hosts that an answer could choose."""
    for template in addresses:
        for name in names(authority(template.text)):
            if name.name not in takes:
                yield f"{{{{{name.name}}}}} cannot stand for a host: no answer chooses where we ask"
