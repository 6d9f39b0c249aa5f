"""What a conversation with branches is, told as simply as possible: nodes that know their parent, and a head.

The product keeps a list of stored turns; nothing here does.
"""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Node:
    """A question with its answer, something overheard, or a reset."""

    kind: str  # "question", "overheard", "reset"
    parent: "Node | None"
    message: str = ""
    text: str = ""
    answer: str = ""
    id: str = ""  # of the turn, for what can be pressed
    shown: str = ""  # the message that shows its answer


@dataclass
class ModelTree:
    """The conversation so far, in the order in which things came to be."""

    nodes: list[Node] = field(default_factory=list)
    head: Node | None = None

    def path(self, node: Node | None) -> list[Node]:
        """Oldest first."""
        way = []
        while node is not None:
            way.append(node)
            node = node.parent
        return way[::-1]

    def seen(self, node: Node | None) -> list[str]:
        """The words that a model is shown of what stands there."""
        words: list[str] = []
        for one in self.path(node):
            if one.kind == "reset":
                words = []
            words += [word for word in (one.text, one.answer) if word]
        return words

    @property
    def path_to_head(self) -> list[Node]:
        return self.path(self.head)

    @property
    def newest(self) -> Node | None:
        """The question that stands at the end of what models see."""
        for one in reversed(self.path_to_head):
            if one.kind != "overheard":
                return one if one.kind == "question" else None
        return None

    @property
    def since(self) -> list[Node]:
        """What was overheard after the last answer or reset."""
        found: list[Node] = []
        for one in reversed(self.path_to_head):
            if one.kind != "overheard":
                break
            found.insert(0, one)
        return found

    @property
    def questions(self) -> list[Node]:
        return [one for one in self.nodes if one.kind == "question"]

    def add(self, node: Node, *, head: bool = True) -> Node:
        self.nodes.append(node)
        if head:
            self.head = node
        return node

    def carry(self, since: list[Node]) -> None:
        """What was said since the last answer comes along."""
        for one in since:
            self.add(Node("overheard", self.head, one.message, one.text))

    def instead(self, old: Node, node: Node) -> None:
        since, newest = self.since, self.newest is old
        node.parent = old.parent
        self.add(node, head=newest)
        if newest:
            self.carry(since)

    def go_on(self, node: Node) -> None:
        since = self.since
        self.head = node
        self.carry(since)

    def change(self, message: str, text: str) -> None:
        for one in self.nodes:
            if one.message == message:
                one.text = text

    def delete(self, message: str) -> None:
        def stays(node: Node | None) -> Node | None:
            while node is not None and node.message == message:
                node = node.parent
            return node

        self.head = stays(self.head)
        self.nodes = [one for one in self.nodes if one.message != message]
        for one in self.nodes:
            one.parent = stays(one.parent)

    def place(self, node: Node) -> str:
        """The number of an answer among those that follow the same one: "2/3", "" where it is alone."""
        beside = [one for one in self.questions if self._follows(one) is self._follows(node)]
        return f"{beside.index(node) + 1}/{len(beside)}" if len(beside) > 1 else ""

    def _follows(self, node: Node) -> Node | None:
        before = node.parent
        while before is not None and before.kind != "question":
            before = before.parent
        return before
