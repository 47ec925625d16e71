"""What libxml2 says about broken text, in sentences for people."""

from __future__ import annotations

import re

__all__ = ["in_words"]

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"Opening and ending tag mismatch: (\S+) line (\d+) and (\S+)", r"mismatched tag: </\3> closes <\1> of line \2"),
    (r"Premature end of data in tag (\S+) line (\d+)", r"the text ends inside <\1> of line \2: </\1> is missing"),
    (r"Couldn't find end of Start Tag (\S+)(?: line \d+)?", r"the tag <\1 has no > at its end"),
    (r"Extra content at the end of the document", "something follows the root element; a document has one root"),
    (r"Start tag expected, '<' not found", "an element was expected"),
    (r"Document is empty", "an element was expected"),
    (r"Entity '(.+)' not defined", r"unknown entity &\1;: only &lt; &gt; &amp; &quot; and &apos; have names"),
    (r"EntityRef: expecting ';'", "an & begins an entity without its ;: write &amp; for a plain &"),
    (r"xmlParseEntityRef: no name", "a bare &: write &amp; for a plain &"),
    (r"xmlParsePI : no target name", "a <? that begins no name: write &lt; for a plain <"),
    (r"xmlParseCharRef: character reference out of bounds", "a reference to a character beyond Unicode"),
    (r"StartTag: invalid element name", "a < that begins no name: write &lt; for a plain <"),
    (r"Sequence '\]\]>' not allowed in content", "a bare ]]>: write ]]&gt; for it"),
    (
        r"(?:PCDATA|CData section|Char) .*?[Ii]nvalid (?:Char|xmlChar)? ?[Vv]alue (\d+)",
        r"character \1 is not allowed in XML",
    ),
    (r".*invalid xmlChar value (\d+)", r"character \1 is not allowed in XML"),
    (r"Char 0x(\w+) out of allowed range", r"character 0x\1 is not allowed in XML"),
    (r"Attribute (\S+) redefined", r"attribute \1 stands twice in one tag"),
    (r"Namespaced Attribute (\S+) in '(.*)' redefined", r"attribute \1 of namespace \2 stands twice in one tag"),
    (r"AttValue: .* expected", "the value of an attribute must stand in quotation marks"),
    (r"Unescaped '<' not allowed in attributes values", "a < in the value of an attribute: write &lt; for it"),
    (r"Specification mandates value for attribute (\S+)", r"attribute \1 has no value"),
    (
        r"Namespace prefix (\S+) for (\S+) on (\S+) is not defined",
        r"the prefix \1 of attribute \2 of <\3> is not declared",
    ),
    (r"Namespace prefix (\S+) on (\S+) is not defined", r"the prefix \1 of <\1:\2> is not declared"),
    (r"Double hyphen within comment.*", "two hyphens inside a comment"),
    (r"XML declaration allowed only at the start.*", "an XML declaration may stand only at the very start"),
    (r"Excessive depth in document: (\d+).*", r"elements are nested more than \1 deep"),
)
_RULES = tuple((re.compile(pattern, re.DOTALL), sentence) for pattern, sentence in _SENTENCES)
_FUNCTION = re.compile(r"^xml[A-Z]\w+ ?: ")
_TAIL = re.compile(r", line \d+, column \d+\s*$")


def in_words(message: str) -> str:
    """Say a message of libxml2 so that its reader knows what to change; one that is not known stays as it is.

    Example:
        >>> in_words("Opening and ending tag mismatch: Nam line 2 and Name, line 2, column 14")
        'mismatched tag: </Name> closes <Nam> of line 2'
    """
    message = _TAIL.sub("", message)
    for pattern, sentence in _RULES:
        if found := pattern.match(message):
            return found.expand(sentence)
    return _FUNCTION.sub("", message).strip()
