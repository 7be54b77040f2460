"""Writes a shrunk difference as a transcript (tests/resp/README.md) with Redis's replies."""

import re

from transcriptlib import notation

_PLAIN = re.compile(rb"[!#-&(-~][!-~]*")


def _word(data):
    if _PLAIN.fullmatch(data) and b"${" not in data:
        return data.decode()
    if len(data) > 20 and len(set(data)) == 1:
        return f"{notation.quote(data[:1])}*{len(data)}"
    return notation.quote(data)


def _lines(reply):
    return notation.render(reply)


def transcript(settings, resp3, steps, replies, difference, title):
    """`replies` are pairs (ours, theirs) of the steps up to the difference."""
    lines = [f"# {title}"]
    if settings:
        lines += ["> CONFIG SET " + " ".join(f"{name} {value}" for name, value in settings.items()), "+OK"]
    if resp3:
        lines.append("@resp3")
    for step, (_, theirs) in zip(steps, replies):
        lines += ["> " + " ".join(map(_word, step.words)), *_lines(theirs)]
    if difference.words == [b"EVENTS"]:
        lines += ["# Redis's events from here on:"] + ["#   " + line for line in _lines(difference.theirs)]
    lines.append("# Mydis:" if not difference.queued else f"# Mydis, to {b' '.join(difference.words[:1]).decode()}:")
    lines += ["#   " + line for line in _lines(difference.ours)]
    return "\n".join(lines) + "\n"
