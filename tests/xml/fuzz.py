"""Mutate documents and see that the gate refuses or is right: `python -m tests.xml.fuzz --count 100000 --seed 1`.

A mutant may be refused, by `Rejected` and nothing else, or accepted; then `tests.xml.oracle` checks it by other means.
Half of the mutations put well-formed pieces at well-formed places, so that many mutants are accepted.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.xml.corpus import CASES
from tests.xml.corpus.case import ENV, SIG, THREAD, XSI
from tests.xml.oracle import check_opened, judge
from xpipe_nb.errors import Rejected
from xpipe_nb.xml import canonical, open_envelope, read_document, repair_text

SEEDS = [case.data for case in CASES if len(case.data) < 2000]
GOOD = [case.data for case in CASES if len(case.data) < 2000 and case.reason is None]

TOKENS = [
    "<!--",
    "-->",
    "--!>",
    "<!--",
    "x",
    "-->",
    "<!---->",
    "<![CDATA[",
    "]]>",
    "<![CDATA[x]]>",
    "<![CDATA[<]]>",
    "<!DOCTYPE",
    "<!ENTITY",
    "<?x",
    "?>",
    "<?xml",
    "<?x?>",
    "&amp;",
    "&lt;",
    "&#38;",
    "&#60;",
    "&#x3C;",
    "&#0;",
    "&#13;",
    "&nbsp;",
    "&e;",
    "&",
    "<",
    ">",
    "</",
    "/>",
    '"',
    "'",
    "=",
    ":",
    ";",
    "xmlns=",
    'xmlns:q="urn:q"',
    'xmlns:q="rel"',
    'xmlns=""',
    "xmlns=''",
    'key="1"',
    "key='<'",
    'xsi:nil="true"',
    'xml:lang="en"',
    'q:a="1"',
    "<B/>",
    "<B></B>",
    "<q:B/>",
    "</B>",
    "<from>x</from>",
    "</from>",
    "</meta>",
    "<meta>",
    "<to>y</to>",
    "</message>",
    "\ufeff",
    "\x00",
    "\x01",
    "\ud7ff",
    "\uffff",
    "😀",
]
TOKENS += [
    f'xmlns="{ENV}"',
    f'xmlns:xsi="{XSI}"',
    'xsi:schemaLocation="a b"',
    f'<sig xmlns="{SIG}">QUJD</sig>',
    THREAD,
    " ",
    "\r\n",
]
WELL_FORMED = [
    "<!-- c -->",
    "<!-- <from>x</from> -->",
    "<!---->",
    "<![CDATA[x]]>",
    "<![CDATA[<b>&]]>",
    " ",
    "\r\n",
    "\t",
    "x",
    "&#38;",
]
WELL_FORMED += [
    "&#13;",
    "&lt;",
    "<B/>",
    '<B key="&#9;a">1</B>',
    "<!-- <![CDATA[ -->",
    "<![CDATA[<!--]]>",
    '<q xmlns="urn:q" a="1"/>',
]
ATTRIBUTES = [
    ' xmlns:q="urn:q"',
    " xmlns:q='rel'",
    ' key="a&#10;b"',
    f' xmlns:xsi="{XSI}" xsi:nil="1"',
    " ",
    "\n",
    ' xml:space="preserve"',
]
_GAP = re.compile(r"(?<=>)|(?=<)")
_TAG_END = re.compile(r"(?<=[\w\"'])(?=/?>)")


def _at(text: str, chance: random.Random) -> int:
    return chance.randint(0, len(text))


def insert_token(chance: random.Random, text: str) -> str:
    """Put a piece of markup anywhere."""
    at = _at(text, chance)
    return text[:at] + chance.choice(TOKENS) + text[at:]


def insert_well_formed(chance: random.Random, text: str) -> str:
    """Put a well-formed piece between two tags."""
    at = chance.choice([found.start() for found in _GAP.finditer(text)] or [0])
    return text[:at] + chance.choice(WELL_FORMED) + text[at:]


def insert_attribute(chance: random.Random, text: str) -> str:
    """Put an attribute or white space into a tag."""
    at = chance.choice([found.start() for found in _TAG_END.finditer(text)] or [0])
    return text[:at] + chance.choice(ATTRIBUTES) + text[at:]


def delete(chance: random.Random, text: str) -> str:
    """Take a piece out."""
    at = _at(text, chance)
    return text[:at] + text[at + chance.randint(1, 8) :]


def duplicate(chance: random.Random, text: str) -> str:
    """Write a piece twice."""
    start, end = sorted((_at(text, chance), _at(text, chance)))
    return text[:end] + text[start:end] + text[end:]


def cut(chance: random.Random, text: str) -> str:
    """End too early."""
    return text[: _at(text, chance)]


def change_character(chance: random.Random, text: str) -> str:
    """Write another character."""
    at = _at(text, chance)
    return text[:at] + chr(chance.choice((chance.randint(0, 127), chance.randint(0, 0xFFFF)))) + text[at + 1 :]


def splice(chance: random.Random, text: str) -> str:
    """Go on with the tail of another document."""
    other = _as_text(chance.choice(SEEDS))
    return text[: _at(text, chance)] + other[_at(other, chance) :]


MUTATIONS = [insert_token, delete, duplicate, cut, change_character, splice]
GENTLE = [insert_well_formed, insert_well_formed, insert_attribute]


def _as_text(data: bytes | str) -> str:
    return data if isinstance(data, str) else data.decode("utf-8", "replace")


def mutants(count: int, seed: int) -> Iterator[bytes | str]:
    """Give mutants of the corpus; the same seed gives the same ones."""
    chance = random.Random(seed)
    for _ in range(count):
        gentle = chance.random() < 0.5
        text = _as_text(chance.choice(GOOD if gentle else SEEDS))
        for _ in range(chance.choice((1, 1, 2, 3, 5))):
            text = chance.choice(GENTLE if gentle else MUTATIONS)(chance, text)
        form = chance.random()
        if form < 0.5:
            yield text
            continue
        raw = bytearray(text.encode("utf-8", "surrogatepass"))
        if form > 0.9 and raw:
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        yield bytes(raw)


def check_gate(data: bytes | str) -> str:
    """Give the verdict on a mutant: a reason, or `accepted`; any other exception is a defect."""
    try:
        judge(data)
    except Rejected as error:
        return error.reason
    return "accepted"


def check_repair(data: bytes | str) -> str:
    """Repair a mutant: it is refused, or its elements pass the gate, need no repair and are what the gate alone reads."""
    try:
        repaired = repair_text(data)
    except Rejected as error:
        return f"repair {error.reason}"
    for element in repaired.elements:
        again = repair_text(element)
        assert again.elements == (element,), "repair is not stable"
        assert not again.repairs
        try:
            check_opened(open_envelope(read_document(element)))
        except Rejected as error:
            assert error.stage == "open", "repair let through what the gate refuses"
    try:
        strict = canonical(read_document(data))
    except Rejected:
        return "repaired"
    assert [canonical(read_document(element)) for element in repaired.elements] == [strict], "repair changed a good one"
    return "repair left as it was"


def run(count: int, seed: int) -> Counter[str]:
    """Try many mutants and count the verdicts; the first defect raises with its mutant."""
    verdicts: Counter[str] = Counter()
    for data in mutants(count, seed):
        try:
            verdicts[check_gate(data)] += 1
            verdicts[check_repair(data)] += 1
        except Exception as error:
            raise AssertionError(f"a defect with the mutant {data!r}") from error
    return verdicts


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.perf_counter()
    verdicts = run(options.count, options.seed)
    for verdict, count in verdicts.most_common():
        print(f"{count:10,}  {verdict}")
    print(f"{options.count:,} mutants of seed {options.seed} in {time.perf_counter() - start:.0f} s, no defect")
    return 0


if __name__ == "__main__":
    sys.exit(main())
