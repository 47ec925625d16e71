"""Breakpoints, steps and answers in a notebook: what the sub-commands say and do, with and without somebody there."""

from __future__ import annotations

import pytest

from tests.notebook.kernels import FRESH
from tests.notebook.test_budgets import SPENDER, WITH_BUDGET

HELD = (
    "#1 waits for you: greeter → shouter, Greeting is held before its handler. "
    "%organism answer #1 continue, drop or edit PAYLOAD\n"
)
CONFUSED = "in a cell before this one."


@pytest.fixture
def fresh(hello):
    """The story's organism, started anew: conversations are counted from 1, and nothing is held."""
    hello(FRESH)

    def run(code: str, *, attended: bool = True):
        return hello(code, attended=attended)

    run.complete = hello.complete  # type: ignore[attr-defined]
    return run


def held_at_shouter(fresh) -> None:
    fresh("%organism break shouter")
    assert fresh("answer = %inject greeter name='Ann'").text == HELD


def test_a_breakpoint_is_set_listed_met_and_taken_back(fresh) -> None:
    """Each time one line; the cell that meets it ends with what waits, its name is bound."""
    assert fresh("%organism break").text == "hello: no breakpoints · %organism break LISTENER|PAYLOAD\n"
    assert fresh("%organism break shouter").text == (
        "hello: messages for shouter are held before its handler · %organism break shouter --off\n"
    )
    assert fresh("%organism break hello Greeting").text == (
        "hello: each Greeting is held before the handler · %organism break Greeting --off\n"
    )
    assert fresh("%organism break Greeting --off").text == "hello: no breakpoint at Greeting any more\n"
    ran = fresh("answer = %inject greeter name='Ann'")
    assert (ran.text, ran.error) == (HELD, None)
    assert fresh("%organism break").text == (
        "hello: shouter\n  #1.2 · greeter → shouter · Greeting · held · %organism answer #1 continue\n"
    )
    assert fresh("%organism break hello/shouter --off").text == (
        "hello: no breakpoint at shouter any more · 1 message still held\n"
    )
    assert fresh("%organism answer continue").text == (
        "#1: shouter gets the Greeting of #1.2 · it goes on; wait again: await answer\n"
    )
    assert fresh("(await answer)[0].text").value == "'HELLO ANN'"


@pytest.mark.parametrize("payload", ["<Greeting><Name>you</Name></Greeting>", 'Greeting("you")', 'name="you"'])
def test_a_held_message_is_edited_with_an_answer(fresh, payload: str) -> None:
    """In any form that `%inject` takes."""
    held_at_shouter(fresh)
    assert fresh(f"%organism answer #1 edit {payload}").text.startswith(
        "#1: shouter gets the Greeting of #1.2 as it was edited"
    )
    assert fresh("(await answer)[0].text").value == "'YOU'"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("edit <Greeting>\n<Nane>you</Nane></Greeting>", "Nane"),
        ("edit Shout('you')", "✕ shouter takes Greeting, not Shout."),
        ("edit", '✕ Nothing to send. shouter takes a payload: Greeting(name="…")'),
        ("perhaps", "✕ A held message is answered with continue, drop or edit PAYLOAD, not 'perhaps'."),
        ("#7 continue", "✕ No conversation #7 in hello. The last are: #1."),
    ],
)
def test_a_wrong_answer_changes_nothing(fresh, answer: str, said: str) -> None:
    """It is a mistake in one line, and the message is still held."""
    held_at_shouter(fresh)
    cell = f"await get_ipython().run_line_magic('organism', {'answer ' + answer!r})"
    assert said in fresh(cell).said
    assert fresh("len(hello.breakpoints.held)").value == "1"


def test_a_dropped_message_fails_its_call(fresh) -> None:
    """With the reason that the person gave, in the dead letter and in the cell that waits again."""
    held_at_shouter(fresh)
    assert fresh("%organism answer drop Ann is asleep").text == (
        "#1: the Greeting of #1.2 was dropped · it goes on; wait again: await answer\n"
    )
    ran = fresh("await answer")
    assert ran.error["ename"] == "ConversationFailed"
    assert "perform, dropped: Ann is asleep" in fresh("%organism dead").text


def test_a_step_goes_from_message_to_message(fresh) -> None:
    """What is held goes on, the next message of its conversation is held; paused, one handler starts."""
    fresh("%organism break greeter")
    fresh("answer = %inject greeter name='Ann'")
    assert fresh("%organism step").text == "hello: #1.1 goes on to greeter · the next message of #1 is held\n"
    assert "hello: quiet, but #1 waits for you: greeter → shouter" in fresh("%settle").text
    fresh("%organism break greeter --off\n%organism break --off")
    fresh("%organism step")
    assert fresh("(await answer)[0].text").value == "'HELLO ANN'"
    assert fresh("%organism step").said == (
        "✕ hello is not paused, and nothing of it is held; there is nothing to step through"
    )
    fresh("%organism pause")
    assert fresh("%organism step").text == "hello: paused · one handler may start\n"
    fresh("%organism resume")


