"""Which commands of docs/commands.md no transcript has."""

import re

# Ends the server that it is sent to: tests/cluster/startup_test.py and restart_test.py have it.
_ELSEWHERE = {"SHUTDOWN"}
_PREFIXES = {"STRONG": 1, "EVENTUAL": 1, "ONCE": 2, "ATLEAST": 2}  # With so many words each.


def documented(reference):
    """The commands that the text of docs/commands.md has, in upper case."""
    return set(re.findall(r"^### (.+)$", reference, re.MULTILINE))


def sent(transcript):
    """The first word of each command of a transcript's text, and its first two."""
    found = set()
    for line in transcript.splitlines():
        command = re.match(r">>? (.*)", line)
        words = command.group(1).upper().split() if command else []
        while words:
            found |= {words[0], " ".join(words[:2])}
            if words[0] not in _PREFIXES:
                break
            words = words[_PREFIXES[words[0]]:]
    return found


def missing(reference, transcripts):
    found = set().union(*map(sent, transcripts))
    return sorted(documented(reference) - found - _ELSEWHERE)
