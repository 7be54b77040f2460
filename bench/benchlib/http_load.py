"""GET and PUT over HTTP and GET and SET in the Redis protocol, each by the same client on one connection that is kept
open: what the door itself costs."""

import socket
import statistics
import time

from benchlib import measure

_WARM_UP = 500


def _http(command, key, value):
    if command == "get":
        return b"GET /v1/keys/%s HTTP/1.1\r\nHost: mydis\r\n\r\n" % key
    return b"PUT /v1/keys/%s HTTP/1.1\r\nHost: mydis\r\nContent-Length: %d\r\n\r\n%s" % (key, len(value), value)


def _redis(command, key, value):
    words = [b"GET", key] if command == "get" else [b"SET", key, value]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def run(contender, door, command, size, seconds):
    """One request at a time for so many seconds."""
    value = b"x" * size
    form, port = (_http, contender.server.http_port) if door == "http" else (_redis, contender.port)
    requests = [form(command, b"key:%012d" % i, value) for i in range(0, measure.KEYS, 97)]
    end = b"x" * size if door == "http" and command == "get" else b"\r\n"
    good = b"HTTP/1.1 20" if door == "http" else b"$" if command == "get" else b"+OK"
    times = []
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = 0.0
        i = 0
        while True:
            if i == _WARM_UP:
                cpu = measure.processor_seconds(contender.pids)
                began = time.perf_counter()
            before = time.perf_counter()
            connection.sendall(requests[i % len(requests)])
            reply = connection.recv(65536)
            after = time.perf_counter()
            if not reply.startswith(good) or not reply.endswith(end):
                raise RuntimeError(f"{door} answered {reply[:200]!r}")
            i += 1
            if i > _WARM_UP:
                times.append(after - before)
                if after - began >= seconds:
                    break
    cpu = measure.processor_seconds(contender.pids) - cpu
    times.sort()
    return measure.Sample(len(times) / (after - began), statistics.median(times) * 1e3,
                          times[len(times) * 99 // 100] * 1e3, cpu / len(times) * 1e6)
