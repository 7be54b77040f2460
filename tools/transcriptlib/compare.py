"""Compares a reply with what a transcript expects."""

import re

from transcriptlib import notation


# No name that @save takes: how long ago the file began.
ELAPSED_MS = "@elapsed"
_LEFT = re.compile(r"@left (\d+)( ms)?")


def _is_left(given, unit_ms, reply, elapsed_ms):
    """Whether so much of a deadline that was `given` in this file can be left, rounded as Redis rounds."""
    left = re.fullmatch(r":(\d+)", notation.scalar(reply))
    least = (given * unit_ms - elapsed_ms + unit_ms // 2) // unit_ms
    return left is not None and least <= int(left[1]) <= given


def matches(expected, reply, unordered=None, variables=None, depth=0):
    """Whether the reply is as expected. unordered is (depth, pairs) or None."""
    text = expected.text
    if text == "@any":
        return True
    if text.startswith("@match "):
        pattern = notation.substitute(text[7:], variables or {})
        return re.fullmatch(pattern, notation.scalar(reply)) is not None
    left = _LEFT.fullmatch(text)
    if left:
        return _is_left(int(left[1]), 1 if left[2] else 1000, reply, (variables or {}).get(ELAPSED_MS, 0))
    kind, value = reply
    if not isinstance(value, list):
        return _same_scalar(notation.substitute(text, variables or {}), reply)
    if text != notation.scalar(reply):
        return False
    children = expected.children
    inner = (unordered, variables, depth + 1)
    if unordered is None or unordered[0] != depth + 1:
        return all(matches(e, r, *inner) for e, r in zip(children, value))
    if kind == "%" or unordered[1]:
        if len(value) % 2:
            return False
        return _match_groups(list(zip(children[::2], children[1::2])),
                             list(zip(value[::2], value[1::2])), inner)
    return _match_groups([(e,) for e in children], [(r,) for r in value], inner)


def _same_scalar(text, reply):
    """Strings are compared by their bytes, so that each may be written in several ways."""
    kind, value = reply
    if kind == "$" and text.startswith('"'):
        return notation.parse_string(text) == value
    return text == notation.scalar(reply)


def _match_groups(expected, replies, inner):
    """A perfect matching, exact values first so that patterns take what is left."""
    expected = sorted(expected, key=lambda group: any(e.text.startswith("@") for e in group))
    left = list(replies)
    for group in expected:
        for i, reply in enumerate(left):
            if all(matches(e, r, *inner) for e, r in zip(group, reply)):
                del left[i]
                break
        else:
            return False
    return not left
