"""Redis and Mydis side by side: the same commands to both, every reply compared."""

import dataclasses
import itertools

from resp_client import Client, Closed, ProtocolError, encode

_CHUNK = 48


@dataclasses.dataclass
class Difference:
    """Where the two part. `queued`: the command inside of a transaction whose reply differs."""
    step: int
    words: list
    ours: tuple
    theirs: tuple
    queued: bool = False

    def signature(self):
        """Differences that look the same probably are."""
        if self.words == [b"EVENTS"]:
            return "EVENTS", *[str(reply[1][1:2]) for reply in (self.ours, self.theirs)]
        kinds = [reply[1][:30] if reply[0] in "-+" else reply[0] for reply in (self.ours, self.theirs)]
        return self.words[0].upper() if self.words else b"", *map(str, kinds)


class Gone(Exception):
    """Mydis has closed the connection or does not answer."""


_LAST_EVENT = b"__keyend__:"  # A channel that the listener's pattern fits too.


class _Side:
    """One server: the connection for commands, and one that hears its keyspace events."""

    def __init__(self, server):
        self.client = server.connect()
        self.send = self.client.send_bytes
        self._listener = server.connect()
        self._listener.call("PSUBSCRIBE", "__key*__:*")
        self._publisher = server.connect()

    def events(self):
        """All since the last time, as (channel, text)."""
        self._publisher.call("PUBLISH", _LAST_EVENT, "")
        events = []
        while True:
            _, (_, _, (_, channel), (_, text)) = self._listener.read()
            if channel == _LAST_EVENT:
                return events
            events.append((channel, text))

    def close(self):
        for client in (self.client, self._listener, self._publisher):
            client.close()

    def replies(self, count):
        return [self.client.read() for _ in range(count)]


class Pair:
    """Two connections. Not for several threads."""

    def __init__(self, mydis, redis, rules):
        self.servers = mydis, redis
        self.rules = rules
        self.settings = {}
        self.connect()

    def connect(self):
        self.mydis, self.redis = map(_Side, self.servers)

    def close(self):
        self.mydis.close()
        self.redis.close()

    def both(self, commands):
        """Replies of both, in pairs."""
        data = b"".join(map(encode, commands))
        self.redis.send(data)
        try:
            self.mydis.send(data)
            try:
                theirs = self.redis.replies(len(commands))
            except (Closed, ProtocolError, TimeoutError) as error:
                raise RuntimeError(f"redis-server: {error}, to {commands}") from error
            ours = self.mydis.replies(len(commands))
        except (Closed, ProtocolError, TimeoutError) as error:
            raise Gone(str(error)) from error
        return list(zip(ours, theirs))

    def prepare(self, settings, resp3):
        """Both empty, with these settings, as after the start."""
        commands = [[b"RESET"], [b"FLUSHALL"], [b"SCRIPT", b"FLUSH"], [b"FUNCTION", b"FLUSH"]]
        if settings != self.settings:
            changed = [word for name, value in settings.items() for word in (name, value)]
            commands.append([b"CONFIG", b"SET", *changed])
            self.settings = dict(settings)
        if resp3:
            commands.append([b"HELLO", b"3"])
        for command, (ours, theirs) in zip(commands, self.both(commands)):
            if command[0] in (b"CONFIG", b"FLUSHALL") and (ours, theirs) != (("+", b"OK"),) * 2:
                raise RuntimeError(f"{command}: Mydis says {ours}, Redis {theirs}")
        self.mydis.events(), self.redis.events()

    def run(self, steps, coverage=None, replies=None):
        """Runs steps up to the first difference and gives that, or None."""
        queue = None
        for start in range(0, len(steps), _CHUNK):
            chunk = steps[start:start + _CHUNK]
            for i, (step, pair) in enumerate(zip(chunk, self.both([step.words for step in chunk]))):
                if replies is not None:
                    replies.append(pair)
                queue, difference = self._judge(start + i, step, pair, queue, coverage)
                if difference is not None:
                    return difference
        return self._compare_events(steps)

    def _compare_events(self, steps):
        """The keyspace events of all steps must come alike; gives the first that does not."""
        try:
            ours = self.mydis.events()
        except (Closed, ProtocolError, TimeoutError) as error:
            raise Gone(str(error)) from error
        theirs = self.redis.events()
        if ours == theirs or not steps:
            return None
        at = next(i for i, pair in enumerate(itertools.zip_longest(ours, theirs)) if pair[0] != pair[1])

        def shown(events):
            return "*", [("$", part) for event in events[at:at + 3] for part in event]
        return Difference(len(steps) - 1, [b"EVENTS"], shown(ours), shown(theirs))

    def _judge(self, at, step, pair, queue, coverage):
        ours, theirs = pair
        word = step.words[0].upper() if step.words else b""
        if word == b"EXEC" and queue is not None and ours[0] == theirs[0] == "*" \
                and len(ours[1]) == len(theirs[1]) == len(queue):
            for inner, o, t in zip(queue, ours[1], theirs[1]):
                if not self._one(inner, o, t, coverage):
                    return None, Difference(at, inner.words, o, t, True)
            ours = theirs = ("+", b"OK")
        queued = ours == theirs == ("+", b"QUEUED")
        if queued and queue is not None:
            return queue + [step], None
        if word == b"MULTI" and theirs == ("+", b"OK"):
            queue = []
        elif word in (b"EXEC", b"DISCARD"):
            queue = None
        if not self._one(step, ours, theirs, coverage):
            return queue, Difference(at, step.words, *pair)
        return queue, None

    def _one(self, step, ours, theirs, coverage):
        if coverage is not None:
            coverage.count(step.points, theirs[0] not in "-!")
        return self.rules.same(step.words, ours, theirs)
