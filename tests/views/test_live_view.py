"""The live view in a real kernel: what is sent to a front end, when, and when nothing is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.views.kernel import Front, a_kernel
from xpipe_nb.views.delta import applied

HELLO = """
import asyncio, gc
from xpipe_nb import Organism, listener, payload, HandlerResponse

@payload
class Say:
    text: str

@payload
class Told:
    text: str

gate = asyncio.Event()

@listener
async def greeter(message: Say | Told) -> HandlerResponse:
    return HandlerResponse(message, to="shouter") if isinstance(message, Say) else HandlerResponse.respond(message)

@listener
async def shouter(message: Say) -> Told:
    await gate.wait()
    return Told(message.text.upper())

hello = await Organism("hello", [greeter, shouter]).start()
view = hello.view()
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Front]:
    """One kernel for all of these."""
    with a_kernel() as front:
        yield front


@pytest.fixture
def front(kernel: Front) -> Front:
    """A fresh organism with a view that a front end has opened."""
    kernel.run("try:\n    view.close(); await hello.stop(0)\nexcept NameError:\n    pass")
    kernel.run(HELLO)
    kernel.run("view.model_id")
    kernel.heard.clear()
    kernel.closed.clear()
    kernel.displays.clear()
    return kernel


def opened(front: Front) -> dict[str, object]:
    front.tell(do="hello")
    snapshot: dict[str, object] = front.hear("snapshot")
    front.ack()
    return snapshot


def test_a_front_end_that_opens_is_sent_everything(front):
    """The same again after a reload of the page."""
    first = opened(front)
    assert first["organism"]["name"] == "hello"
    assert [node["key"] for node in first["graph"]["nodes"]] == ["console", "greeter", "shouter"]
    front.tell(do="hello", front="f2")
    assert front.hear("snapshot")["session"] == first["session"]


def test_changes_come_as_deltas_that_add_up(front):
    """Applied one after the other they give what the kernel knows."""
    shown = opened(front)
    front.run("c = await hello.inject(Say('x'), to='greeter'); gate.set(); _ = await c")
    while shown["messages"]["total"] < 4 or shown["organism"]["flying"]:
        shown = applied(shown, front.hear("delta"))
        front.ack()
    front.listen(0.3)
    known = json.loads(front.run("import json; print(json.dumps(view.snapshot()))"))
    assert shown["graph"] == known["graph"]
    assert shown["messages"] == known["messages"]
    assert shown["threads"] == known["threads"]


def test_the_next_delta_waits_for_the_acknowledgement(front):
    """A machine that sleeps has nothing waiting for it."""
    opened(front)
    front.run("cs = [await hello.inject(Say('x'), to='greeter')]")
    front.hear("delta")
    front.run("cs.append(await hello.inject(Say('y'), to='greeter'))")
    front.listen(0.5)  # in which five would have been drawn
    assert not [each for each in front.heard if "delta" in each]
    front.ack()
    front.hear("delta")


def test_at_most_ten_are_sent_in_a_second(front):
    """However much happens, and however fast they are acknowledged; fewer where drawing takes long."""
    opened(front)
    front.run(
        "gate.set()\n"
        "async def load():\n"
        "    while not is_over:\n"
        "        await (await hello.inject(Say('x'), to='greeter'))\n"
        "        await asyncio.sleep(0.01)\n"
        "is_over = False\n"
        "task = asyncio.create_task(load())"
    )
    front.times.clear()
    while len(front.times) < 12:
        front.hear("delta")
        front.ack()
    front.run("is_over = True; await task")
    seconds = [later - earlier for earlier, later in zip(front.times, front.times[10:], strict=False)]
    assert min(seconds) > 0.95


def test_a_view_that_nobody_sees_is_drawn_once_a_second(front):
    """The front end says so; what waited comes when it can be seen again."""
    opened(front)
    front.tell(do="visible", seen=False)
    between = [drawn_after(front, is_seen_again=is_seen_again) for is_seen_again in (False, False, False)]
    assert min(between) > 0.95
    # A busy machine may be late, but not every time.
    assert any(drawn_after(front, is_seen_again=True) < 0.9 for _ in range(10))


