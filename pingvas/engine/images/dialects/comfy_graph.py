"""A graph of ComfyUI, as nodes whose inputs are values or links to an output of another node; and ways along its links.

Every walk visits a node once, so a circle ends and work grows with the graph. A link to nowhere leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

MAX_NODES = 5_000
MAX_INPUTS = 100
_FAR = 200
"""Nodes that are looked at for one value: they stand near where it is used."""
_MAX_WORDS = 100_000
_WORDS = (
    "text", "value", "string", "String", "STRING", "prompt", "populated_text", "text_g", "text_l", "t5xxl",
    "clip_l", "clip_g", "llama", "string_a", "string_b", "text_a", "text_b", "text_c", "text_d", "string1", "string2",
)  # fmt: skip
_DELIMITERS = ("delimiter", "separator")
# Encoders with one text for each of their networks: the fullest first, and one that repeats it is not said twice.
_ENCODERS = ("t5xxl", "text_g", "text_l", "clip_g", "clip_l", "llama")
_NO_WORDS = frozenset({"ConditioningZeroOut"})


class Link(NamedTuple):
    """Output `slot` of node `node`."""

    node: str
    slot: int


@dataclass(frozen=True)
class Node:
    """`kind` is its class, `inputs` values or links."""

    kind: str
    inputs: Mapping[str, Any]


Graph = Mapping[str, Node]


def graph_of(found: Mapping[str, Any]) -> dict[str, Node]:
    """The nodes of the form that is run (`prompt`); empty when it is no graph."""
    nodes: dict[str, Node] = {}
    for name, node in islice(found.items(), MAX_NODES):
        if (
            isinstance(node, dict)
            and isinstance(node.get("class_type"), str)
            and isinstance(node.get("inputs"), dict)
        ):
            inputs = {str(key): _value(value) for key, value in islice(node["inputs"].items(), MAX_INPUTS)}
            nodes[str(name)] = Node(node["class_type"], inputs)
    return nodes


def _value(value: Any) -> Any:
    """A link stands as [node, output]."""
    if (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str | int)
        and type(value[1]) is int
    ):
        return Link(str(value[0]), value[1])
    return value


def node_at(graph: Graph, value: Any) -> Node | None:
    """The node that a link leads to."""
    return graph.get(value.node) if isinstance(value, Link) else None


def links_of(node: Node) -> Iterator[Link]:
    """Its inputs that are links."""
    return (value for value in node.inputs.values() if isinstance(value, Link))


def chain(graph: Graph, value: Any, names: Iterable[str]) -> Iterator[Node]:
    """Nodes one behind the other from a link on: each is entered by the first of these inputs that is a link, or else by
    its only link, as through a reroute."""
    wanted, seen = tuple(names), set[str]()
    while isinstance(value, Link) and value.node not in seen and (node := graph.get(value.node)) is not None:
        seen.add(value.node)
        yield node
        through = [node.inputs[name] for name in wanted if isinstance(node.inputs.get(name), Link)]
        others = list(links_of(node))
        value = through[0] if through else others[0] if len(others) == 1 else None


def behind(graph: Graph, value: Any) -> Iterator[Node]:
    """Every node that a link leads to, near ones first."""
    waiting, seen, place = [value], set[str](), 0
    while place < len(waiting):
        link = waiting[place]
        place += 1
        if not isinstance(link, Link) or link.node in seen or (node := graph.get(link.node)) is None:
            continue
        seen.add(link.node)
        yield node
        waiting.extend(links_of(node))


def find_value(graph: Graph, value: Any, names: Iterable[str], kind: type | tuple[type, ...]) -> Any:
    """The value itself, or the first of these inputs that is one on the way behind it; None: there is none."""
    wanted = tuple(names)
    if isinstance(value, kind) and not isinstance(value, bool | Link):
        return value
    for node in islice(behind(graph, value), _FAR):
        for name in wanted:
            said = node.inputs.get(name)
            if isinstance(said, kind) and not isinstance(said, bool | Link):
                return said
    return None


def words_behind(graph: Graph, value: Any, side: str) -> str | None:
    """The words that a conditioning was made from, parts one after the other; None: there are none to be found.

    `side` is `positive` or `negative`: nodes that have both give each its own way.
    """
    return _Words(graph, side).of(value)


class _Words:
    """One walk: what it has seen, and how much it has gathered."""

    def __init__(self, graph: Graph, side: str) -> None:
        self.graph, self.side = graph, side
        self.seen = set[str]()
        self.room = _MAX_WORDS

    def of(self, value: Any) -> str | None:
        """Depth first over a list instead of the stack of Python, which a long graph would use up."""
        found: list[str] = []
        delimiter = ", "
        waiting = [value]
        while waiting and self.room > 0:
            each = waiting.pop()
            if isinstance(each, str):
                if each.strip() and each not in found[-len(_ENCODERS) :]:
                    found.append(each[: self.room])
                    self.room -= len(each)
                continue
            if not isinstance(each, Link) or each.node in self.seen:
                continue
            self.seen.add(each.node)
            node = self.graph.get(each.node)
            if node is None or node.kind in _NO_WORDS:
                continue
            joined = next(
                (node.inputs[name] for name in _DELIMITERS if isinstance(node.inputs.get(name), str)), None
            )
            delimiter = delimiter if joined is None else joined[:10]
            waiting.extend(reversed(self._onward(node)))
        return delimiter.join(found) if found else None

    def _onward(self, node: Node) -> list[Any]:
        """Texts and links of a node that may hold words, in the order in which they are said."""
        if self.side in node.inputs:
            return [node.inputs[self.side]]
        if any(name in node.inputs for name in _ENCODERS):
            return [node.inputs[name] for name in _ENCODERS if name in node.inputs]
        said = [node.inputs[name] for name in _WORDS if isinstance(node.inputs.get(name), str | Link)]
        numbered = [
            value
            for name, value in node.inputs.items()
            if name.startswith(("text_", "string_")) and name not in _WORDS
        ]
        if said or any(isinstance(value, Link) for value in numbered):
            return said + [value for value in numbered if isinstance(value, Link)]
        conditioning = [value for name, value in node.inputs.items() if name.startswith("conditioning")]
        return [each for each in conditioning if isinstance(each, Link)] or list(links_of(node))
