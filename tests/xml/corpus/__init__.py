"""Hostile, broken and good documents, each with the verdict it must get.

A case is a name, the bytes or text, and the reason of its refusal by `read_document` or `open_envelope`; `None` means
that it must be read and opened.
"""

from __future__ import annotations

from tests.xml.corpus import declarations, encodings, envelopes, good, limits, payloads, syntax
from tests.xml.corpus.case import Case

CASES: list[Case] = [
    case for part in (declarations, encodings, envelopes, good, limits, payloads, syntax) for case in part.CASES
]
BY_NAME = {case.name: case for case in CASES}
assert len(BY_NAME) == len(CASES), "two cases bear one name"