def drawn_after(front: Front, *, is_seen_again: bool) -> float:
    """Give the seconds from one drawing to the next while a view is out of sight, or comes in sight in between."""
    front.run("c = await hello.inject(Say('x'), to='greeter')")
    front.hear("delta")
    before = front.times[-1]
    front.ack()
    front.run("c = await hello.inject(Say('y'), to='greeter')")
    front.tell(do="visible", seen=is_seen_again)
    front.hear("delta")
    after = front.times[-1]
    front.ack()
    front.tell(do="visible", seen=False)
    return after - before


def test_nothing_is_sent_while_nothing_changes(front):
    """So that a hub can see that the kernel is idle; not one message of any kind."""
    opened(front)
    front.run("c = await hello.inject(Say('x'), to='greeter')")
    front.hear("delta")
    front.ack()
    while front.listen(1.0):
        if front.heard:
            front.heard.clear()
            front.ack()
    assert front.listen(4.0) == []


def test_nothing_is_sent_before_a_front_end_has_asked(front):
    """Headless runs cost nothing."""
    front.run("gate.set(); _ = await (await hello.inject(Say('x'), to='greeter'))")
    front.listen(0.4)
    assert not front.heard


def test_pause_resume_step_and_stop_work_from_the_view(front):
    """They hop to the organism's loop; the view shows what they did."""
    shown = opened(front)
    front.tell(do="pause", id=1)
    shown = applied(shown, front.hear("delta"))
    front.ack()
    assert shown["organism"]["state"] == "paused"
    front.run("gate.set(); c = await hello.inject(Say('x'), to='greeter')")
    assert front.run("print(hello.paused, c.state)").split() == ["True", "active"]
    front.tell(do="step", id=2)
    front.until("len(c.frames) == 2")
    assert front.run("print([f.listener for f in c.frames])").strip() == "['console', 'greeter']"
    front.tell(do="resume", id=3)
    front.run("_ = await c")
    assert front.run("print(hello.state, c.state)").split() == ["running", "done"]
    front.tell(do="stop", id=4)
    front.until("hello.state == 'stopped'")


def test_a_click_that_comes_twice_is_done_once(front):
    """Every action has an id."""
    opened(front)
    front.tell(do="pause", id=7)
    front.tell(do="resume", id=8)
    front.tell(do="pause", id=7)
    front.tell(do="detail", of="listeners", key="greeter", id=9)
    assert front.hear("detail")  # whatever was told before is done
    assert front.run("print(hello.paused)").strip() == "False"


def test_a_conversation_is_ended_from_the_view(front):
    """By its number."""
    opened(front)
    front.run("c = await hello.inject(Say('x'), to='greeter')")
    front.tell(do="end", conversation=1, id=1)
    front.until("c.state != 'active'")
    assert front.run("print(c.state)").strip() == "killed"


def test_contracts_and_messages_come_on_demand(front):
    """They are not in the snapshot, which stays small."""
    opened(front)
    front.tell(do="detail", of="listeners", key="greeter", id=1)
    assert front.hear("detail")["accepts"] == ["Say", "Told"]
    front.run("c = await hello.inject(Say('<&'), to='greeter')")
    front.hear("delta")
    front.tell(do="detail", of="messages", key="1", id=2)
    stages = {stage["name"]: stage["text"] for stage in front.hear("detail")["stages"]}
    assert "&lt;&amp;" in stages["payload"]
    assert stages["routed"] == "console ▸ greeter"
    front.tell(do="detail", of="messages", key="nonsense", id=3)
    front.run("pass")


def test_the_state_of_the_model_is_small(front):
    """It is what a notebook saves; the view's code comes when a page asks for it."""
    assert len(json.dumps(front.state)) < 3_000
    front.tell(do="code")
    assert "xp-view" in front.hear("code")


def test_a_closed_view_leaves_nothing_behind(front):
    """No comm, no model, no task, no subscription."""
    opened(front)
    comm = front.comm
    before = "from ipywidgets.widgets.widget import _instances; print(len(_instances), len(asyncio.all_tasks()))"
    instances, tasks = map(int, front.run(before).split())
    front.run("view.close(); view.close()")
    assert front.closed[0] == comm
    after = front.run(before + "; print(hello.pump.bus.heard)").split()
    assert int(after[0]) < instances
    assert int(after[1]) <= tasks
    assert after[2] == "False"


