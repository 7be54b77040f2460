"""Runs the steps of one transcript file against a target."""

import dataclasses
import time

from resp_client import Closed, ProtocolError, encode
from transcriptlib import cuts, grammar, notation
from transcriptlib.compare import ELAPSED_MS, matches

EVENTUALLY_LIMIT = 5.0
MAX_FAILURES = 5


@dataclasses.dataclass
class Result:
    path: str
    commands: int = 0
    skipped: int = 0  # Commands this target cannot answer, by @mydis or @redis-7.2.
    left_out: str = ""  # Why the whole file was left out.
    failures: list = dataclasses.field(default_factory=list)


class _Stop(Exception):
    """The rest of the file makes no sense after this failure."""


class _Connection:
    def __init__(self, client):
        self.client = client
        self.queued = b""


class Run:
    """One file on one target. Not reusable."""

    def __init__(self, file, target, snapshot=False):
        self.file, self.target = file, target
        self.snapshot = snapshot
        self.result = Result(file.path)
        self.connections = {}
        self.name = "main"
        self.variables = {}
        self.resp3 = set()

    def run(self):
        reason = self.why_not()
        if reason:
            self.result.left_out = reason
            return self.result
        steps = self.file.steps
        if self.snapshot and not self.file.has_cut:
            at = cuts.middle(steps)
            if at is None:
                self.result.left_out = "no place to cut"
                return self.result
            steps = steps[:at] + [grammar.Step(steps[at].line, "cut")] + steps[at:]
        self.target.reset()
        self.began = time.monotonic()
        try:
            for step in steps:
                self.step(step)
            self.check_nothing_unread()
        except _Stop:
            pass
        finally:
            self.close_all()
        return self.result

    def why_not(self):
        for name, reason in self.file.only.items():
            if self.not_here(name):
                return f"@{name}: {reason}"
        return None

    def not_here(self, modifier):
        version = self.target.redis_version
        return version is not None and (modifier == "mydis" or version < (7, 2))

    def fail(self, line, message, stop=False):
        self.result.failures.append(f"{self.file.path}:{line}: {message}")
        if stop or len(self.result.failures) >= MAX_FAILURES:
            raise _Stop

    def connection(self):
        if self.name not in self.connections:
            connection = self.connections[self.name] = _Connection(self.target.connect())
            if self.name in self.resp3:
                connection.client.call("HELLO", "3")
        return self.connections[self.name]

    def close_all(self):
        for connection in self.connections.values():
            connection.client.close()
        self.connections.clear()

    def step(self, step):
        if any(self.not_here(name) for name in ("mydis", "redis-7.2") if name in step.modifiers):
            self.result.skipped += 1
            return
        try:
            if step.kind in ("send", "receive", "queue"):
                self.command(step)
            elif step.kind == "cut":
                self.cut()
            else:
                self.directive(step)
        except notation.GrammarError as error:
            self.fail(step.line, str(error), stop=True)
        except TimeoutError:
            self.fail(step.line, f"no reply within the time limit to: {step.text}", stop=True)
        except (Closed, ProtocolError) as error:
            self.fail(step.line, f"{error}, after: {step.text}", stop=True)

    def words(self, step):
        return notation.split_words(notation.substitute(step.text, self.variables))

    def command(self, step):
        connection = self.connection()
        if step.kind == "queue":
            self.result.commands += 1
            connection.queued += encode(self.words(step))
            return
        if step.kind == "send":
            self.result.commands += 1
            connection.queued += encode(self.words(step))
        data, connection.queued = connection.queued, b""
        end = time.monotonic() + EVENTUALLY_LIMIT
        while True:
            if data:
                connection.client.send_bytes(data)
            replies = [connection.client.read() for _ in step.replies]
            self.variables[ELAPSED_MS] = int((time.monotonic() - self.began) * 1000) + 1
            wrong = [(e, r) for e, r in zip(step.replies, replies)
                     if not matches(e, r, step.modifiers.get("unordered"), self.variables)]
            if not wrong or "eventually" not in step.modifiers or time.monotonic() > end:
                break
            time.sleep(0.002)
        for expected, reply in wrong:
            self.fail(expected.line, describe(step, expected, reply))
        if "save" in step.modifiers and replies:
            kind, value = replies[0]
            if not isinstance(value, bytes):
                self.fail(step.line, f"@save takes a string or number, the reply is {kind}", stop=True)
            self.variables[step.modifiers["save"]] = value

    def flush(self):
        """What `>>` queued goes out before another connection or directive has its turn."""
        if self.name in self.connections:
            connection = self.connections[self.name]
            data, connection.queued = connection.queued, b""
            if data:
                connection.client.send_bytes(data)

    def directive(self, step):
        self.flush()
        kind = step.kind
        if kind == "@conn":
            self.name = step.text
        elif kind in ("@resp3", "@resp2"):
            (self.resp3.add if kind == "@resp3" else self.resp3.discard)(self.name)
            if kind == "@resp2" or self.name in self.connections:
                self.connection().client.call("HELLO", kind[-1])
        elif kind == "@close":
            self.connection().client.close()
            del self.connections[self.name]
        elif kind == "@closed":
            rest = self.connection().client.wait_closed()
            self.connections.pop(self.name).client.close()
            if rest:
                self.fail(step.line, f"before closing the server sent {notation.quote(rest)}")
        elif kind == "@raw":
            self.raw(step)
        elif kind == "@blocked":
            self.wait_blocked(step)

    def raw(self, step):
        data = notation.parse_string(notation.substitute(step.text[2:], self.variables))
        client = self.connection().client
        if step.text[0] == ">":
            client.send_bytes(data)
            return
        try:
            got = client.read_bytes(len(data))
        except (TimeoutError, Closed):
            got = client.unread()
        if got != data:
            self.fail(step.line, f"expected {notation.quote(data)}\n    got      "
                      f"{notation.quote(got + client.unread())}", stop=True)

    def wait_blocked(self, step):
        end = time.monotonic() + EVENTUALLY_LIMIT
        while (found := self.target.blocked_clients()) != int(step.text):
            if time.monotonic() > end:
                self.fail(step.line, f"INFO says {found} blocked clients, not {step.text}", stop=True)
            time.sleep(0.002)

    def cut(self):
        self.flush()
        self.check_nothing_unread()
        self.close_all()
        self.name = "main"
        if self.snapshot:
            self.target.cut()

    def check_nothing_unread(self):
        if self.result.failures:
            return  # What is left over follows from them.
        for name, connection in self.connections.items():
            rest = connection.client.unread()
            if rest:
                self.fail(self.file.steps[-1].line,
                          f"connection {name} has unread replies: {notation.quote(rest[:200])}")


def describe(step, expected, reply):
    wanted = "\n".join("    " + line for line in grammar.render_expected(expected))
    got = "\n".join("    " + line for line in notation.render(reply))
    return f"{step.text or 'read'}\n  expected\n{wanted}\n  got\n{got}"
