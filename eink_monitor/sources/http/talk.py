"""The calls of one poll: earlier requests, the pages of the one that counts, and nowhere but where the block says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urljoin, urlsplit
from zoneinfo import ZoneInfo

from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Trouble
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Secret
from eink_monitor.sources._expression import Answered
from eink_monitor.sources._http.address import is_at_home
from eink_monitor.sources._http.answer import Answer, said_at
from eink_monitor.sources._http.web import Web
from eink_monitor.sources._template import Scope, Values, filled, in_url
from eink_monitor.sources.http import explained
from eink_monitor.sources.http.asking import Asking, body_of, origin, plain, query_of
from eink_monitor.sources.http.block import Earlier, HttpBlock, zone_of
from eink_monitor.sources.http.granted import Granted, Sent
from eink_monitor.sources.http.kept import Kept, digest
from eink_monitor.sources.http.verdict import heard

_SAFE = "%/:?#[]@!$&'()*+,;=~"  # what stands in an address as it is written
_LONGEST_VALUE = 4_000  # characters of what an earlier answer set, and of a cursor
_GONE_AFTER = 3  # polls that a vendor answered with 404


@dataclass(frozen=True)
class HttpPage:
    """One answer that counts; ``said_at`` is its Date header in epoch seconds, 0 where it has none."""

    document: object = field(repr=False)
    answered: Answered
    said_at: int
    tag: str = field(default="", repr=False)


class Talk:
    """What a block asks during one visit; ``values`` are what its names stand for."""

    def __init__(self, block: HttpBlock, visit: Visit, values: Values, who: str) -> None:
        self.block, self.visit, self.who = block, visit, who
        self.kept = Kept(visit.state, visit.feed)
        self._values: dict[str, str | Secret] = dict(values)
        try:
            self._origins = block.origins(values)
        except ValueError as error:
            trouble = BadAnswer(f"{who}: {error}")
        else:
            self._granted = Granted(self, block.auth)
            return
        raise trouble

    def scope(self, more: Values | None = None) -> Scope:
        """What names stand for now."""
        zone = self.visit.zone
        name = (
            filled(self.block.timezone.text, Scope(self.visit.now, zone, self._values)) if self.block.timezone else ""
        )
        if name and "{{" not in name:  # until an earlier answer says what it stands for, the house's is good enough
            zone = self._zone(name)
        return Scope(self.visit.now, zone, self._values | dict(more or {}), self.who)

    def _zone(self, name: str) -> ZoneInfo:
        try:
            return zone_of(name)
        except ValueError:
            trouble = BadAnswer(f"{self.who}: what it says is no time zone")
        raise trouble

    def pages(self, condition: Mapping[str, str] | None = None) -> list[HttpPage]:
        """The pages of the request that counts, at least one; none where it has not changed since ``condition``.

        Raises ``BadAnswer`` where there are more than allowed: a part of a sum is a lie.
        """
        for earlier in self.block.before:
            self._values |= self._set(earlier)
        found: list[HttpPage] = []
        for address, cursor in self._turns(found):
            answer, scope = self._answer(self.block, {"cursor": cursor}, address, condition or {})
            if answer.status == 304 and condition:
                self.visit.heard = said_at(answer.headers)
                return []
            found.append(self._page(answer, self.block, scope))
        return found

    def _turns(self, found: list[HttpPage]) -> Iterator[tuple[str, str]]:
        """Address (empty: the block's own) and cursor of each page, while ``found`` grows."""
        address = cursor = ""
        seen = {(address, cursor)}
        while True:
            yield address, cursor
            if not self.block.next or not found:
                return
            said = self.block.next.find(found[-1].document, found[-1].answered)
            if said in (None, False, ""):
                return
            if not (step := plain(said)):
                raise BadAnswer(f"{self.who}: what leads to the next page is no address and no text")
            is_address = step.startswith(("http://", "https://", "/", "?"))
            address, cursor = (self._joined(step), cursor) if is_address else ("", step)
            if len(found) >= self.block.pages:
                raise BadAnswer(
                    f"{self.who} has more than {self.block.pages} pages, and a part of them would be wrong",
                    "ask for less, or raise pages",
                )
            if (address, cursor) in seen or len(step) > _LONGEST_VALUE:
                raise BadAnswer(f"{self.who} sends us in circles: a page leads to one that was read")
            seen.add((address, cursor))

    def _joined(self, step: str) -> str:
        own = self._address(self.block, self.scope())
        try:
            return urljoin(own, step)
        except ValueError:
            return "nowhere"

    def _set(self, earlier: Earlier) -> Mapping[str, str]:
        """What an earlier request sets, from memory while it holds."""
        name, now = f"set {digest(repr(earlier), *sorted(map(str, self._plain_values())))}", self.visit.now
        known = {key: self.kept.get(f"{name} {key}", now) for key in earlier.set} if earlier.keep else {}
        if known and None not in known.values():
            return {key: text for key, text in known.items() if text is not None}
        page = self.ask(earlier)
        told = {key: plain(found.find(page.document, page.answered)) for key, found in earlier.set.items()}
        for key, text in told.items():
            if not text or len(text) > _LONGEST_VALUE:
                raise BadAnswer(f"{self.who}: an earlier answer does not say {key}")
            if earlier.keep:
                self.kept.put(f"{name} {key}", text, now + earlier.keep)
        return told

    def ask(self, asking: Asking, more: Values | None = None, *, alone: bool = False) -> HttpPage:
        """The answer to one request; ``alone`` without the sign-in."""
        answer, scope = self._answer(asking, more or {}, alone=alone)
        return self._page(answer, asking, scope)

    def _answer(
        self,
        asking: Asking,
        more: Values,
        address: str = "",
        condition: Mapping[str, str] | None = None,
        *,
        alone: bool = False,
    ) -> tuple[Answer, Scope]:
        """Ask, and once again with a new token where the first is refused."""
        scope = self.scope(more)
        for again in (False, True):
            content, body = body_of(asking, scope)
            url = address or self._address(asking, scope)
            headers = _headers(asking, scope, content) | dict(condition or {})
            if not alone:
                headers = _over(headers, self._granted.headers(Sent(asking.method, url, body or b"")))
            answer = self.send(asking.method, url, headers, body)
            if alone or again or not self._granted.renews or not self._is_refused(answer, asking, scope):
                return answer, scope
            self._granted.forget()
        raise AssertionError  # the second turn returns

    def _is_refused(self, answer: Answer, asking: Asking, scope: Scope) -> bool:
        if answer.status == 401:
            return True
        if not asking.refused:
            return False
        try:
            heard(answer, asking, Answered(scope, answer.headers), ())
        except AuthFailed:
            return True
        except Trouble:
            return False
        return False

    def _address(self, asking: Asking, scope: Scope) -> str:
        """The whole address of a request; as it is sent."""
        url = quote(filled(asking.url.text, scope, in_url), safe=_SAFE)
        pairs = query_of(asking, scope)
        mark = "&" if "?" in url else "?"
        return url + (mark + urlencode(pairs, quote_via=quote, safe="") if pairs else "")

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, cost: int = 1) -> Answer:
        """One call, if the block names the host; else ``BadAnswer``, and nothing is sent."""
        if origin(url) not in self._origins:
            raise BadAnswer(
                f"{self.who}: an address leads to another host, and nothing was sent there",
                "name it in hosts if it is right",
            )
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        web = Web(f"{parts.scheme}://{parts.netloc}", self.who, self.visit)
        return web.send(method.upper(), target, headers, body, cost=cost if self.block.budgets() else 0)

    def _page(self, answer: Answer, asking: Asking, scope: Scope) -> HttpPage:
        answered = Answered(scope, answer.headers)
        self._count_missing(answer)
        at = said_at(answer.headers)
        if self.visit.explained is not None:
            shown = self._address(asking, scope)
            self.explain([explained.request(asking.method, shown, answer, scope.zone)])
        document = heard(answer, asking, answered, self.secrets())
        tag = answer.headers.get("etag", "") or answer.headers.get("last-modified", "")
        return HttpPage(document, answered, at, tag)

    def _plain_values(self) -> Iterator[tuple[str, str]]:
        for name, value in self._values.items():
            yield name, value.reveal() if isinstance(value, Secret) else value

    def _count_missing(self, answer: Answer) -> None:
        """Raise ``Gone`` at the third poll in a row that is told 404."""
        now, name = self.visit.now, "missing"
        before = self.kept.get(name, now)
        if answer.status != 404 or self._at_home:  # a device that starts again knows little for a while
            self.kept.drop(name)
            return
        times = int(before) + 1 if before and before.isdecimal() else 1
        if times >= _GONE_AFTER:
            raise Gone(
                f"{self.who} did not know what we asked for, {times} times in a row (404)", "check url, then reload"
            )
        self.kept.put(name, str(times), now + 366 * 24 * 3600)

    @property
    def _at_home(self) -> bool:
        return all(is_at_home(urlsplit(url).hostname or "") for url in self._origins)

    def explain(self, lines: Iterable[str]) -> None:
        """Tell whoever asked for it, without secrets."""
        if self.visit.explained is not None:
            self.visit.explained += [explained.masked(line, self.secrets()) for line in lines]

    def secrets(self) -> list[str]:
        """All that must not be shown."""
        own = [*vars(self.block.auth).values()] if self.block.auth else []
        known = [value.reveal() for value in (*own, *self._values.values()) if isinstance(value, Secret)]
        return [*known, *(text for asking in self.block.requests() for text in asking.veiled()), *self.kept.texts()]


def _headers(asking: Asking, scope: Scope, content: str) -> dict[str, str]:
    """The headers of a request, without those of a sign-in."""
    usual = {"Accept": "application/json" if asking.format == "json" else "*/*"}
    usual |= {"Content-Type": content} if content else {}
    return _over(usual, {name: filled(text.reveal(), scope) for name, text in asking.headers.items()})


def _over(headers: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Headers, some of them replaced, whatever the case of their names."""
    replaced = {name.lower() for name in more}
    return {name: value for name, value in headers.items() if name.lower() not in replaced} | dict(more)
