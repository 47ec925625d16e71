"""Who is served next: conversations in turn (breadth-first), or one of them as far as it goes (depth-first)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import ConfigError, HandlerMetadata, Limits, ListenerConfig, Organism, send

ONE_PLACE = {"max_concurrent_handlers": 1}


class Diary:
    """Writes down who was served, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def chain(self, length: int) -> list[ListenerConfig]:
        """Listeners that pass a text down: `level0` to `level1` and so on; the last one answers its caller."""

        def at(level: int) -> Any:
            async def handler(message: Say) -> Any:
                self.lines.append(f"{message.text}{level}")
                return send(message, to=f"level{level + 1}") if level + 1 < length else None

            return ListenerConfig(name=f"level{level}", handler=handler)

        return [at(level) for level in range(length)]


async def told_while_paused(organism: Organism, *texts: str) -> None:
    """Inject while nothing starts, then let everything go and wait for the end."""
    organism.pause()
    for text in texts:
        await organism.inject(Say(text), to="level0")
    organism.resume()
    await organism.settle()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("breadth-first", ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]),
        ("depth-first", ["a0", "a1", "a2", "b0", "b1", "b2", "c0", "c1", "c2"]),
    ],
)
def test_three_conversations_with_one_place(order: str, expected: list[str]) -> None:
    """`breadth-first` serves conversations in turn; `depth-first` stays with the one served last while it can go on."""

    async def story() -> None:
        diary = Diary()
        async with an_organism(*diary.chain(3), thread_scheduling=order, **ONE_PLACE) as organism:
            await told_while_paused(organism, "a", "b", "c")
            assert diary.lines == expected

    run(story())


@pytest.mark.parametrize("order", ["breadth-first", "depth-first"])
def test_yaml_says_which(order: str) -> None:
    """`thread_scheduling` is a key of YAML, too."""
    text = f"organism: {{name: x}}\nthread_scheduling: {order}\nlisteners: []\n"
    assert Organism.from_yaml(text).config.thread_scheduling == order


def test_another_order_is_refused() -> None:
    """A word that is no order is a `ConfigError` that names the nearest one."""
    with pytest.raises(ConfigError, match="depth-first"):
        an_organism(thread_scheduling="deepest-first")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("breadth-first", ["root", "x", "y", "z", "x.x", "x.y", "y.x", "y.y", "z.x", "z.y"]),
        ("depth-first", ["root", "x", "x.x", "x.y", "y", "y.x", "y.y", "z", "z.x", "z.y"]),
    ],
)
def test_the_deepest_frame_goes_first(order: str, expected: list[str]) -> None:
    """Within a conversation `depth-first` ends a branch before it begins the next one, branches in their order."""

    async def story() -> None:
        served: list[str] = []

        async def top(message: Say) -> Any:
            served.append("root")
            return [send(Say(text), to="middle") for text in "xyz"]

        async def middle(message: Say) -> Any:
            served.append(message.text)
            return [send(Say(f"{message.text}.{text}"), to="bottom") for text in "xy"]

        async def bottom(message: Say) -> None:
            served.append(message.text)

        async with an_organism(top, middle, bottom, thread_scheduling=order, **ONE_PLACE) as organism:
            await organism.inject(Say("go"), to="top")
            await organism.settle()
            assert served == expected

    run(story())


def test_messages_of_one_frame_keep_their_order() -> None:
    """Messages of one frame are handled in order, one at a time, whatever else goes first."""

    async def story() -> None:
        got: list[int] = []

        async def asker(message: Count | Told, meta: HandlerMetadata) -> Any:
            if isinstance(message, Told):
                got.append(int(message.text))
                return None
            return [send(Ask(str(n)), to="answerer") for n in range(message.n)]

        async def answerer(message: Ask) -> Told:
            return Told(message.text)

        settings: dict[str, Any] = {"thread_scheduling": "depth-first", "max_concurrent_handlers": 1}
        async with an_organism(asker, answerer, **settings) as organism:
            await organism.inject(Count(50), to="asker")
            await organism.settle()
            assert got == list(range(50))

    run(story())


