"""An X-ray: one message in all the forms that it took on its way, each with what changed from the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from lxml import etree

from xpipe_nb.errors import XPipeError
from xpipe_nb.messages import DeadLetter
from xpipe_nb.views.forms import FORMS, enveloped, pretty
from xpipe_nb.xml import canonical, open_envelope, read_document, repair_text

__all__ = ["Form", "Passage", "XRay", "xray_of"]

_MARKS = {"passed": "✓", "changed": "~", "refused": "✕", "never": "·"}
_BETWEEN = re.compile(r">\s*(?=<)")
_LONGEST = 2_000
_MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class Passage:
    """What is known of one message.

    Args:
        title: Its number and its way, for people.
        sender: Who sent it.
        to: Who it is for, if that is known.
        conversation: The number of its conversation.
        raw: The text that came from outside, if it was text, before any repair.
        element: The payload as it was sent on; `None` if it never was one.
        repairs: What was mended in the text, in words.
        routes: For each receiver the way to it.
        payload: The object that receivers got, as text.
        letter: Why it went no further, if it did not.
        refused_at: The form that it never took, if it was refused before it was delivered.
        stages: The names of the stages that a person put in.
    """

    title: str
    sender: str
    to: str | None
    conversation: int
    raw: bytes | str | None
    element: Any
    repairs: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    payload: str = ""
    letter: DeadLetter | None = None
    refused_at: str | None = None
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a message.

    Args:
        name: `raw`, `repaired`, `canonical`, `envelope`, `routed` or `payload`; and `stages`, if a person's stages have
            changed it.
        state: `passed`, `changed`, `refused` (here it went no further) or `never`.
        text: The message in this form.
        change: What changed from the form before: lines that begin with `- ` and `+ `, or a sentence.
    """

    name: str
    state: str
    text: str
    change: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class XRay:
    """One message in all its forms; its `repr` is for people.

    Args:
        title: Which message it is.
        forms: The forms, in order.
        why: Why it went no further, if it did not.

    Example:
        ```python
        xray = organism.xray("#1.2")
        xray["canonical"].text
        ```
    """

    title: str
    forms: tuple[Form, ...]
    why: str = ""

    def __getitem__(self, name: str) -> Form:
        for form in self.forms:
            if form.name == name:
                return form
        raise KeyError(name)

    def __repr__(self) -> str:
        lines = [self.title, *(line for form in self.forms for line in _shown(form))]
        return "\n".join([*lines, *([f"✕ {self.why}"] if self.why else [])])


def _shown(form: Form) -> Iterator[str]:
    lines = [*_cut(form.text).splitlines(), *form.change]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"… {len(lines) - _MOST_LINES:,} more lines"]
    first, *rest = lines or [""]
    yield f"{_MARKS[form.state]} {form.name:<10} {first}".rstrip()
    for line in rest:
        yield f"{'':<12} {line}".rstrip()


def xray_of(passage: Passage) -> XRay:
    """Develop the X-ray of a message."""
    last = len(FORMS) if passage.refused_at is None else FORMS.index(passage.refused_at)
    texts = _Texts(passage)
    forms: list[Form] = []
    for place, name in enumerate(FORMS):
        if place > last:
            forms.append(Form(name, "never", "it never came to be"))
            continue
        form: Form = getattr(texts, name)()
        if place == last:
            form = Form(name, "refused", form.text, form.change)
        forms.append(form)
        if name == "canonical" and place < last:
            forms += texts.stages()
    letter = passage.letter
    why = "" if letter is None else f"{letter.stage}, {letter.reason}: {letter.detail}"
    return XRay(passage.title, tuple(forms), why)


class _Texts:
    """Writes the forms of one message."""

    def __init__(self, passage: Passage) -> None:
        raw = passage.raw
        self._passage = passage
        self._raw = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
        self._repaired = self._raw if self._raw is None else self._mended(self._raw)
        self._read = _payload_in(self._repaired)
        self._element = passage.element if etree.iselement(passage.element) else self._read

    def _mended(self, text: str) -> str:
        if not self._passage.repairs:
            return text
        try:
            return repair_text(text).elements[0]
        except (XPipeError, IndexError):
            return text

    def raw(self) -> Form:
        """What came."""
        if self._raw is None:
            return Form("raw", "passed", "no text: it was made of an object")
        return Form("raw", "passed", self._raw.strip())

    def repaired(self) -> Form:
        """What was mended."""
        if not self._passage.repairs:
            return Form("repaired", "passed", "nothing was repaired")
        text = (self._repaired or "").strip()
        change = (*_difference(self._raw or "", text), *self._passage.repairs)
        return Form("repaired", "changed", text, change)

    def canonical(self) -> Form:
        """What was read."""
        element = self._element if self._read is None else self._read
        if element is None:
            return Form("canonical", "passed", "it could not be read")
        text = _canonical(element)
        if self._repaired is None:
            return Form("canonical", "passed", text)
        change = _difference(self._repaired, text)
        return Form("canonical", "changed", text, change) if change else Form("canonical", "passed", "as before")

    def stages(self) -> list[Form]:
        """What a person's stages made of it, if they changed anything."""
        if self._read is None or self._element is None:
            return []
        before, after = _canonical(self._read), _canonical(self._element)
        if before == after:
            return []
        whose = f"changed by {' or '.join(self._passage.stages) or 'a stage that is gone'}"
        return [Form("stages", "changed", after, (*_difference(before, after), whose))]

    def envelope(self) -> Form:
        """Who says it to whom."""
        if self._element is None:
            return Form("envelope", "passed", "it could not be read")
        passage = self._passage
        return Form("envelope", "passed", enveloped(self._element, passage.sender, passage.to, passage.conversation))

    def routed(self) -> Form:
        """Where it arrived."""
        return Form(
            "routed", "passed", "\n".join(self._passage.routes) or f"to {self._passage.to or 'whoever takes it'}"
        )

    def payload(self) -> Form:
        """What its receivers got."""
        text = self._passage.payload or ("" if self._element is None else pretty(self._element))
        return Form("payload", "passed", text)


def _payload_in(text: str | None) -> Any:
    """Read the payload in a text, if it can be read."""
    if text is None:
        return None
    try:
        return open_envelope(read_document(text)).payload
    except XPipeError:
        return None


def _canonical(element: Any) -> str:
    return canonical(element).decode("utf-8", "replace")


def _difference(before: str, after: str) -> tuple[str, ...]:
    """Tell two texts apart, element by element; nothing for two that only break their lines elsewhere."""
    old, new = ([line.strip() for line in _BETWEEN.sub(">\n", each.strip()).splitlines()] for each in (before, after))
    changes: list[str] = []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            changes += [*(f"- {line}" for line in old[i:j]), *(f"+ {line}" for line in new[k:m])]
    return tuple(changes)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
