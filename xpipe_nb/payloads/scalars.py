"""Values that are written as text: what Python makes of a text is what XSD makes of it.

The lexical rules are those of XML Schema 1.0 part 2 (https://www.w3.org/TR/xmlschema-2/), narrowed where Python can
hold less: no year 0, no 24:00, six digits of a second, offsets up to 14 hours, durations of days to seconds.
"""

from __future__ import annotations

import base64
import operator
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from xpipe_nb.payloads.nodes import Scalar

__all__ = ["SCALARS", "WHITE", "collapse"]

WHITE = " \t\n\r"
"""White space as XML knows it; Python's own `strip` takes far more."""

_MOST_DIGITS = 4300
"""Python's own bound on the digits of an integer in text; a `Decimal` is held to the same."""

_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = r"[+\-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_DECIMAL = re.compile(_NUMBER)
_DOUBLE_XSD = _NUMBER + r"([eE][+\-]?[0-9]+)?|-?INF"
_DOUBLE = re.compile(_DOUBLE_XSD + "|NaN")
_DATE_XSD = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME_XSD = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
_ZONE_XSD = r"(Z|[+\-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_SECONDS = r"[0-9]{1,9}(\.[0-9]{1,6})?S"
_CLOCK = f"T([0-9]{{1,9}}H([0-9]{{1,9}}M)?({_SECONDS})?|[0-9]{{1,9}}M({_SECONDS})?|{_SECONDS})"
_DURATION_XSD = f"-?P([0-9]{{1,9}}D({_CLOCK})?|{_CLOCK})"
_UUID_XSD = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_DAY = re.compile(_DATE_XSD)
_CLOCK_TIME = re.compile(f"{_TIME_XSD}{_ZONE_XSD}?")
_MOMENT = re.compile(f"{_DATE_XSD}T{_TIME_XSD}{_ZONE_XSD}?")
_DURATION = re.compile(_DURATION_XSD)
_PART = re.compile(r"([0-9]+)(?:\.([0-9]+))?([DHMS])")
_UUID = re.compile(_UUID_XSD)
_PARTS = {"D": "days", "H": "hours", "M": "minutes", "S": "seconds"}


_RUN = re.compile("[ \t\n\r]+")


def collapse(text: str) -> str:
    """Give the text with white space as XSD's `collapse` leaves it."""
    return _RUN.sub(" ", text).strip(" ")


def _matching(pattern: re.Pattern[str], make: Callable[[str], Any]) -> Callable[[str], Any]:
    """Read collapsed text that matches the pattern whole."""
    match = pattern.fullmatch

    def parse(text: str) -> Any:
        text = text.strip(WHITE)
        if match(text) is None:
            raise ValueError
        return make(text)

    return parse


def _wrong() -> ValueError:
    return ValueError()


def _render_str(value: Any) -> str:
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    raise _wrong()


def _parse_int(text: str) -> int:
    if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS:
        return int(text)
    text = text.strip(WHITE)
    if _WHOLE.fullmatch(text) is None:
        raise _wrong()
    return _int(text)


def _int(text: str) -> int:
    if len(text) > _MOST_DIGITS and len(text.lstrip("+-")) > _MOST_DIGITS:
        raise ValueError(f"an integer of more than {_MOST_DIGITS} digits")
    return int(text)


def _render_int(value: Any) -> str:
    if type(value) is not int:
        if isinstance(value, bool):
            raise _wrong()
        value = int(operator.index(value))
    try:
        return int.__repr__(value)
    except ValueError:
        raise ValueError(f"an integer of more than {_MOST_DIGITS} digits cannot be written") from None


def _render_float(value: Any) -> str:
    if type(value) is not float:
        value = _as_float(value)
    text = float.__repr__(value)
    if text[-1] in "fn":
        return {"inf": "INF", "-inf": "-INF"}.get(text, "NaN")
    return text


def _as_float(value: Any) -> float:
    if isinstance(value, float):
        return float(value)
    if isinstance(value, bool):
        raise _wrong()
    exact = operator.index(value)
    try:
        if float(exact) == exact:
            return float(exact)
    except OverflowError:
        pass
    raise ValueError("an integer that a float cannot hold exactly")


def _parse_float(text: str) -> float:
    if text.replace(".", "", 1).isdecimal() and text.isascii():
        return float(text)
    text = text.strip(WHITE)
    if _DOUBLE.fullmatch(text) is None:
        raise _wrong()
    return float(text)


_BOOLS = {"true": True, "false": False, "1": True, "0": False}


def _parse_bool(text: str) -> bool:
    found = _BOOLS.get(text)
    if found is None:
        found = _BOOLS.get(text.strip(WHITE))
        if found is None:
            raise _wrong()
    return found


def _render_bool(value: Any) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    raise _wrong()


def _render_decimal(value: Any) -> str:
    if not isinstance(value, Decimal):
        if type(value) is not int:
            raise _wrong()
        return _render_int(value)
    if not value.is_finite():
        raise ValueError("a Decimal that is not a number cannot be written")
    _sign, digits, exponent = value.as_tuple()
    if len(digits) + abs(int(exponent)) > _MOST_DIGITS:
        raise ValueError(f"a Decimal of more than {_MOST_DIGITS} digits cannot be written")
    return format(value, "f")


