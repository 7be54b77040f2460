"""Load of pipelined commands on one server, from one thread: what redis-benchmark cannot say.

Each connection has one batch of commands under way. The last of a batch is an ECHO of END, so that
a batch's replies end when the last bytes are END: no reply is taken apart, and the load takes less
of the processor than redis-benchmark does. The ECHO is not counted.
"""

import contextlib
import itertools
import random
import select
import socket
import time

from benchlib import measure
from benchlib.template import KEYS, Template
from resp_client import encode

END = b"$16\r\nthe batch's end.\r\n"
_ECHO = encode(["ECHO", "the batch's end."])
POOL = 2000  # Batches made in advance; a multiple of the connections.
_buffer = memoryview(bytearray(1 << 20))
_bytes = _buffer.obj


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), 60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _refuse_errors(data):
    """Raises if one of these replies is an error."""
    at = data.find(b"\r\n-")
    if data.startswith(b"-") or at >= 0:
        raise RuntimeError(f"the server answered {bytes(data[max(at, 0):][:200])!r}")


def exchange(connection, batch):
    """Sends a batch, gives its replies."""
    connection.sendall(batch + _ECHO)
    replies = bytearray()
    while not replies.endswith(END):
        data = connection.recv(1 << 20)
        if not data:
            raise RuntimeError("the server closed the connection")
        replies += data
    _refuse_errors(replies)
    return bytes(replies[:-len(END)])


def fill(port, fills, keys=KEYS, values=None):
    """Sends sequences of commands so many times each: `fills` are (commands, times). <n> counts
    from `times` on, as the range with so many numbers does. What is random is the same each time."""
    random.seed(1)
    with connect(port) as connection:
        for commands, times in fills:
            repeat = min(times, 1000)
            assert times % repeat == 0, f"{commands}: {times} is no multiple of {repeat}"
            template = Template(commands, repeat, keys, values, counts_from=times)
            for done in range(0, times, repeat):
                exchange(connection, template.batch(done=done))


def settle(pids, limit=3.0):
    """Waits until the servers do nothing any more, such as a snapshot or freeing memory."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = measure.processor_seconds(pids)
        time.sleep(0.02)
        if measure.processor_seconds(pids) - before < 0.003:
            break


class Batches:
    """What the connections send. A template's batches are made in advance and sent again and again,
    but for those that count."""

    def __init__(self, template, connections, pool=POOL):
        self.template = template
        self.connections = connections
        self.pool = []
        if not template.grows:
            self.pool = [template.batch(i % connections) + _ECHO
                         for i in range(pool // connections * connections)]

    def of(self, connection):
        """Those of this connection, without end."""
        if self.pool:
            return itertools.cycle(self.pool[connection::self.connections])
        return (self.template.batch(connection) + _ECHO for _ in itertools.count())


class _Connection:
    def __init__(self, port, batches):
        self.socket = connect(port)
        self.batches = batches
        self.sent = 0.0
        self.begins = True  # Nothing of this batch's replies has come.
        self.tail = b""

    def send(self, now):
        self.sent, self.begins = now, True
        self.socket.sendall(next(self.batches))

    def receive(self):
        """Takes what has come; whether that ends the batch."""
        count = self.socket.recv_into(_buffer)
        if not count:
            raise RuntimeError("the server closed the connection")
        if _bytes.find(b"\r\n-", 0, count) >= 0 or self.begins and _bytes[0] == 45:
            _refuse_errors(bytes(_buffer[:count]))
        self.begins = False
        if count < len(END):  # Some of END may have come before.
            self.tail = (self.tail + _bytes[:count])[-len(END):]
        else:
            self.tail = _bytes[count - len(END):count]
        return self.tail == END


class _Subscriber:
    """Takes what is published and throws it away."""

    def __init__(self, port, channel):
        self.socket = connect(port)
        self.socket.sendall(encode(["SUBSCRIBE", channel]))
        self.socket.recv(1000)

    def receive(self):
        self.socket.recv_into(_buffer)
        return False


def run(contender, batches, seconds, subscribers=0):
    """Puts load on the server for so long. Gives a Sample; its rate is of sequences."""
    with contextlib.ExitStack() as stack:
        connections = [_Connection(contender.port, batches.of(i))
                       for i in range(batches.connections)]
        others = [_Subscriber(contender.port, "channel") for _ in range(subscribers)]
        poll = select.epoll()
        stack.callback(poll.close)
        by_number = {}
        for each in connections + others:
            stack.callback(each.socket.close)
            by_number[each.socket.fileno()] = each
            poll.register(each.socket.fileno(), select.EPOLLIN)
        before = measure.processor_seconds(contender.pids)
        start = now = time.perf_counter()
        latencies = []
        for connection in connections:
            connection.send(now)
        waiting = len(connections)
        while waiting:
            for number, _ in poll.poll(60) or _nothing_comes():
                each = by_number[number]
                if not each.receive():
                    continue
                now = time.perf_counter()
                latencies.append(now - each.sent)
                if now - start < seconds:
                    each.send(now)
                else:
                    waiting -= 1
        elapsed = now - start
        # What the server puts off is part of the work, too.
        settle(contender.pids)
        cpu = measure.processor_seconds(contender.pids) - before
    latencies.sort()
    count = len(latencies) * batches.template.repeat
    return measure.Sample(count / elapsed, latencies[len(latencies) // 2] * 1e3,
                          latencies[len(latencies) * 99 // 100] * 1e3, cpu / count * 1e6)


def _nothing_comes():
    raise RuntimeError("the server has not answered for a minute")
