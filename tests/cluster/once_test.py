#!/usr/bin/python3
"""Requests that are sent again (ONCE) while instances die, as a client sees them; and ATLEAST."""

import collections
import itertools
import threading
import time

from support import ClusterTest, Client, Closed, RespError, encode, main, wait_until
from resp_client import plain  # pylint: disable=wrong-import-order

LIMIT = 60.0
# Whatever else an instance says is an answer.
TRY_AGAIN = ("UNKNOWN", "NOTCOMMITTED", "NOTLEADER", "CLUSTERDOWN", "STALE", "TIMEOUT", "BUSY")


class RetryingClient:
    """Sends each request with an id until somebody answers, going from instance to instance. One thread."""

    def __init__(self, name, cluster, first=0):
        self.name = name
        self.instances = list(cluster)
        self.at = first
        self.ids = itertools.count()
        self.client = None
        self.retried = 0

    def once(self, *commands):
        """One command, or several as a transaction. Gives the reply, also if it is an error."""
        request = f"{self.name}-{next(self.ids)}"
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                return self._try(request, commands)
            except (OSError, Closed, TimeoutError):
                self._leave()
            except RespError as error:
                if not str(error).startswith(TRY_AGAIN):
                    return error
                self._leave()
            self.retried += 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} has no answer to {commands}")

    def _leave(self):
        self.close()
        self.at = (self.at + 1) % len(self.instances)

    def close(self):
        if self.client is not None:
            self.client.close()
            self.client = None

    def _try(self, request, commands):
        if self.client is None:
            instance = self.instances[self.at]
            self.client = Client(instance.host, instance.redis_port, 15.0)
        if len(commands) == 1:
            return self.client.call("ONCE", request, *commands[0])
        self.client.send_bytes(b"".join(map(encode, (
            ("MULTI",), *commands, ("ONCE", request, "EXEC")))))
        for _ in range(len(commands) + 1):
            self.client.read()
        kind, elements = self.client.read()
        if kind == "-":
            raise RespError(elements.decode())
        return elements


class Worker(threading.Thread):
    """Runs `step(client, i)` for i in 0, 1, 2 … until it is stopped."""

    def __init__(self, client, step):
        super().__init__(daemon=True)
        self.client = client
        self.step = step
        self.done = 0
        self.error = None
        self.ending = threading.Event()

    def run(self):
        try:
            while not self.ending.is_set():
                self.step(self.client, self.done)
                self.done += 1
        except Exception as error:  # pylint: disable=broad-except
            self.error = error
        finally:
            self.client.close()


