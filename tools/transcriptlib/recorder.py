"""Fills the replies of a transcript in from a real server."""

from resp_client import encode
from transcriptlib import grammar, notation
from transcriptlib.compare import matches
from transcriptlib.runner import Run

_SUBSCRIBE = ("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE")


class Recorder(Run):
    """Runs a file and notes what should stand below each command.

    Without `update` only commands with no reply below get one; with it, wrong ones are replaced too.
    """

    def __init__(self, file, target, update=False):
        super().__init__(file, target)
        self.update = update
        self.changes = []  # (line of the command, number of lines to replace, new lines)
        self.unread = {}  # Replies still to come for commands sent with >>, by connection.

    def command(self, step):
        waiting = self.unread.get(self.name, 0)
        if step.kind == "queue":
            self.unread[self.name] = waiting + 1
            super().command(step)
            return
        if step.replies and not self.update:
            self.unread[self.name] = 0
            super().command(step)
            return
        connection = self.connection()
        words = self.words(step)
        if step.kind == "send":
            connection.queued += encode(words)
        data, connection.queued = connection.queued, b""
        connection.client.send_bytes(data)
        count = len(step.replies) or waiting + (step.kind == "send" and self.own_replies(words))
        count = count or 1  # `<` waits for something; what it is, is to be noted.
        replies = [connection.client.read() for _ in range(count)]
        self.unread[self.name] = 0
        if "save" in step.modifiers and replies:
            self.variables[step.modifiers["save"]] = replies[0][1]
        if step.replies and all(
                matches(e, r, step.modifiers.get("unordered"), self.variables)
                for e, r in zip(step.replies, replies)):
            return
        old = sum(len(grammar.render_expected(e)) for e in step.replies)
        self.changes.append((step.line, old, [line for r in replies for line in notation.render(r)]))

    def own_replies(self, words):
        if words and words[0].decode(errors="replace").upper() in _SUBSCRIBE:
            return max(1, len(words) - 1)
        return 1

    def text(self):
        """The file's text with the changes made."""
        lines = list(self.file.lines)
        for line, old, new in sorted(self.changes, reverse=True):
            lines[line:line + old] = new
        return "\n".join(lines)