def test_a_conversation_at_a_full_gate_is_in_nobodys_way() -> None:
    """A busy listener holds no place that another could use, in this order either."""

    async def story() -> None:
        let_go = asyncio.Event()
        inside: list[str] = []

        async def slow(message: Ask) -> None:
            inside.append(message.text)
            await let_go.wait()

        async def quick(message: Say) -> Told:
            return Told(message.text)

        listeners = [ListenerConfig(name="slow", handler=slow, concurrency=1), quick]
        async with an_organism(*listeners, thread_scheduling="depth-first", max_concurrent_handlers=2) as organism:
            for n in range(5):
                await organism.inject(Ask(str(n)))
            await eventually(lambda: bool(inside))
            assert await organism.ask(Say("x")) == Told("x")
            assert inside == ["0"]
            let_go.set()
            await organism.settle()
            assert inside == ["0", "1", "2", "3", "4"]

    run(story())


def test_nobody_waits_for_ever_behind_an_endless_conversation() -> None:
    """A conversation goes on only as far as its limits let it; then the others have their turn."""

    async def story() -> None:
        async def endless(message: Count) -> Any:
            return send(message, to="endless")

        async def echo(message: Say) -> Told:
            return Told(message.text)

        settings: dict[str, Any] = {"thread_scheduling": "depth-first", "limits": Limits(max_messages=200), **ONE_PLACE}
        async with an_organism(endless, echo, **settings) as organism:
            organism.pause()
            first = await organism.inject(Count(1))
            second = await organism.inject(Say("after it"))
            organism.resume()
            await organism.settle()
            assert (first.state, first.sent) == ("failed", 201)
            assert second.replies == [Told("after it")]

    run(story())


def test_a_message_that_is_refused_holds_nobody_up() -> None:
    """What the conversation served last has sent goes first; when it turns out that nobody takes it, others go on."""

    async def story() -> None:
        async def astray(message: Ask) -> Any:
            return [send(message, to="nobody"), send(message, to="nowhere")]

        async def echo(message: Say) -> Told:
            return Told(message.text)

        async with an_organism(astray, echo, thread_scheduling="depth-first", **ONE_PLACE) as organism:
            organism.pause()
            await organism.inject(Ask("x"), to="astray")
            others = [await organism.inject(Say(str(n))) for n in range(3)]
            organism.resume()
            await organism.settle()
            assert [each.replies for each in others] == [[Told("0")], [Told("1")], [Told("2")]]

    run(story())


def test_calls_nest_deeper_than_there_are_places() -> None:
    """A handler that waits in a call holds no place: 60 nested calls with one place finish, in this order too."""

    async def story() -> None:
        async def nested(message: Count, meta: HandlerMetadata) -> Told:
            if message.n == 0:
                return Told("bottom")
            return await meta.call(Count(message.n - 1), to="nested")  # type: ignore[no-any-return]

        async with an_organism(nested, thread_scheduling="depth-first", **ONE_PLACE) as organism:
            asked = [organism.ask(Count(60)) for _ in range(3)]
            assert await asyncio.gather(*asked) == [Told("bottom")] * 3

    run(story())


def test_a_pause_and_steps_keep_the_order() -> None:
    """`step` lets the one start that would have been next."""

    async def story() -> None:
        diary = Diary()
        async with an_organism(*diary.chain(3), thread_scheduling="depth-first", **ONE_PLACE) as organism:
            organism.pause()
            for text in "ab":
                await organism.inject(Say(text), to="level0")
            for n, expected in enumerate(["a0", "a1", "a2", "b0"], start=1):
                organism.step()
                await eventually(lambda n=n: len(diary.lines) == n)  # type: ignore[misc]
                assert diary.lines[-1] == expected

    run(story())
