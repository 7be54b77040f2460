#!/usr/bin/python3
"""examples/python: the tour, and each part of the binding, against an instance and with one inside."""

import sys

from binding_support import BindingTest, main

TOUR = """greeting: hello
visits: 1 11
user: {'name': 'Ada', 'born': '1815'}
pipeline: OK | WRONGTYPE Operation against a key holding the wrong kind of value | 2
balances: [70, 30]
changed: order:7 paid
at once: [1, 2, 3, 4, 5]
"""

# What is run in a process of its own, as a user of the binding would write it.
CHECKS = r'''
import asyncio, queue, sys, threading
import mydis

def fails(code, call):
    try:
        call()
    except mydis.MydisError as error:
        assert error.code == code, (error.code, str(error))
        return str(error)
    raise AssertionError("it went well")

def values(session):
    every_byte = bytes(range(256))
    session.set(every_byte, every_byte)
    assert session.get(every_byte) == every_byte
    assert session.get("no") is None
    assert session.command("ZINCRBY", "z", 2.5, "m") == 2.5
    assert session.command("EVAL", "return {1, 'x', {2}, false}", 0) == [1, b"x", [2], None]
    assert session.delete(every_byte, "z", "no") == 2
    assert "WRONGTYPE" in fails(mydis.INVALID, lambda: (session.set("k", 1), session.command("LLEN", "k")))
    try:
        session.command("SET", "k", None)
        raise AssertionError("None is no word")
    except TypeError:
        pass

def options(session):
    before = session.revision
    session.set("k", "v", ttl=100, consistency=mydis.STRONG, time_limit=5)
    assert session.revision > before
    assert 0 < session.command("TTL", "k", kind=mydis.READ, min_revision=session.revision) <= 100
    assert session.incr("once", 3, request_id="a request") == session.incr("once", 3, request_id="a request")
    session.see_at_least(session.revision)
    # A writing command that is called a read is refused, or carried out as what it is.
    try:
        session.command("SET", "wrong", 1, kind=mydis.READ)
    except mydis.MydisError:
        pass

def transactions(session):
    session.command("MSET", "a", 1, "b", 1)
    session.delete("new")
    revision = session.revisions("a", "new")
    assert revision[0] > 0 and revision[1] == 0
    with session.transaction() as transaction:
        transaction.require("a", revision[0]).require("new", 0).command("INCR", "a").command("LLEN", "a")
        answers = transaction.run()
        assert answers[0] == 2 and isinstance(answers[1], mydis.MydisError)
        transaction.require("a", revision[0]).command("INCR", "a")
        assert transaction.run() is None
    tries = []
    def body(session, transaction):
        tries.append(session.get("b"))
        if len(tries) < 3:
            session.incr("b")  # As somebody else would.
        transaction.command("SET", "b", int(tries[-1]) * 10)
    assert session.transact(["b"], body) == [b"OK"]
    assert tries == [b"1", b"2", b"3"] and session.get("b") == b"30"

def listening(session):
    heard = queue.Queue()
    with session.subscribe("c", patterns=["p*"], on_message=lambda *message: heard.put(message)):
        session.publish("c", b"\0\xff")
        session.publish("pq", "x")
        assert heard.get(timeout=30) == (b"c", b"\0\xff", None)
        assert heard.get(timeout=30) == (b"pq", b"x", b"p*")
    changes = queue.Queue()
    with session.watch("w:", on_change=changes.put) as watch:
        session.set("w:1", "a")
        change = changes.get(timeout=30)
        assert (change.kind, change.key, change.type, change.value) == (mydis.PUT, b"w:1", "string", None)
        assert change.last and change.revision == session.revision
        with session.watch("w:", on_change=changes.put, from_revision=change.revision - 1, values=True):
            assert changes.get(timeout=30).value == b"a"
        session.delete("w:1")
        assert changes.get(timeout=30).kind == mydis.DELETE

def waiting(session, other):
    popped = queue.Queue()
    session.delete("jobs")
    thread = threading.Thread(target=lambda: popped.put(session.pop("jobs", timeout=30)))
    thread.start()
    other.command("RPUSH", "jobs", "job")
    assert popped.get(timeout=30) == b"job"
    thread.join()
    assert session.pop("jobs", timeout=0.01) is None

async def coroutines(session):
    session.delete("n")
    assert await session.command_async("INCR", "n") == 1
    try:
        await session.command_async("LPUSH", "n", 1)
        raise AssertionError("n is no list")
    except mydis.MydisError as error:
        assert error.code == mydis.INVALID
    assert await asyncio.gather(*(session.command_async("INCR", "n") for _ in range(50))) == list(range(2, 52))
    session.command_async("INCR", "n").cancel()
    assert await session.command_async("GET", "n") in (b"51", b"52")

def every(make):
    with make() as owner, owner.session() as session, owner.session(name="other") as other:
        values(session)
        options(session)
        transactions(session)
        listening(session)
        waiting(session, other)
        asyncio.run(coroutines(session))
        survivor = owner.session(database=2)
        survivor.set("k", "v")
    fails(mydis.UNAVAILABLE, lambda: survivor.get("k"))
    survivor.close()

def client():
    return mydis.Client(sys.argv[1], connect_timeout="5s")

lines = []
mydis.set_log_handler(lambda level, line: lines.append((level, line)))

def instance():
    made = mydis.Instance(sys.argv[2], redis_port=0, durability="relaxed")
    made.wait_until_ready()
    status = made.status()
    assert status["ready"] and status["leads"] and status["redis_port"] > 0, status
    return made

assert "colour" in fails(mydis.INVALID, lambda: mydis.Client(sys.argv[1], colour="red"))
assert "data" in fails(mydis.INVALID, lambda: mydis.Instance(""))
fails(mydis.UNAVAILABLE, lambda: mydis.Client("127.0.0.1:1"))
every(client)
every(instance)
assert lines
mydis.set_log_handler(None)
print("Mydis", mydis.version)
'''


class PythonTest(BindingTest):
    def test_tour(self):
        folder = self.copy("python", self.folder())
        address = self.cluster(1)[0].address
        self.assertEqual(self.run_in(folder, sys.executable, "tour.py", address), TOUR)
        self.assertEqual(self.run_in(folder, sys.executable, "tour.py"), TOUR)

    def test_binding(self):
        folder = self.copy("python", self.folder())
        address = self.cluster(1)[0].address
        printed = self.run_in(folder, sys.executable, "-c", CHECKS, address, self.folder())
        self.assertRegex(printed, r"^Mydis \d+\.\d+\.\d+\n$")

    def test_page(self):
        folder = self.copy("python", self.folder())
        lines = self.page_block("python", **{"redis_port=2381": "redis_port=0"}).splitlines()
        program = "\n".join(["import asyncio", "async def page():", *(f"    {line}" for line in lines),
                             "asyncio.run(page())"])
        self.run_in(folder, sys.executable, "-c", program)


if __name__ == "__main__":
    main()
