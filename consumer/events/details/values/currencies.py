"""Letters and signs beside a number -> whether they are a currency, so that the number stays as it is. Pure.

Only the codes of ISO 4217 and a few usual abbreviations are currencies. "MIO", "PCT" and "CTS" have three letters too,
and change the number.
"""

import unicodedata
from typing import Final

_CODES: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD "
    "HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN "
    "PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY "
    "TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
_ABBREVIATIONS: Final = frozenset(
    ("kr", "kr.", "Rs", "Rs.", "zl", "Kc", "Ft", "Fr", "Fr.", "US$", "A$", "AU$", "C$", "CA$", "NZ$", "HK$", "S$", "R$",
     "NT$", "MX$")
)  # fmt: skip
_PARTS_OF_A_CURRENCY: Final = ("CENT SIGN", "MILL SIGN")


def is_currency(letters: str) -> bool:
    """Whether letters are a code of ISO 4217 in capitals, or an abbreviation that means nothing but a currency."""
    return (len(letters) == 3 and letters.isupper() and letters in _CODES) or letters in _ABBREVIATIONS


def is_currency_sign(one: str) -> bool:
    """Whether a character is a currency sign, of a whole currency or of a part such as the cent."""
    return unicodedata.category(one) == "Sc"


def is_part_of_a_currency(one: str) -> bool:
    """Whether a character is the sign of a part of a currency: 99 cents are no amount of 99."""
    return unicodedata.name(one, "").endswith(_PARTS_OF_A_CURRENCY)
