"""Sequences of commands with placeholders, written as RESP many times over with other numbers.

A command is a line of words separated by spaces. In a word may stand

    <key>          a number at random out of one of RANGES, or of LOW-HIGH: <100-799>
    <a=key>        the same, and it has a name in this sequence
    <a>, <a+99>    the number of that name again, or so much more
    <n>            counts; for filling
    <seq>          counts on and on: never the same twice, over all connections
    <conn>         the number of the connection, of two digits

A number has always as many digits as the others in its place, none of them a zero at the front: so
it is valid where a command takes an integer, and the command's length does not change. That is why
RANGES begin at the number of keys, a power of ten: with 100000 keys they are called 100000 to 199999.
What no word can be (a script, the payload of RESTORE) stands in `values`, here as $NAME.
"""

import dataclasses
import itertools
import random
import re

KEYS = 100000  # The default; a power of ten, at least 10000.
_PLACEHOLDER = re.compile(r"<(?:(\w+)=)?(?:(\d+)-(\d+)|(\w+)(?:\+(\d+))?)>")
_sequence = itertools.count(10 ** 11)


def ranges(keys):
    """What the names of ranges stand for: (lowest, how many)."""
    return {
        "key": (keys, keys),  # Any key, field or member.
        "few": (keys // 100, keys // 100),  # Keys of which there are few, as they hold much.
        "index": (keys // 10, keys * 8 // 10),  # A position in what has `keys` elements.
    }


@dataclasses.dataclass
class _Source:
    """Where a number comes from: at random, or a counter."""
    kind: str  # "random", "n", "seq" or "conn"
    low: int = 0
    count: int = 0

    def value(self, connection, n):
        if self.kind == "random":
            return self.low + int(random.random() * self.count)
        if self.kind == "seq":
            return next(_sequence)
        return n if self.kind == "n" else 10 + connection


class Template:
    """A sequence of commands, ready to be written `repeat` times in a row."""

    def __init__(self, commands, repeat, keys=KEYS, values=None, counts_from=0):
        self.repeat = repeat
        self._counts_from = counts_from
        self._ranges = ranges(keys)
        self._sources = []
        self._slots = []  # (index of the source, what is added), in the order of the text.
        self._named = {}
        unit = b"".join(self._compile(command, values or {}) for command in commands)
        self._text = unit * repeat
        self.grows = any(source.kind == "seq" for source in self._sources)

    def _compile(self, command, values):
        """The command as RESP, with %d for each number."""
        words = [self._word(word, values) for word in command.split(" ")]
        return b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (length, text) for text, length in words)

    def _word(self, word, values):
        """A word with %d for each number, and how long it will be."""
        if word.startswith("$") and len(word) > 1:
            value = values[word[1:]]
            return value.replace(b"%", b"%%"), len(value)
        length = 0

        def place(match):
            nonlocal length
            index = self._place(match)
            length += self._digits(index) - len(match.group())
            return "%d"
        length += len(word)
        return _PLACEHOLDER.sub(place, word.replace("%", "%%")).encode(), length

    def _place(self, match):
        """Notes that a number stands here, and gives the index of its source."""
        name, low, high, word, plus = match.groups()
        if word in self._named:
            index = self._named[word]
        else:
            index = len(self._sources)
            self._sources.append(self._source(low, high, word))
            if name:
                self._named[name] = index
        self._slots.append((index, int(plus or 0)))
        return index

    def _source(self, low, high, word):
        if low:
            assert len(low) == len(high), f"<{low}-{high}>: not the same number of digits"
            return _Source("random", int(low), int(high) - int(low) + 1)
        if word in ("n", "seq", "conn"):
            return _Source(word)
        return _Source("random", *self._ranges[word])

    def _digits(self, index):
        source = self._sources[index]
        if source.kind == "random":
            return len(str(source.low))
        return {"n": len(str(self._counts_from)), "seq": 12, "conn": 2}[source.kind]

    def batch(self, connection=0, done=0):
        """The bytes of the sequence, `repeat` times; <n> counts on from where `done` are done."""
        first = self._counts_from + done
        values = []
        slots, sources = self._slots, self._sources
        for i in range(self.repeat):
            numbers = [source.value(connection, first + i) for source in sources]
            values += [numbers[index] + plus for index, plus in slots]
        return self._text % tuple(values)

