"""What `%expect` can ask of the last conversation, and how it is read from its line.

%expect greeter -> shouter Greeting(name="hello World") exactly 1 within 5s --hint "did greeter add 'hello'?"
%expect reply == Shout("HELLO WORLD")
%expect no dead
%expect tokens < 500
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xpipe_nb.notebook.called import PLAIN, Called
from xpipe_nb.notebook.constructors import check_fields
from xpipe_nb.notebook.display import brief
from xpipe_nb.notebook.mistakes import Mistake
from xpipe_nb.notebook.records import Seen
from xpipe_nb.payloads import is_payload
from xpipe_nb.wording import one_line_of

__all__ = ["FORMS", "Arrow", "Asked", "NoDead", "Reply", "Tokens", "read_expect"]

FORMS = (
    'greeter -> shouter Greeting(name="…") [exactly N] [within S]',
    'reply == Shout("…")',
    "no dead",
    "tokens < N",
)
"""The forms there are, as a person writes them."""

_SIGNS = {"<": operator.lt, "<=": operator.le, "==": operator.eq, ">=": operator.ge, ">": operator.gt}
_TOKENS = re.compile(r"tokens\s*(<=|>=|==|<|>)\s*([\d_,]+)")
_ARROW = re.compile(r"(?P<from>[\w.*-]+?)\s*(?:->|→|▸)\s*(?P<to>[\w.*-]+)\s*(?P<rest>.*)", re.DOTALL)
_COUNT = re.compile(r"(?:^|\s)exactly\s+(\d+)\s*$")
_TIME = re.compile(r"(?:^|\s)within\s+(\d+(?:\.\d+)?)\s*s?\s*$")
_QUOTED = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_HINT_FIRST = re.compile(rf"--hint(?:\s+|=){_QUOTED}\s*", re.DOTALL)
_HINT_LAST = re.compile(rf"\s--hint(?:\s+|=){_QUOTED}\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Arrow:
    """Messages from one to another.

    Args:
        from_id: The sender; `*` is anybody.
        to_id: The receiver; `*` is anybody.
        tag: The payload's class, by name; empty for any.
        fields: The fields that must be equal, with their values.
        count: Exactly how many; `None` means at least one.
        seconds: How long to wait for them; `None` means not at all.
    """

    from_id: str
    to_id: str
    tag: str = ""
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    count: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        payload = f" {self.tag}({fields})" if self.tag and fields else f" {self.tag}" if self.tag else ""
        exactly = "" if self.count is None else f" exactly {self.count}"
        return f"{self.from_id} -> {self.to_id}{payload}{exactly}"

    def fits(self, seen: Seen) -> bool:
        """Say whether a message is one of those meant."""
        if self.from_id not in ("*", seen.from_id) or self.to_id not in ("*", seen.to_id):
            return False
        if self.tag not in ("", seen.tag):
            return False
        payload = seen.payload if self.fields else None
        return all(getattr(payload, name, _NOTHING) == value for name, value in self.fields.items())


@dataclass(frozen=True, slots=True)
class Reply:
    """The only reply equals a value.

    Args:
        text: The value as it was written.
        value: The value.
    """

    text: str
    value: Any

    def __str__(self) -> str:
        return f"reply == {self.text}"


@dataclass(frozen=True, slots=True)
class NoDead:
    """There is no dead letter."""

    def __str__(self) -> str:
        return "no dead"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The conversation has spent so many tokens.

    Args:
        sign: How the number is compared: `<`, `<=`, `==`, `>=` or `>`.
        number: The number of tokens.
    """

    sign: str
    number: int

    def __str__(self) -> str:
        return f"tokens {self.sign} {self.number:,}"

    def fits(self, used: int) -> bool:
        """Say whether that is so."""
        return bool(_SIGNS[self.sign](used, self.number))


@dataclass(frozen=True, slots=True)
class Asked:
    """What `%expect` was asked for, and the hint for when it is not so."""

    what: Arrow | Reply | NoDead | Tokens
    hint: str = ""


_NOTHING = object()


