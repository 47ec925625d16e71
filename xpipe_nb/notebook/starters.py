"""The cells that `%organism new` writes: small, whole, and running as they stand."""

from __future__ import annotations

from xpipe_nb.notebook.mistakes import unknown_word

__all__ = ["STARTERS", "starter"]

_HELLO = """\
import xpipe_nb as xp

@xp.payload
class Greeting:
    name: str

@xp.payload
class Shout:
    text: str

@xp.listener(peers=["shouter"])
async def greeter(message: Greeting, meta) -> Shout:
    "Greets politely, loudly."
    return await meta.call(Greeting(f"hello {message.name}"), to="shouter")

@xp.listener
def shouter(message: Greeting) -> Shout:
    "Shouts."
    return Shout(message.name.upper())"""

_AGENT = """\
import xpipe_nb as xp

@xp.payload
class Question:
    text: str

@xp.payload
class Answer:
    text: str

@xp.listener(agent=True)
async def tutor(message: Question, meta) -> Answer:
    "Answers questions."
    return Answer(f"You asked: {message.text}")  # think here"""

_TEAM = """\
import asyncio
import xpipe_nb as xp

@xp.payload
class Topic:
    name: str

@xp.payload
class Notes:
    text: str

@xp.listener(agent=True, peers=["optimist", "pessimist"])
async def editor(message: Topic, meta) -> Notes:
    "Asks both and puts their notes together."
    notes = await asyncio.gather(*(meta.call(message, to=peer) for peer in ("optimist", "pessimist")))
    return Notes(" ".join(each.text for each in notes))

@xp.listener
async def optimist(message: Topic) -> Notes:
    "Sees the good side."
    return Notes(f"{message.name} is a chance.")

@xp.listener
async def pessimist(message: Topic) -> Notes:
    "Sees the bad side."
    return Notes(f"{message.name} is a risk.")"""

_TOOL = """\
import xpipe_nb as xp

@xp.payload
class Query:
    words: str

@xp.payload
class Hits:
    count: int
    first: str

SHELF = ["Tea for two", "The art of tea", "Coffee"]

@xp.listener
def search(message: Query) -> Hits:  # a plain def runs in a thread, so it may take its time
    "Finds titles that hold a word."
    found = [title for title in SHELF if message.words.lower() in title.lower()]
    return Hits(len(found), found[0] if found else "")"""

STARTERS = {
    "hello": (_HELLO, ("greeter", "shouter"), 'greeter name="World"'),
    "agent": (_AGENT, ("tutor",), 'tutor text="Why is the sky blue?"'),
    "team": (_TEAM, ("editor", "optimist", "pessimist"), 'editor name="Tea"'),
    "tool": (_TOOL, ("search",), 'search words="tea"'),
}
"""By kind: the code, the listeners, and what to inject."""


def starter(kind: str) -> tuple[str, str]:
    """Give the code of a starter cell, and what to do after it.

    Raises:
        Mistake: When there is none of that kind.
    """
    if kind not in STARTERS:
        raise unknown_word("starter", kind, list(STARTERS))
    code, listeners, message = STARTERS[kind]
    lines = "\n".join(f"  - {name}" for name in listeners)
    name = "hello" if kind == "hello" else f"my_{kind}"
    return code, f"a cell with\n\n%%organism {name}\nlisteners:\n{lines}\n\nand one with\n\n%inject {message}"