class Once(ClusterTest):
    def kill_in_turn(self, cluster, workers, rounds=4, progress=60):
        """Kills the leader and a follower by turns, while all workers go on."""
        def wait_progress():
            goals = [worker.done + progress for worker in workers]
            wait_until(lambda: any(w.error for w in workers) or
                       all(w.done >= goal for w, goal in zip(workers, goals)), LIMIT, "progress")
        for worker in workers:
            worker.start()
        for turn in range(rounds):
            wait_progress()
            victim = cluster.leader() if turn % 2 == 0 else cluster.followers()[0]
            victim.kill()
            wait_progress()
            victim.start()
        for worker in workers:
            worker.ending.set()
        for worker in workers:
            worker.join(LIMIT)
            self.assertFalse(worker.is_alive(), "a worker hangs")
            if worker.error:
                raise worker.error
        self.assertGreater(sum(worker.client.retried for worker in workers), 0,
                           "nothing was sent again: the test has shown nothing")

    def test_writes_are_carried_out_once_while_instances_die(self):
        cluster = self.cluster(options=["--raft-timeout", "4s"])

        def step(client, i):
            number = client.once(("INCR", f"n:{client.name}"))
            self.assertEqual(number, i + 1)
            self.assertEqual(client.once(("RPUSH", f"list:{client.name}", i)), i + 1)
            reply = client.once(("INCR", f"t:{client.name}"), ("RPUSH", f"tl:{client.name}", i),
                                ("LLEN", f"tl:{client.name}"))
            self.assertEqual(reply, [(":", b"%d" % (i + 1))] * 3)

        workers = [Worker(RetryingClient(f"w{i}", cluster, i % 3), step) for i in range(6)]
        self.kill_in_turn(cluster, workers)
        client = self.connect(cluster.leader())
        for worker in workers:
            name, n = worker.client.name, worker.done
            self.assertEqual(int(client.call("STRONG", "GET", f"n:{name}")), n)
            self.assertEqual(int(client.call("GET", f"t:{name}")), n)
            for key in (f"list:{name}", f"tl:{name}"):
                self.assertEqual([int(x) for x in client.call("LRANGE", key, 0, -1)], list(range(n)))
        cluster.wait_equal()

    def test_no_element_is_lost_or_taken_twice_while_instances_die(self):
        """Unlike without ids, where a connection that dies may take an element with it."""
        cluster = self.cluster(options=["--raft-timeout", "4s"])
        taken = []

        def produce(client, i):
            client.once(("RPUSH", "queue", f"{client.name}:{i}"))

        def consume(client, _):
            reply = client.once(("BLPOP", "queue", "0"))
            taken.append(reply[1])

        producers = [Worker(RetryingClient(f"p{i}", cluster, i), produce) for i in range(2)]
        consumers = [Worker(RetryingClient(f"c{i}", cluster, i), consume) for i in range(3)]
        for consumer in consumers:
            consumer.start()
        self.kill_in_turn(cluster, producers)
        for consumer in consumers:
            consumer.ending.set()
        # Each consumer takes one more.
        cluster.leader().call("RPUSH", "queue", *["end"] * len(consumers))
        for consumer in consumers:
            consumer.join(LIMIT)
            self.assertFalse(consumer.is_alive(), "a consumer hangs")
            if consumer.error:
                raise consumer.error
        rest = self.connect(cluster.leader()).call("STRONG", "LRANGE", "queue", 0, -1)
        pushed = [b"%s:%d" % (p.client.name.encode(), i) for p in producers for i in range(p.done)]
        found = collections.Counter(x for x in taken + rest if x != b"end")
        self.assertEqual(found, collections.Counter(pushed))

    def test_the_reply_comes_from_any_instance_and_survives_restarts_and_snapshots(self):
        cluster = self.cluster()
        leader, (first, second) = cluster.roles()
        client = self.connect(first)
        client.call("HELLO", 3)
        client.call("CLIENT", "ATTRIBUTES", "ON")
        client.send("ONCE", "id", "ZADD", "z", "INCR", "1.5", "m")
        attributes = client.read()
        self.assertEqual(client.read(), (",", b"1.5"))
        first.snapshot()
        leader.kill()
        first.kill()
        first.start()
        for instance in (first, second):
            again = self.connect(instance)
            again.call("HELLO", 3)
            again.call("CLIENT", "ATTRIBUTES", "ON")
            again.send("ONCE", "id", "ZADD", "z", "INCR", "1.5", "m")
            kind, fields = again.read()
            self.assertEqual(kind, "|")
            self.assertEqual(fields, attributes[1] + [("+", b"repeated"), ("#", b"t")])
            self.assertEqual(again.read(), (",", b"1.5"))
            # With the same id, another command is refused.
            again.send("ONCE", "id", "DEL", "z")
            self.assertEqual(again.read()[0], "|")
            self.assertRegex(again.read()[1], b"^IDREUSED ")

    def test_who_waits_with_an_id_gets_what_was_taken_for_it_elsewhere(self):
        cluster = self.cluster()
        one, other = cluster.followers()
        waiting = self.connect(one)
        waiting.send("ONCE", "id", "BLPOP", "k", "0")
        wait_until(lambda: one.info("clients")["blocked_clients"] == "1", 30, "one who waits")
        again = self.connect(other)
        again.send("ONCE", "id", "BLPOP", "k", "0")
        wait_until(lambda: other.info("clients")["blocked_clients"] == "1", 30, "another who waits")
        cluster.leader().call("RPUSH", "k", "a", "b")
        replies = [plain(client.read()) for client in (waiting, again)]
        self.assertEqual(replies, [[b"k", b"a"]] * 2)
        self.assertEqual(self.connect(one).call("STRONG", "LRANGE", "k", 0, -1), [b"b"])

    def test_ids_belong_to_their_users(self):
        cluster = self.cluster(1)
        admin = self.connect(cluster[0])
        admin.call("ACL", "SETUSER", "ada", "on", ">pw", "~*", "+@all")
        ada = self.connect(cluster[0])
        ada.call("AUTH", "ada", "pw")
        self.assertEqual(admin.call("ONCE", "id", "INCR", "n"), 1)
        self.assertEqual(ada.call("ONCE", "id", "INCR", "n"), 2)
        self.assertEqual(admin.call("ONCE", "id", "INCR", "n"), 1)
        # A prefix gives no rights, and who has none is told nothing.
        admin.call("ACL", "SETUSER", "ada", "-incr")
        self.assertEqual(str(ada.try_call("ONCE", "id", "INCR", "n")).split()[0], "NOPERM")
        admin.call("ACL", "SETUSER", "default", "resetpass", ">secret")
        stranger = self.connect(cluster[0])
        for words in (("ATLEAST", "999999", "GET", "k"), ("ONCE", "id", "INCR", "n")):
            self.assertEqual(str(stranger.try_call(*words)).split()[0], "NOAUTH")

    def test_replies_are_forgotten_when_their_time_has_passed(self):
        cluster = self.cluster(1)
        client = self.connect(cluster[0])
        self.assertEqual(client.call("ONCE", "id", "INCR", "n"), 1)

        def memory():
            info = cluster[0].info("memory")
            return int(info["remembered_requests"]), int(info["used_memory_requests"])
        self.assertEqual(memory()[0], 1)
        self.assertGreater(memory()[1], 0)
        client.call("CONFIG", "SET", "request-retention", "1")
        # Nobody writes meanwhile: the leader sees to it.
        wait_until(lambda: memory() == (0, 0), 30, "the reply to be forgotten")
        self.assertEqual(client.call("ONCE", "id", "INCR", "n"), 2)

    def test_what_is_remembered_counts_as_memory_and_room_is_made(self):
        cluster = self.cluster(1)
        client = self.connect(cluster[0])
        used = int(cluster[0].info("memory")["used_memory"])
        client.call("CONFIG", "SET", "maxmemory", used + 100_000)
        for i in range(10):
            client.call("ONCE", f"echo{i}", "EVAL", f"return string.rep('x', 20000) -- {i}", 0)
            if client.try_call("SET", f"k{i}", "v") != b"OK":
                break
        else:
            self.fail("replies take no memory")
        # What was carried out is answered all the same; what was not may be sent again later.
        self.assertEqual(len(client.call("ONCE", "echo0", "EVAL",
                                         "return string.rep('x', 20000) -- 0", 0)), 20000)
        self.assertEqual(str(client.try_call("ONCE", "later", "SET", "a", "1")).split()[0], "OOM")
        client.call("CONFIG", "SET", "maxmemory", 0)
        self.assertEqual(client.call("ONCE", "later", "SET", "a", "1"), b"OK")

    def test_commands_that_nobody_could_remember_are_refused(self):
        cluster = self.cluster(1)
        client = self.connect(cluster[0])
        for words in (("TOKEN", "CREATE", "t"), ("MIGRATE", "127.0.0.1", "1", "k", "0", "10"),
                      ("MYDIS", "SNAPSHOT")):
            error = str(client.try_call("ONCE", "id", *words))
            self.assertTrue(error.startswith("ERR ONCE is for writes"), error)
        self.assertEqual(client.call("ONCE", "id", "CONFIG", "SET", "maxmemory", "1gb"), b"OK")
        client.call("CONFIG", "SET", "maxmemory", "0")
        self.assertEqual(client.call("ONCE", "id", "CONFIG", "SET", "maxmemory", "1gb"), b"OK")
        self.assertEqual(client.call("CONFIG", "GET", "maxmemory"), [b"maxmemory", b"0"])

    def test_what_follows_an_attempt_with_ids_is_carried_out_once(self):
        cluster = self.cluster(1)
        client = self.connect(cluster[0])
        commands = [("RPUSH", "other", "x"), ("ONCE", "a", "BLPOP", "k", "0"),
                    ("ONCE", "b", "INCR", "n"), ("GET", "n")]
        client.send_bytes(b"".join(map(encode, commands)))
        self.assertEqual(client.read(), (":", b"1"))
        cluster[0].call("RPUSH", "k", "v")
        self.assertEqual([client.read() for _ in range(3)],
                         [("*", [("$", b"k"), ("$", b"v")]), (":", b"1"), ("$", b"1")])
        for words, reply in ((commands[1][2:], [b"k", b"v"]), (("INCR", "n"), 1)):
            self.assertEqual(client.call("ONCE", "a" if words[0] == "BLPOP" else "b", *words), reply)

    def test_at_least_sees_what_another_instance_has_told(self):
        cluster = self.cluster(options=["--raft-timeout", "4s"])  # Longer than an election takes.
        leader, (writing, reading) = cluster.roles()
        writer, reader = self.connect(writing), self.connect(reading)
        writer.call("HELLO", 3)
        writer.call("CLIENT", "ATTRIBUTES", "ON")
        for i in range(100):
            writer.send("SET", "k", i)
            revision = int(writer.read()[1][1][1])
            writer.read()
            self.assertEqual(reader.call("ATLEAST", revision, "GET", "k"), b"%d" % i)
        # A revision that there is none of is told at once; without a majority it takes its time.
        error = str(reader.try_call("ATLEAST", revision + 1000, "GET", "k"))
        self.assertRegex(error, r"^STALE revision \d+ was asked for, and this instance is at \d+$")
        leader.pause()
        writing.pause()
        try:
            error = str(reader.try_call("ATLEAST", revision + 1000, "GET", "k"))
            self.assertRegex(error, r"^STALE revision \d+ was asked for, and this instance is at \d+; ")
            self.assertEqual(reader.call("ATLEAST", revision, "GET", "k"), b"99")
        finally:
            leader.resume()
            writing.resume()


if __name__ == "__main__":
    main()
