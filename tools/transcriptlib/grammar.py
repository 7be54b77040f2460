"""Reads transcript files into steps. The grammar is documented in tests/resp/README.md."""

import dataclasses
import re

from transcriptlib.notation import GrammarError

_AGGREGATE = re.compile(r"([*%~|>])(\d+)")
_REPLY = re.compile(r"""[+:,].*|-(?!--$).*|\#[tf]|\([+-]?\d+|\(nil\)|\(nil-array\)|\(null\)
                        |!?(?:".*"(?:\*\d+)?)|=[a-z]{3}:".*"|[*%~|>]\d+|@match\ .+|@left\ \d+(?:\ ms)?|@any""", re.VERBOSE)
# Directives that tell how the next command is run or compared.
_MODIFIERS = ("unordered", "eventually", "save", "mydis", "redis-7.2")
_ACTIONS = ("conn", "resp3", "resp2", "close", "closed", "raw", "blocked")


@dataclasses.dataclass
class Expected:
    """One expected reply: its line and, for an aggregate, the replies inside."""
    line: int
    text: str
    children: list


@dataclasses.dataclass
class Step:
    """A command (`send`, `queue`), a read (`receive`), a directive (`@…`) or a cut (`---`)."""
    line: int
    kind: str
    text: str = ""
    replies: list = dataclasses.field(default_factory=list)
    modifiers: dict = dataclasses.field(default_factory=dict)

    @property
    def word(self):
        """The command's first word, for those who need to know what it is."""
        return self.text.split(" ", 1)[0].upper()


@dataclasses.dataclass
class File:
    path: str
    steps: list
    lines: list
    only: dict  # {"mydis": reason} or {"redis-7.2": reason}: the whole file.

    @property
    def has_cut(self):
        return any(step.kind == "cut" for step in self.steps)


class _Parser:
    def __init__(self, path, text):
        self.path = path
        self.lines = text.split("\n")
        self.at = 0

    def fail(self, message, line=None):
        raise GrammarError(f"{self.path}:{(self.at if line is None else line) + 1}: {message}")

    def parse(self, need_replies):
        steps, only, modifiers = [], {}, {}
        while self.at < len(self.lines):
            line, number = self.lines[self.at], self.at
            self.at += 1
            if not line.strip() or re.match(r"#( |$)", line):
                continue
            if line.startswith("@"):
                name, _, rest = line[1:].partition(" ")
                if name in ("mydis", "redis-7.2") and rest.startswith("file "):
                    if steps:
                        self.fail(f"@{name} file stands before the first command", number)
                    only[name] = self.reason(name, rest[5:], number)
                elif name in _MODIFIERS:
                    modifiers[name] = self.modifier(name, rest.strip(), number)
                elif name in _ACTIONS:
                    if modifiers:
                        self.fail(f"@{next(iter(modifiers))} stands right before its command", number)
                    steps.append(self.action(name, rest.strip(), number))
                else:
                    self.fail(f"no directive @{name}", number)
                continue
            step = self.command(line, number, need_replies)
            step.modifiers, modifiers = modifiers, {}
            steps.append(step)
        if modifiers:
            self.fail(f"@{next(iter(modifiers))} is followed by no command", len(self.lines) - 2)
        return File(self.path, steps, self.lines, only)

    def reason(self, name, text, number):
        if not text.strip():
            self.fail(f"@{name} needs a reason on its line", number)
        return text.strip()

    def modifier(self, name, rest, number):
        if name in ("mydis", "redis-7.2"):
            return self.reason(name, rest, number)
        if name == "unordered":
            words = rest.split()
            pairs = "pairs" in words
            depth = [w for w in words if w != "pairs"] or ["1"]
            if len(depth) > 1 or not re.fullmatch("[1-9]", depth[0]):
                self.fail("@unordered takes a depth from 1 and the word pairs", number)
            return int(depth[0]), pairs
        if name == "save" and not re.fullmatch(r"[a-zA-Z0-9_]+", rest):
            self.fail("@save takes one name", number)
        if name == "eventually" and rest:
            self.fail("@eventually takes nothing", number)
        return rest

    def action(self, name, rest, number):
        wants = {"conn": r"[a-zA-Z0-9_]+", "blocked": r"\d+", "raw": r"[<>] \".*\"(\*\d+)?"}
        if not re.fullmatch(wants.get(name, ""), rest):
            self.fail(f"@{name} does not take {rest or 'nothing'}", number)
        return Step(number + 1, "@" + name, rest)

    def command(self, line, number, need_replies):
        if line == "---":
            return Step(number + 1, "cut")
        if line.startswith(">> "):
            return Step(number + 1, "queue", line[3:])
        if line.startswith("> ") or line == "<":
            step = Step(number + 1, "receive" if line == "<" else "send", line[2:])
            while self.at < len(self.lines) and _REPLY.fullmatch(self.lines[self.at]):
                step.replies.append(self.reply(0))
            if need_replies and not step.replies:
                self.fail("no reply stands below; fill it in with tools/transcript record", number)
            return step
        self.fail("neither a command (> ), a reply to one, a directive (@) nor a comment (# )", number)

    def reply(self, depth):
        if self.at >= len(self.lines):
            self.fail("the aggregate above lacks elements")
        line, number = self.lines[self.at], self.at
        indent = "  " * depth
        text = line[len(indent):]
        if not line.startswith(indent) or not _REPLY.fullmatch(text):
            self.fail(f"not a reply indented by {2 * depth} spaces; is the number above right?")
        self.at += 1
        if text.startswith("@match "):
            try:
                re.compile(text[7:])
            except re.error as error:
                self.fail(f"@match: {error}", number)
        head = _AGGREGATE.fullmatch(text)
        children = []
        if head:
            count = int(head.group(2)) * (2 if head.group(1) in "%|" else 1)
            children = [self.reply(depth + 1) for _ in range(count)]
        return Expected(number + 1, text, children)


def parse(path, text, need_replies=True):
    """A File. Raises GrammarError with file and line."""
    return _Parser(path, text).parse(need_replies)


def render_expected(expected, depth=0):
    lines = ["  " * depth + expected.text]
    for child in expected.children:
        lines += render_expected(child, depth + 1)
    return lines