def test_with_nobody_there_a_question_is_an_error_and_not_a_hang(fresh) -> None:
    """The cell fails with the line and with what to write; a scripted answer lets the notebook run through."""
    fresh("%organism break shouter")
    ran = fresh("answer = %inject greeter name='Ann'", attended=False)
    assert ran.error["ename"] == "ConversationWaits"
    assert (
        ran.said == f"✕ {HELD}Nobody is here to answer. Write %organism answer --script yes (or no, drop, …) {CONFUSED}"
    )
    fresh("await answer.cancel()")
    assert fresh("%organism answer --script edit name='you'", attended=False).text == (
        "hello: the next question is answered with \"edit name='you'\"\n"
    )
    ran = fresh("answer = %inject greeter name='Ann'\nanswer.reply.text", attended=False)
    assert (ran.value, ran.error) == ("'YOU'", None)
    assert "#2 waits for you: greeter → shouter, Greeting is held before its handler · scripted: edit" in ran.text


def test_a_question_for_tokens_is_answered_too(fresh) -> None:
    """Yes gives what is needed, a number sets the limit, no ends it as it would with nobody there."""
    fresh(SPENDER)
    fresh(WITH_BUDGET)
    fresh("answer = %inject spender name='1200'")
    assert fresh("%organism answer maybe").said == (
        "✕ A question for tokens is answered with yes, no or a new limit, not 'maybe'."
    )
    assert fresh("%organism answer yes").text == (
        "#1: 1,200 tokens, 0 are left · it goes on; wait again: await answer\n"
    )
    assert fresh("(await answer)[0].text").value == "'spent'"
    fresh("other = %inject spender name='1300'")
    fresh("third = %inject spender name='1400'")
    assert fresh("%organism answer yes").said.startswith(
        "✕ Several wait for you: #2 waits for you: spender needs 1,300"
    )
    fresh("%organism answer #2 no")
    assert "spender needs 1,300 tokens, 1,000 of 1,000 are left (budget)" in fresh("await other").said
    fresh("%organism answer #3 1_500")
    assert fresh("(await third)[0].text").value == "'spent'"


def test_what_waits_is_listed_and_nothing_is_said_so(fresh) -> None:
    """`%organism answer` alone looks; an answer that nobody asked for is a mistake."""
    assert fresh("%organism answer").text == "Nothing waits for you.\n"
    assert fresh("%organism answer yes").said == (
        "✕ Nothing waits for you. %organism answer --script yes keeps the answer for the next question."
    )
    held_at_shouter(fresh)
    assert fresh("%organism answer").text == (
        "#1 waits for you: greeter → shouter, Greeting is held before its handler · "
        "%organism answer #1 continue, drop or edit PAYLOAD\n"
    )


def test_completion_and_help_know_them(fresh) -> None:
    """What can be broken at, what waits, and what answers it."""
    line = "%organism break "
    assert fresh.complete(line, len(line))[0] == ["greeter", "shouter", "Greeting", "hello", "--off"]
    line = "%organism break shouter --"
    assert fresh.complete(line, len(line))[0] == ["--off"]
    held_at_shouter(fresh)
    line = "%organism answer "
    assert fresh.complete(line, len(line))[0] == ["#1", "continue", "drop", "edit ", "--script"]
    line = "%organism answer #1 c"
    assert fresh.complete(line, len(line))[0] == ["continue"]
    assert "%organism answer [NAME] [#N]" in fresh("%organism").text
    assert fresh("%organism break --help").text == (
        "%organism break [NAME] [LISTENER|PAYLOAD] [--off]\n  hold messages before their handlers; alone, what is held\n"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%organism break shoter", "✕ No listener or payload class 'shoter' in hello. Did you mean shouter?"),
        ("%organism break shouter --on", "✕ %organism break has no option --on."),
        ("%organism break Shout", "✕ no listener takes Shout; an answer that is only handed over"),
        ("%organism break greeter --off", "✕ No breakpoint 'greeter' in hello."),
        ("%organism step now", "✕ No organism 'now'."),
    ],
)
def test_mistakes_get_one_line(fresh, line: str, said: str) -> None:
    """With the nearest right word."""
    assert fresh(line).said.startswith(said)
