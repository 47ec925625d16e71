"""What a graph looks like as data, text, DOT, SVG and PNG, whatever names and descriptions hold."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pygraphviz import AGraph

from tests.support import fresh_python
from xpipe_nb.listeners import Listener
from xpipe_nb.views import Edge, Graph, Node, graph_of
from xpipe_nb.views.lettering import printable, text_width, wrapped

HELLO = Graph(
    (
        Node("greeter", "tool", "Greets politely, loudly.", ("Greeting",)),
        Node("shouter", "tool", "Shouts.", ("Greeting",)),
    ),
    (Edge("greeter", "shouter"),),
    title="hello",
    note="running · 2 listeners",
)
SVG = "{http://www.w3.org/2000/svg}"
KINDS = ["agent", "tool", "cpu_bound", "system", "port", "person"]
texts = st.text(st.characters(), max_size=80) | st.sampled_from(
    ['"', "\\", "\\N", "<b>x</b>", "<", "&amp;", "]]>", "\x00", "a\nb", "{a|b}", "漢字", "🎈"]
)


def shown(svg: str) -> list[str]:
    root = etree.fromstring(svg)
    return [element.text or "" for element in root.iter(f"{SVG}text", f"{SVG}title")]


def plain(*_: object) -> None:
    """A handler."""


def test_a_graph_draws_an_edge_for_each_declared_peer_and_nothing_for_what_is_not_known() -> None:
    """Edges come from peers: a plain listener without peers, and `*`, draw nothing."""
    graph = graph_of(
        [
            Listener(
                name="planner", handler=plain, agent=True, peers=("tool", "planner"), accepts={"Q": int, "A": str}
            ),
            Listener(name="tool", handler=plain, description="Does it."),
            Listener(name="open", handler=plain, peers=("*",)),
            Listener(name="heavy", handler=plain, cpu_bound=True),
        ],
        title="team",
    )
    assert graph.edges == (Edge("planner", "tool"), Edge("planner", "planner"))
    assert [node.kind for node in graph.nodes] == ["agent", "tool", "tool", "cpu_bound"]
    assert graph.nodes[0].accepts == ("A", "Q")
    assert (graph.title, graph.nodes[1].description) == ("team", "Does it.")


def test_the_text_lists_each_node_with_its_targets_below() -> None:
    """The text is the adjacency list that a terminal and a screen reader show."""
    assert HELLO.to_text() == (
        "hello: running · 2 listeners\n"
        "  greeter  tool  takes Greeting  Greets politely, loudly.\n"
        "    -> shouter\n"
        "  shouter  tool  takes Greeting  Shouts."
    )


def test_an_empty_graph_says_so_and_is_still_a_picture() -> None:
    """No listeners is a state like any other."""
    assert Graph(()).to_text() == "no listeners"
    assert etree.fromstring(Graph((), title="hello").to_svg()).tag == f"{SVG}svg"
    assert Graph(()).to_png().startswith(b"\x89PNG")


def test_an_edge_to_somebody_unknown_is_not_drawn() -> None:
    """A picture never invents a node."""
    graph = Graph((Node("a"),), (Edge("a", "b"), Edge("b", "a")))
    assert "->" not in graph.to_text()
    assert "->" not in graph.to_dot()
    assert len(list(etree.fromstring(graph.to_svg()).iter(f"{SVG}path"))) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_shape_in_both_pictures_and_a_word_in_the_text(kind: str) -> None:
    """Kind is told by shape and by word."""
    graph = Graph((Node("one", kind),))  # type: ignore[arg-type]
    assert kind in shown(graph.to_svg())
    assert kind in graph.to_text()
    assert kind in graph.to_dot()


def test_the_svg_holds_presentation_attributes_only() -> None:
    """No style, no class, no id, no script and no reference: nothing that a page could clash with or refuse."""
    root = etree.fromstring(HELLO.to_svg())
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not attributes & {"style", "class", "id", "href", "onclick"}
    assert {etree.QName(element).localname for element in root.iter()} == {"svg", "g", "rect", "path", "text", "title"}
    assert root.get("aria-label") == "hello: running · 2 listeners"


def test_the_same_graph_gives_the_same_bytes_in_another_process() -> None:
    """A saved notebook does not change because it was run again."""
    program = "from tests.views.test_graph import HELLO; import base64; print(HELLO.to_svg()); print(base64.b64encode(HELLO.to_png()).decode())"
    done = fresh_python("-c", program)
    svg, png = done.stdout.splitlines()
    assert svg == HELLO.to_svg()
    assert base64.b64decode(png) == HELLO.to_png()


def test_what_the_font_library_complains_about_does_not_reach_the_person() -> None:
    """Drawing writes nothing to standard error, and gives it back afterwards."""
    done = fresh_python(
        "-c", "import os; from xpipe_nb.views import *; Graph((Node('a'),)).to_png(); os.write(2, b'mine')"
    )
    assert done.stderr == "mine"


def test_the_pictures_need_no_dot_program() -> None:
    """Graphviz's library comes with the wheel: an empty PATH changes nothing."""
    program = "from xpipe_nb.views import *; g = Graph((Node('a'), Node('b')), (Edge('a', 'b'),)); g.to_svg(); print(len(g.to_png()) > 0)"
    assert fresh_python("-c", program, PATH="").stdout == "True\n"


