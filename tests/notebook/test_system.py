"""The pump's own listeners from a notebook: as peers in YAML, and by name in a cell."""

from __future__ import annotations

PRIMITIVES = "from xpipe_nb.primitives import BufferStart, SequenceComplete, SequenceRequest, SequenceStart"

AGENT = """\
@xp.listener(agent=True)
async def planner(message: Greeting | SequenceComplete, meta):
    if isinstance(message, SequenceComplete):
        return message.final_result
    return send(SequenceRequest(["shouter"], message), to="system.sequence.factory")
"""

TEAM = """\
%%organism team
listeners:
  - {name: planner, handler: planner, peers: [system.sequence.factory, shouter]}
  - shouter
"""


def test_a_cell_orders_a_sequence_and_a_buffer(hello) -> None:
    """A payload of `xpipe_nb.primitives` is written like any other, in Python or as XML, and its results are shown."""
    hello(PRIMITIVES)
    ran = hello('%inject system.sequence SequenceStart(["shouter"], Greeting("World"))')
    assert "SequenceComplete" in ran.text
    assert "Shout(text='WORLD')" in ran.text
    assert "system.sequence ▸ shouter · 2 messages" in ran.text
    ran = hello('%inject system.buffer BufferStart("shouter", [Greeting("a"), Greeting("b")])')
    assert ran.text.index("Shout(text='A')") < ran.text.index("Shout(text='B')")
    item = "<Greeting><Name>World</Name></Greeting>"
    body = f"<SequenceRequest><Steps>shouter</Steps><Payload>{item}</Payload></SequenceRequest>"
    assert "Shout(text='WORLD')" in hello(f"%%inject system.sequence.factory\n{body}").text


def test_what_is_wrong_with_an_order_is_told_in_the_cell(hello) -> None:
    """A step that does not exist is named with the nearest word; so is a system listener that does not."""
    hello(PRIMITIVES)
    text = hello('%inject system.sequence SequenceStart(["shoutr"], Greeting("World"))').text
    assert "Did you mean shouter?" in text
    said = hello('%inject system.sequense SequenceStart(["shouter"], Greeting("World"))').said
    assert "No listener 'system.sequense' in hello. Did you mean system.sequence?" in said


def test_an_organism_names_them_as_peers(hello) -> None:
    """`peers: [system.sequence.factory]` is read, drawn as `system`, and works."""
    hello(PRIMITIVES)
    hello("from xpipe_nb import send")
    hello(AGENT)
    picture = hello(TEAM).outputs[0]["data"]["text/plain"]
    assert "system.sequence.factory" in picture
    assert "Shout(text='WORLD')" in hello('%inject team/planner Greeting("World")').text
    assert "2 listeners" in hello("repr(team)").value
    hello("%organism stop team")
