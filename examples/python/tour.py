#!/usr/bin/env python3
"""A tour of Mydis from Python: an instance in this process, or the one at the address given.

    tour.py [HOST:PORT]
"""

import asyncio
import queue
import sys
import tempfile

import mydis


def counters_and_structures(session):
    session.set("greeting", "hello", ttl=60)
    print("greeting:", session.get("greeting").decode())
    session.delete("visits")
    print("visits:", session.incr("visits"), session.incr("visits", 10))
    session.command("HSET", "user:1", "name", "Ada", "born", 1815)
    print("user:", {k.decode(): v.decode() for k, v in session.command("HGETALL", "user:1", kind=mydis.READ).items()})


def together(session):
    with session.pipeline() as pipeline:
        pipeline.command("SET", "a", 1).command("LLEN", "a").command("INCR", "a")
        done, failed, number = pipeline.run()
    print("pipeline:", done.decode(), "|", failed, "|", number)


def move_money(session):
    session.command("MSET", "alice", 100, "bob", 0)

    def body(session, transaction):
        amount = min(30, int(session.get("alice")))
        transaction.command("DECRBY", "alice", amount).command("INCRBY", "bob", amount)

    print("balances:", session.transact(["alice", "bob"], body))


def changes(session):
    seen = queue.Queue()
    with session.watch("order:", on_change=seen.put, values=True):
        session.set("order:7", "paid")
        change = seen.get(timeout=30)
    print("changed:", change.key.decode(), change.value.decode())


async def at_once(session):
    session.delete("n")
    numbers = await asyncio.gather(*(session.command_async("INCR", "n") for _ in range(5)))
    print("at once:", numbers)


def tour(session):
    counters_and_structures(session)
    together(session)
    move_money(session)
    changes(session)
    asyncio.run(at_once(session))


def main():
    if len(sys.argv) > 1:
        with mydis.Client(sys.argv[1]) as client, client.session() as session:
            tour(session)
        return
    with tempfile.TemporaryDirectory() as folder, mydis.Instance(folder) as instance:
        instance.wait_until_ready()
        with instance.session() as session:
            tour(session)


if __name__ == "__main__":
    main()