@given(texts)
def test_any_description_is_shown_whole_by_a_well_formed_svg(description: str) -> None:
    """Quotes, backslashes, markup and control characters are text like any other; what XML cannot carry is replaced."""
    svg = Graph((Node("one", "agent", description),), title=description).to_svg()
    told = [text for text in shown(svg) if text.startswith("one (agent)")]
    assert told == [f"one (agent). {printable(description)}" if printable(description) else "one (agent)"]


@settings(max_examples=25)
@given(texts, st.sampled_from(["node", "graph", "strict", "a.b", "x-1", "digraph"]))
def test_any_description_and_name_gives_dot_that_graphviz_reads(description: str, name: str) -> None:
    """The DOT text names the nodes as they are, even by words of the language itself, and draws."""
    graph = Graph((Node(name, "tool", description, ("T",)), Node("other")), (Edge(name, "other"),), title=description)
    read = AGraph(string=graph.to_dot())
    assert sorted(read.nodes()) == sorted([name, "other"])
    assert [tuple(edge) for edge in read.edges()] == [(name, "other")]
    assert graph.to_png().startswith(b"\x89PNG")


def boxes(svg: str) -> Iterator[tuple[float, float, float, float]]:
    """Give left, top, right and bottom of each node of a picture, read from its outline."""
    for group in etree.fromstring(svg).iter(f"{SVG}g"):
        if (place := re.fullmatch(r"translate\((\S+) (\S+)\)", group.get("transform"))) and group.find(
            f"{SVG}title"
        ) is not None:
            left, top = map(float, place.groups())
            right, bottom = re.fullmatch(r"M0,0H([\d.]+)V([\d.]+)H0z", group.find(f"{SVG}path").get("d")).groups()
            yield left, top, left + float(right), top + float(bottom)


def test_nodes_do_not_overlap_and_stay_inside_the_picture() -> None:
    """Twelve nodes and their edges have room."""
    names = [f"listener{number}" for number in range(12)]
    edges = tuple(Edge(a, b) for at, a in enumerate(names) for b in names[at + 1 :: 5])
    svg = Graph(tuple(Node(name, "tool", "Says something of middle length.") for name in names), edges).to_svg()
    found = list(boxes(svg))
    assert len(found) == 12
    for at, (left, top, right, bottom) in enumerate(found):
        assert left >= -1
        assert top >= -1
        for other in found[at + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


@given(st.text(max_size=200), st.integers(5, 40), st.integers(1, 3))
def test_wrapped_text_keeps_its_bounds_and_its_beginning(text: str, columns: int, lines: int) -> None:
    """No line is longer than asked, there are no more lines than asked, and only a cut text ends in an ellipsis."""
    rows = wrapped(printable(text), columns, lines)
    assert len(rows) <= lines
    assert all(len(row) <= columns for row in rows)
    whole, got = "".join(printable(text).split()), "".join("".join(rows).split())
    assert got == whole or (got.endswith("…") and whole.startswith(got[:-1]))


def test_width_grows_with_size_weight_and_width_of_the_letters() -> None:
    """The estimate needs no font, yet knows what is wide."""
    assert text_width("iii", 11) < text_width("nnn", 11) < text_width("mmm", 11) < text_width("漢漢漢", 11)
    assert text_width("name", 12, bold=True) > text_width("name", 12)