def test_a_hundred_views_leave_no_comm_behind(front):
    """Nor a model or a task."""
    code = """
from ipywidgets.widgets.widget import _instances
import comm
def count():
    gc.collect()
    return len(_instances), len(comm.get_comm_manager().comms), len(asyncio.all_tasks())
view.close()
before = count()
for _ in range(100):
    one = await Organism("one", [greeter, shouter]).start()
    shown = one.view()
    shown.model_id
    shown.close()
    await one.stop(0)
print(before == count(), before, count())
"""
    assert front.run(code).startswith("True")


def test_a_bundle_holds_every_form(front):
    """Live where somebody looks on; without the widget where nobody does."""
    front.run("view")
    front.run(
        "from xpipe_nb.notebook.view import bundle; from IPython.display import display; display(bundle(view), raw=True)"
    )
    live = front.displays[-1]
    wanted = {"application/vnd.xpipe.view+json", "image/png", "text/html", "text/plain"}
    assert set(live) == {*wanted, "application/vnd.jupyter.widget-view+json"}
    assert live["application/vnd.xpipe.view+json"]["live"] is False
    assert live["text/html"].startswith('<img src="data:image/svg+xml;base64,')
    front.run("display(bundle(view), raw=True)", attended=False)
    headless = front.displays[-1]
    assert set(headless) == wanted
    assert headless["application/vnd.xpipe.view+json"]["session"] == "saved"
    assert len(json.dumps(live)) < 120_000


def test_a_lone_surrogate_does_not_end_the_view(front):
    """What UTF-8 cannot carry is replaced."""
    shown = opened(front)
    front.run(
        "@hello.listener\n"
        "async def broken(message: Say) -> Say:\n"
        "    raise ValueError('\\ud800')\n"
        "c = await hello.inject(Say('x'), to='broken')"
    )
    front.until("c.is_over")
    while "broken" not in [node["key"] for node in shown["graph"]["nodes"]] or not shown["messages"]["total"]:
        shown = applied(shown, front.hear("delta"))
        front.ack()
    front.tell(do="detail", of="messages", key="1", id=9)
    assert "ValueError" in front.hear("detail")["why"]


def test_what_may_be_refused_is_answered_to_who_asked(front):
    """A dead letter is checked before it is sent; the answer names the front end and its click."""
    opened(front)
    front.run(
        "from contextlib import suppress\nwith suppress(Exception):\n    await hello.inject('<Say/>', to='greeter')"
    )
    row = front.hear("delta")["tables"]["rows"]["set"][0]
    front.ack()
    front.tell(do="resend", key=row["key"], text="<Say><Text>x</Txt></Say>", id=5)
    refused = front.hear("answer")
    assert "mismatched tag" in refused["error"]
    front.tell(do="resend", key=row["key"], text="<Say><Text>x</Text></Say>", id=6)
    assert front.hear("answer") == {"front": "f1", "id": 6}
    assert (
        front.run("gate.set(); await hello.settle(); print(len(hello.dead_letters), len(hello.conversations))")
        == "1 1\n"
    )


def test_a_held_message_is_edited_from_the_view(front):
    """A request is answered to the front end that asked; what does not fit is said, and stays held."""
    shown = opened(front)
    front.tell(do="break", listener="shouter", on=True, id=1)
    assert front.hear("answer") == {"front": "f1", "id": 1}
    front.run("gate.set(); c = await hello.inject(Say('x'), to='greeter'); await hello.settle()")
    front.ack()
    while "held" not in shown["organism"]:
        shown = applied(shown, front.hear("delta"))
        front.ack()
    (held,) = shown["organism"]["held"]
    assert (held["from"], held["to"], held["type"]) == ("greeter", "shouter", "Say")
    front.tell(do="held", held=held["key"], id=2)
    assert front.hear("answer")["text"] == "<Say>\n  <Text>x</Text>\n</Say>"
    front.tell(do="edit", held=held["key"], text="<Say><Txet>y</Txet></Say>", id=3)
    assert "Txet" in front.hear("answer")["error"]
    front.tell(do="edit", held=held["key"], text="<Say><Text>y</Text></Say>", id=4)
    assert front.hear("answer") == {"front": "f1", "id": 4}
    assert front.run("print(await c)").strip() == "[Told(text='Y')]"