def read_expect(line: str, namespace: Mapping[str, Any], called: Called = PLAIN) -> Asked:
    """Read the line of `%expect`.

    Args:
        line: The line as it was written.
        namespace: Where names in values are looked up.
        called: What our magics are called here.

    Raises:
        Mistake: When it has none of the forms.

    Example:
        >>> str(read_expect("greeter -> shouter exactly 2", {}).what)
        'greeter -> shouter exactly 2'
    """
    text, hint = _without_hint(line.strip().removesuffix(";").rstrip())
    if re.fullmatch(r"no\s+dead(\s+letters?)?", text):
        return Asked(NoDead(), hint)
    if tokens := _TOKENS.fullmatch(text):
        return Asked(Tokens(tokens[1], int(tokens[2].replace(",", ""))), hint)
    if reply := re.match(r"reply\s*==(.*)", text, re.DOTALL):
        written = reply[1].strip()
        return Asked(Reply(written, _value(written, namespace)), hint)
    if arrow := _ARROW.fullmatch(text):
        return Asked(_arrow(arrow, namespace), hint)
    raise Mistake(f"{called.expect} cannot read {text!r}. It knows: {' · '.join(FORMS)}.")


def _without_hint(text: str) -> tuple[str, str]:
    """Take `--hint "…"` off, wherever it stands: before all else, or at the end."""
    for pattern in (_HINT_FIRST, _HINT_LAST):
        found = pattern.match(text) if pattern is _HINT_FIRST else pattern.search(text)
        if found:
            return (text[: found.start()] + text[found.end() :]).strip(), str(ast.literal_eval(found[1]))
    if re.search(r"(^|\s)--hint\b", text):
        raise Mistake("A hint stands in quotation marks: --hint \"did greeter add 'hello'?\"")
    return text, ""


def _arrow(found: re.Match[str], namespace: Mapping[str, Any]) -> Arrow:
    rest, count, seconds = found["rest"].strip(), None, None
    while tail := _COUNT.search(rest) or _TIME.search(rest):
        if tail.re is _COUNT:
            count = int(tail[1])
        else:
            seconds = float(tail[1])
        rest = rest[: tail.start()].strip()
    tag, fields = _pattern(rest, namespace) if rest else ("", {})
    return Arrow(found["from"], found["to"], tag, fields, count, seconds)


def _pattern(text: str, namespace: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Read `Greeting`, or `Greeting(name="…")`; a field whose value is `...` may have any."""
    try:
        body = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        raise Mistake(f"{text!r} is no payload; expected a class, or Class(field=value).") from None
    if isinstance(body, ast.Name):
        return body.id, {}
    if not isinstance(body, ast.Call) or not isinstance(body.func, ast.Name):
        raise Mistake(f"{text!r} is no payload; expected a class, or Class(field=value).")
    cls = namespace.get(body.func.id)
    names = [each.name for each in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else []
    if isinstance(cls, type) and is_payload(cls):
        check_fields(cls, [each.arg for each in body.keywords if each.arg], len(body.args))
    elif body.args:
        raise Mistake(f"{body.func.id} is not defined in this notebook. Write its fields by name: field=value.")
    written = dict(zip(names, body.args, strict=False)) | {each.arg: each.value for each in body.keywords if each.arg}
    values = {name: _value(ast.unparse(node), namespace) for name, node in written.items()}
    return body.func.id, {name: value for name, value in values.items() if value is not ...}


def _value(text: str, namespace: Mapping[str, Any]) -> Any:
    """Give the value of an expression of the person's own."""
    try:
        code = compile(ast.parse(text.strip(), mode="eval"), "<expect>", "eval", dont_inherit=True)
        return eval(code, {"__builtins__": builtins, **namespace})  # noqa: S307 - their code, in their kernel
    except Exception as error:
        text, said = text.strip(), one_line_of(error.msg if isinstance(error, SyntaxError) else str(error))
        raise Mistake(f"{text!r} cannot be worked out: {type(error).__name__}: {said}") from error


def seen_line(seen: Seen) -> str:
    """Say a message in a line: `greeter ▸ shouter Greeting(name='World')`."""
    return f"{seen.from_id} ▸ {seen.to_id} {brief(seen.payload)}"
