"""What an application does with Celery: celery_check.py LEADER_ADDRESS, its own server in JOBS_SERVER.

A process of its own since Celery's results look for their server until it ends. Says "halfway" when
tasks are under way, which has the leader killed, and ends with "passed" on its last line.
"""

import socket
import sys
import time

from celery import chord
from celery_jobs import app, double, third_time_lucky, total

_LIMIT = 120.0
_results, _wanted, _attempts = [], [], []


def _add(result, value, begun=1):
    _results.append(result)
    _wanted.append(value)
    _attempts.append(begun)
    return result


def _add_all():
    for n in range(60):
        _add(double.delay(n), 2 * n)
    for n in range(10):
        _add(double.apply_async((n,), countdown=0.5), 2 * n)
        _add(third_time_lucky.delay(), 2, begun=3)
    chain = _add((double.s(1) | double.s() | double.s()).apply_async(), 8)
    _add(chain.parent, 4)
    _add(chain.parent.parent, 2)
    for _ in range(3):
        summed = _add(chord(double.s(n) for n in range(10))(total.s()), 90)
        for n, child in enumerate(summed.parent.results):
            _add(child, 2 * n)


def main():
    host, port = sys.argv[1].split(":")
    with socket.create_connection((host, int(port))) as watch:
        _add_all()
        for result in _results[:30]:
            result.get(timeout=_LIMIT)
        print("halfway", flush=True)
        watch.settimeout(_LIMIT)
        try:
            assert watch.recv(1) == b""  # Until the leader's death.
        except ConnectionError:
            pass
    started = time.monotonic()
    _add_all()
    pause = time.monotonic() - started
    results = [result.get(timeout=_LIMIT) for result in _results]
    assert results == _wanted, (results, _wanted)
    client = app.backend.client
    begun = {i.decode(): int(n) for i, n in client.hgetall("processed").items()}
    wanted = {result.id: n for result, n in zip(_results, _attempts)}
    assert begun == wanted, {i: (begun.get(i), wanted.get(i)) for i in begun.keys() | wanted.keys()
                             if begun.get(i) != wanted.get(i)}
    for result in _results:
        result.forget()
    assert list(client.scan_iter("celery-task-meta-*")) == []
    print(f"celery: {len(_results)} tasks, {pause * 1000:.0f} ms to add half of them, passed")


if __name__ == "__main__":
    main()
