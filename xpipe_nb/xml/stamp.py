"""The stamp of a sealed envelope: an id, a time and perhaps an addressee, signed with all else in it.

    <stamp:stamp xmlns:stamp="https://xml-pipeline.org/ns/stamp/v1" id="UUID4" time="2026-11-25T18:00:00.000000Z"/>

It stands in meta, where elements of other namespaces may, right before the signature. A signature alone says who
wrote a message, but not that it is new, and not for whom: whoever overhears it could send it again, or elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from xpipe_nb.names import is_name
from xpipe_nb.thread_ids import is_thread_id
from xpipe_nb.xml.namespaces import STAMP, STAMP_NS
from xpipe_nb.xml.nodes import line_of
from xpipe_nb.xml.refusal import refused

__all__ = ["Stamp", "add_stamp", "read_stamp"]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes one sealed message different from every other.

    Args:
        id: A UUID of version 4.
        time: When it was sealed, in seconds since 1970 (UTC).
        organism: The name of the organism that it is for; `None` is anyone's who trusts the signer.
    """

    id: str
    time: float
    organism: str | None = None


def add_stamp(envelope: etree._Element, stamp: Stamp) -> None:
    """Put a stamp behind all else in an envelope's meta; the signature comes after it."""
    element = etree.SubElement(envelope[0], STAMP, nsmap={"stamp": STAMP_NS})
    element.set("id", stamp.id)
    time = datetime.fromtimestamp(stamp.time, UTC)
    element.set("time", time.isoformat(timespec="microseconds").replace("+00:00", "Z"))
    if stamp.organism is not None:
        element.set("organism", stamp.organism)


def read_stamp(envelope: etree._Element) -> Stamp | None:
    """Read the stamp of an envelope; `None` when it has none.

    Raises:
        Rejected: Stage `verify`, reason `stamp`: there are several, or one is not written as `add_stamp` would.
    """
    found = envelope[0].findall(STAMP)
    if not found:
        return None
    stamp = found[0]
    known = {"id", "time", "organism"}
    if len(found) > 1 or len(stamp) or stamp.text or not known.issuperset(map(str, stamp.attrib)):
        problem = "a stamp stands once and has an id, a time and perhaps an organism, nothing else"
        raise refused("stamp", problem, line_of(found[-1]), stage="verify")
    organism = stamp.get("organism")
    time = _seconds(stamp.get("time", ""))
    if time is None or not is_thread_id(stamp.get("id", "")) or (organism is not None and not is_name(organism)):
        problem = "the stamp's id is no UUID of version 4, its time not one in UTC, or its organism no name"
        raise refused("stamp", problem, line_of(stamp), stage="verify")
    return Stamp(stamp.get("id", ""), time, organism)


def _seconds(text: str) -> float | None:
    if _TIME.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
