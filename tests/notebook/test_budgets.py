"""Budgets in a notebook: the table, the raise, and a cell whose conversation waits for the person."""

from __future__ import annotations

import re

import pytest

from tests.notebook.kernels import FRESH

SPENDER = """\
@xp.listener
async def spender(message: Greeting, meta) -> Shout:
    tokens = int(message.name)
    async with meta.tokens(tokens) as spent:
        spent.prompt, spent.completion = tokens - 10, 10
    return Shout("spent")
"""
WITH_BUDGET = FRESH + "  - spender\nmax_tokens_per_thread: 1000\n"
WAITS = "#1 waits for you: spender needs 1,200 tokens, 1,000 of 1,000 are left. %organism budgets raise #1 1200\n"


@pytest.fixture
def spending(hello):
    """The story's kernel with a listener that spends as many tokens as it is told, of 1,000."""
    hello(SPENDER)
    hello(WITH_BUDGET)
    return hello


def test_the_table_says_what_was_spent_by_whom(spending) -> None:
    """A line for each conversation that has spent anything; with a number, by frame."""
    assert spending("%organism budgets").text == "hello: 1,000 tokens a conversation · nothing was spent yet\n"
    spending("%inject spender name='400'")
    spending("%inject spender name='760'")
    assert spending("%organism budgets hello").text == (
        "hello: 1,000 tokens a conversation\n"
        "  #1 done · 400 of 1,000 tokens (40 %) · spender 400\n"
        "  #2 done · 760 of 1,000 tokens (76 %) · spender 760\n"
    )
    assert spending("%organism budgets #2").text == (
        "hello: #2 done · 760 of 1,000 tokens (76 %) · spender 760\n  spender · 760 (750 read, 10 written) · 1 time\n"
    )


def test_a_cell_that_waits_for_the_person_ends_with_one_line(spending) -> None:
    """The name is bound, the cell has not failed, and after the raise the conversation goes on."""
    ran = spending("answer = %inject spender name='1200'", attended=True)
    assert (ran.text, ran.error) == (WAITS, None)
    assert spending("answer.state", attended=True).value == "'waiting'"
    assert spending("%settle", attended=True).text == (
        "hello: quiet, but #1 waits for you: spender needs 1,200 tokens, 1,000 of 1,000 are left\n"
    )
    assert spending.complete("%organism budgets raise ", 24)[0] == ["#1"]
    assert spending.complete("%organism budgets raise #1 ", 27)[0] == ["1200"]
    raised = spending("%organism budgets raise #1 1_200", attended=True)
    assert raised.text == "#1: 1,200 tokens, 0 are left · it goes on; wait again: await answer\n"
    assert spending("await answer", attended=True).value == "[Shout(text='spent')]"


def test_a_cell_whose_value_it_would_be_shows_the_line_alone(spending) -> None:
    """No second display of the conversation below it."""
    ran = spending("%inject spender name='1200'", attended=True)
    assert ran.text == WAITS
    assert [each["type"] for each in ran.outputs] == ["stream"]
    spending("hello.conversations[-1].cancel()", attended=True)


def test_plain_python_that_awaits_is_let_go_too(spending) -> None:
    """There is no answer to give, so the cell fails, with the one line and not with a hang."""
    ran = spending("await hello.ask(Greeting('1200'), to='spender')", attended=True)
    assert ran.error["ename"] == "ConversationWaits"
    assert ran.said == (
        "✕ #1 waits for you: spender needs 1,200 tokens, 1,000 of 1,000 are left; "
        "hello.budgets.raise_limit(1, 1200) lets it go on"
    )
    assert spending("hello.budgets.raise_limit(1, 1200)\n(await hello.conversations[-1])[0].text").value == "'spent'"


def test_with_nobody_there_it_is_an_error(spending) -> None:
    """Headless, the cell fails with the cause; nothing waits."""
    ran = spending("answer = %inject spender name='1200'")
    assert ran.error["ename"] == "ConversationFailed"
    cause = "spender raised BudgetExhausted: spender needs 1,200 tokens, 1,000 of 1,000 are left (budget)"
    assert re.match(rf"✕ #1 failed: {re.escape(cause)}, cell \d+, line 4: async with meta.tokens", ran.said)
    assert spending("answer.state, answer.errors[0].code").value == "('failed', 'budget')"


def test_a_raise_that_is_too_small_says_what_is_still_needed(spending) -> None:
    """The limit is raised, and the conversation waits on."""
    spending("answer = %inject spender name='1200'", attended=True)
    assert spending("%organism budgets hello raise 1 1100", attended=True).text == (
        "#1: 1,100 tokens, 1,100 are left · #1 waits for you: spender needs 1,200 tokens, 1,100 of 1,100 are left\n"
    )
    assert spending("%organism budgets raise #1 800").said.startswith("✕ #1 may spend 1,100 tokens already")
    spending("await answer.cancel()", attended=True)


def test_tokens_can_be_expected(spending) -> None:
    """`%expect tokens < N` looks at the last conversation."""
    spending("%inject spender name='400'")
    assert spending("%expect tokens < 500").text == "✓ tokens < 500: 400\n"
    assert spending("%expect tokens == 1,400 --hint 'fewer words'").said == (
        "✕ tokens == 1,400: not so in #1\nseen: 400 tokens\nHint: fewer words"
    )
