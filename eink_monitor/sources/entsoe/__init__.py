"""Day-ahead prices of all of Europe, from ENTSO-E."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.clock import MINUTE, iso
from eink_monitor.errors import AuthFailed, Throttled, Trouble
from eink_monitor.metrics import PRICE_EUR
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.said import Said
from eink_monitor.settings import Secret, insist, together
from eink_monitor.sources._http.address import address
from eink_monitor.sources._price import SpotSource, days, told

_WHO = "ENTSO-E"
_BAN = 10 * MINUTE
_CODE = 16  # characters of an energy identification code
ZONES = {
    "AT": "10YAT-APG------L",
    "BE": "10YBE----------2",
    "BG": "10YCA-BULGARIA-R",
    "CH": "10YCH-SWISSGRIDZ",
    "CZ": "10YCZ-CEPS-----N",
    "DE-LU": "10Y1001A1001A82H",
    "DK1": "10YDK-1--------W",
    "DK2": "10YDK-2--------M",
    "EE": "10Y1001A1001A39I",
    "ES": "10YES-REE------0",
    "FI": "10YFI-1--------U",
    "FR": "10YFR-RTE------C",
    "GR": "10YGR-HTSO-----Y",
    "HR": "10YHR-HEP------M",
    "HU": "10YHU-MAVIR----U",
    "LT": "10YLT-1001A0008Q",
    "LV": "10YLV-1001A00074",
    "NL": "10YNL----------L",
    "NO1": "10YNO-1--------2",
    "NO2": "10YNO-2--------T",
    "NO3": "10YNO-3--------J",
    "NO4": "10YNO-4--------9",
    "NO5": "10Y1001A1001A48H",
    "PL": "10YPL-AREA-----S",
    "PT": "10YPT-REN------W",
    "RO": "10YRO-TEL------P",
    "SE1": "10Y1001A1001A44P",
    "SE2": "10Y1001A1001A45N",
    "SE3": "10Y1001A1001A46L",
    "SE4": "10Y1001A1001A47J",
    "SI": "10YSI-ELES-----O",
    "SK": "10YSK-SEPS-----K",
}


@dataclass(frozen=True, kw_only=True)
class EntsoE(SpotSource):
    """Day-ahead prices of any bidding zone in Europe, from ENTSO-E (free token, requested by e-mail).

    ``zone`` is a name (DE-LU, AT, SE3) or the code of 16 characters. You pay (price + ``charges``) x (1 + ``vat`` %).
    """

    token: Secret
    zone: str = "DE-LU"
    base_url: str = "https://web-api.tp.entsoe.eu"

    guide: ClassVar[str] = "Register at transparency.entsoe.eu and ask for a token: docs/outlook.md."
    words: ClassVar[Mapping[str, str]] = {
        "token": "as it stands in your account",
        "zone": "the bidding zone, such as DE-LU, AT or FR",
    }
    door: ClassVar[str] = "transparency.entsoe.eu"

    def __post_init__(self) -> None:
        known = self.zone in ZONES or (len(self.zone) == _CODE and is_code(self.zone))
        together(
            super().__post_init__,
            lambda: insist((known, f"zone must be one of {', '.join(ZONES)}, or a code of 16 characters")),
            lambda: address(self.base_url),
        )

    @property
    def renews(self) -> str:
        """No sign-in."""
        return "token"

    def quota(self) -> Quota:
        """400 a minute per address and token; more leads to a ban for ten minutes."""
        return Quota("entsoe", (Budget(60, "minute"),))

    def poll(self, visit: Visit) -> Iterator[Said]:
        """One call."""
        from eink_monitor.sources._http.web import Web
        from eink_monitor.sources.entsoe.document import prices

        code = ZONES.get(self.zone, self.zone)
        start, end = (iso(at).replace("-", "").replace("T", "").replace(":", "")[:12] for at in days(visit))
        params = {"securityToken": self.token.reveal(), "DocumentType": "A44", "In_Domain": code, "Out_Domain": code}
        params |= {"PeriodStart": start, "PeriodEnd": end}
        answer = Web(self.base_url, _WHO, visit).get("/api", params, {"Accept": "application/xml"})
        verdicts: dict[int, Trouble] = {
            401: AuthFailed(f"{_WHO} rejects the token", "check token; request a new one by e-mail"),
            429: Throttled(f"{_WHO} says we poll too often (429)", visit.now + _BAN),
        }
        spot = prices(answer, visit.now, verdicts)
        yield from told(visit, PRICE_EUR, self.paid(spot), "ENTSO-E")


def is_code(code: str) -> bool:
    """Whether the last character of an energy identification code is its checksum (ENTSO-E, EIC manual, 3.2)."""
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
    if any(sign not in signs for sign in code):
        return False
    total = sum(signs.index(sign) * (_CODE - number) for number, sign in enumerate(code[:-1]))
    return signs[36 - (total - 1) % 37] == code[-1]