def _render_date(value: Any) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _wrong()
    return date.isoformat(value)


def _render_moment(kind: Any) -> Callable[[Any], str]:
    def render(value: Any) -> str:
        if not isinstance(value, kind):
            raise _wrong()
        offset = value.utcoffset()
        text: str = kind.isoformat(value.replace(tzinfo=None))
        if offset is None:
            return text
        minutes, rest = divmod(abs(offset), timedelta(minutes=1))
        if rest or minutes > 14 * 60:
            raise ValueError("a time zone that XSD cannot write (whole minutes, at most 14 hours)")
        return f"{text}{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"

    return render


def _parse_duration(text: str) -> timedelta:
    parts: dict[str, int] = {}
    for whole, fraction, unit in _PART.findall(text):
        parts[_PARTS[unit]] = int(whole)
        if fraction:
            parts["microseconds"] = int(fraction.ljust(6, "0"))
    try:
        length = timedelta(**parts)
        return -length if text.startswith("-") else length
    except OverflowError:
        raise ValueError("a duration too long for a timedelta") from None


def _render_duration(value: Any) -> str:
    if not isinstance(value, timedelta):
        raise _wrong()
    micro = (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
    seconds, micro_part = divmod(abs(micro), 1_000_000)
    days, clock = divmod(seconds, 86_400)
    text = f"P{days}D" if days else "P"
    if clock or micro_part or not days:
        hours, minutes = clock // 3600, clock // 60 % 60
        fraction = f".{micro_part:06}".rstrip("0") if micro_part else ""
        text += f"T{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}"
        text += f"{clock % 60}{fraction}S" if clock % 60 or fraction or not clock else ""
    return f"-{text}" if micro < 0 else text


def _render_uuid(value: Any) -> str:
    if not isinstance(value, UUID):
        raise _wrong()
    return UUID.__str__(value)


_NO_WHITE = str.maketrans("", "", WHITE)


def _parse_bytes(text: str) -> bytes:
    packed = text.translate(_NO_WHITE)
    raw = base64.b64decode(packed.encode("ascii"), validate=True)
    if base64.b64encode(raw).decode() != packed:
        raise _wrong()  # bits after the last byte: XSD has one spelling for each value
    return raw


def _render_bytes(value: Any) -> str:
    if not isinstance(value, bytes):
        raise _wrong()
    return base64.b64encode(value).decode()


def _pattern(*texts: str) -> tuple[tuple[str, str], ...]:
    return tuple(("pattern", text) for text in texts)


SCALARS: dict[type, Scalar] = {
    str: Scalar("str", "string", lambda text: text, _render_str, samples=("text",)),
    int: Scalar("int", "integer", _parse_int, _render_int, samples=(1, 0, -1), plain=True),
    float: Scalar(
        "float",
        "double",
        _parse_float,
        _render_float,
        _pattern(f"{_DOUBLE_XSD}|NaN"),
        samples=(1.5, 0.5, 0.0, -0.5),
        plain=True,
    ),
    bool: Scalar("bool", "boolean", _parse_bool, _render_bool, samples=(True,), plain=True),
    Decimal: Scalar(
        "Decimal",
        "decimal",
        _matching(_DECIMAL, Decimal),
        _render_decimal,
        samples=(Decimal("1.50"), Decimal("0.5"), Decimal(0)),
        plain=True,
    ),
    date: Scalar(
        "date",
        "date",
        _matching(_DAY, date.fromisoformat),
        _render_date,
        _pattern(_DATE_XSD),
        samples=(date(2030, 1, 31),),
        plain=True,
    ),
    time: Scalar(
        "time",
        "time",
        _matching(_CLOCK_TIME, time.fromisoformat),
        _render_moment(time),
        _pattern(f"{_TIME_XSD}{_ZONE_XSD}?"),
        samples=(time(12, 30),),
        plain=True,
    ),
    datetime: Scalar(
        "datetime",
        "dateTime",
        _matching(_MOMENT, datetime.fromisoformat),
        _render_moment(datetime),
        _pattern(f"{_DATE_XSD}T{_TIME_XSD}{_ZONE_XSD}?"),
        samples=(datetime(2030, 1, 31, 12, 30),),  # noqa: DTZ001  # a time without a zone is a value too
        plain=True,
    ),
    timedelta: Scalar(
        "timedelta",
        "duration",
        _matching(_DURATION, _parse_duration),
        _render_duration,
        _pattern(_DURATION_XSD),
        samples=(timedelta(hours=1), timedelta(0), timedelta(days=1)),
        plain=True,
    ),
    UUID: Scalar(
        "UUID",
        "token",
        _matching(_UUID, UUID),
        _render_uuid,
        _pattern(_UUID_XSD),
        samples=(UUID("12345678-1234-4678-9234-567812345678"),),
        plain=True,
    ),
    bytes: Scalar(
        "bytes",
        "base64Binary",
        _parse_bytes,
        _render_bytes,
        _pattern("[A-Za-z0-9+/= ]*"),
        samples=(b"bytes",),
        plain=True,
    ),
}
"""How each plain type is written."""
