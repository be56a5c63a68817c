"""Currencies by their ISO 4217 codes, and how many decimals the amounts of each have."""

from __future__ import annotations

_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY "
        "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
        "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR "
        "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD "
        "SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}
DECIMALS = {code: number for number, codes in _DECIMALS.items() for code in codes.split()}
"""The exponent of ISO 4217: 100 cents are a euro, a yen has no smaller unit, a dinar has a thousand fils."""

SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "₺": "TRY", "zł": "PLN", "₴": "UAH", "₹": "INR", "₪": "ILS", "₩": "KRW"}
"""Signs that stand for one currency; "$" is the one of most."""

MINOR = " minor"
"""What follows a code where amounts are counted in its smallest unit, as payment services do: "EUR minor"."""


def currency(unit: str) -> str:
    """The code of the currency in which a unit counts ("EUR", "EUR/kWh"), or empty where it is no money."""
    code = unit.partition("/")[0].removesuffix(MINOR)
    code = SIGNS.get(code, code)
    return code if code in DECIMALS else ""
