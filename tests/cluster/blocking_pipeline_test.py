#!/usr/bin/python3
"""Blocking commands in the midst of pipelines: what follows comes after, in order, exactly once, whatever
becomes of the waiting. Random pipelines are compared with redis-server's replies.

    BLOCKING_SEED=17 tests/cluster/blocking_pipeline_test.py    one seed, to see a failure again
"""

import os
import random
import threading

from support import ClusterTest, harness, main, wait_until
from resp_client import encode

_SEEDS = [1, 2, 3]
_ROUNDS = 200
_END = b"$17\r\nend of the stream\r\n"
_UNBLOCKED = ("-", b"UNBLOCKED client unblocked via CLIENT UNBLOCK")


def _round(rng):
    """A piece of a pipeline: lists are filled and emptied again, nothing waits for ever."""
    queue, other = rng.sample(["q1", "q2", "q3"], 2)
    plain = [
        ["INCR", "n"], ["GET", "n"], ["APPEND", "text", "x"], ["STRLEN", "text"], ["LLEN", queue],
        ["LRANGE", other, 0, -1], ["INCR", "text"], ["MGET", "n", "none"], ["LPOP", queue], ["PING"],
        ["EVAL", "return redis.call('incr', KEYS[1])", 1, "n"], ["SET", "text", "y"], ["INCR"],
        ["XREAD", "STREAMS", "s", "0"],
    ]
    blocking = [
        ["BLPOP", queue, "0.002"], ["BRPOP", queue, other, "0.002"], ["BLPOP", queue, "x"],
        ["BLMOVE", queue, other, "LEFT", "RIGHT", "0.002"], ["BRPOPLPUSH", queue, other, "0.002"],
        ["BLMPOP", "0.002", 2, queue, other, "LEFT", "COUNT", 2], ["BZPOPMIN", "z", "0.002"],
        ["XREAD", "BLOCK", 2, "STREAMS", "s", "0"], ["BLPOP", "n", "0.002"],
    ]
    fill = [["RPUSH", queue, *[rng.randrange(100) for _ in range(rng.randrange(1, 4))]],
            ["ZADD", "z", rng.randrange(9), f"m{rng.randrange(9)}"], ["DEL", queue], ["SET", queue, "string"]]
    served = [["DEL", queue], ["RPUSH", queue, "a"], ["BLPOP", queue, 0]]
    watched = [["WATCH", queue, "n"], rng.choice(plain), ["MULTI"], rng.choice(plain), rng.choice(blocking),
               ["EXEC"]]
    commands = []
    for _ in range(rng.randrange(1, 12)):
        kind = rng.choice((plain, plain, plain, fill, blocking, served, served, watched))
        if kind in (served, watched):
            commands += kind
        else:
            commands.append(rng.choice(kind))
    if rng.random() < 0.1:
        commands += [["SELECT", 1], ["INCR", "n"], ["SELECT", 0]]
    return commands


def _converse(server, data):
    """Everything that the server answers to `data`, sent while reading."""
    with server.connect(timeout=120) as client:
        sender = threading.Thread(target=client.send_bytes, args=(data,), daemon=True)
        sender.start()
        answer = bytearray()
        while not answer.endswith(_END):
            part = client.socket.recv(1 << 18)
            if not part:
                raise AssertionError(f"closed after {len(answer)} bytes, which end {answer[-200:]}")
            answer += part
        sender.join(60)
        return bytes(answer)


class BlockingPipelines(ClusterTest):

    def blocked(self, instance):
        return int(instance.info("clients")["blocked_clients"])

    def wait_blocked(self, instance, count):
        wait_until(lambda: self.blocked(instance) == count, 20,
                   f"{count} blocked clients on {instance.name}")

    def send_all(self, client, *commands):
        client.send_bytes(b"".join(encode(words) for words in commands))

    def waiting(self, instance):
        """A client that has sent, in one go, a push, a pop that it serves, one that waits, and more."""
        client = self.connect(instance, timeout=60)
        number = client.call("CLIENT", "ID")
        before = self.blocked(instance)
        self.send_all(client, ("SET", "n", 0), ("RPUSH", "k", "own"), ("BLPOP", "k", 0), ("INCR", "n"),
                      ("BLPOP", "k", 0), ("INCR", "n"), ("GET", "n"), ("BLPOP", "k", 0), ("INCR", "n"))
        self.assertEqual(client.read(), ("+", b"OK"))
        self.assertEqual(client.read(), (":", b"1"))
        self.assertEqual(client.read()[1][1], ("$", b"own"))
        self.assertEqual(client.read(), (":", b"1"))
        self.wait_blocked(instance, before + 1)
        return client, number

    def expect_more(self, client, first, second):
        """The replies of the rest, given those of its two pops."""
        for pop, others in ((first, ((":", b"2"), ("$", b"2"))), (second, ((":", b"3"),))):
            reply = client.read()
            if isinstance(pop, bytes):
                self.assertEqual(reply[1][1], ("$", pop))
            else:
                self.assertEqual(reply, pop)
            for wanted in others:
                self.assertEqual(client.read(), wanted)
        self.assertEqual(client.call("PING"), b"PONG")

    def test_served_by_another_instance(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        client, _ = self.waiting(follower)
        self.assertEqual(other.call("STRONG", "GET", "n"), b"1")
        other.call("RPUSH", "k", "first")
        other.call("RPUSH", "k", "second")
        self.expect_more(client, b"first", b"second")
        self.assertEqual(other.call("STRONG", "GET", "n"), b"3")
        cluster.wait_equal()

    def test_unblocked(self):
        cluster = self.cluster(3)
        follower = cluster.followers()[0]
        client, number = self.waiting(follower)
        self.assertEqual(follower.call("CLIENT", "UNBLOCK", number, "ERROR"), 1)
        self.wait_blocked(follower, 1)
        self.assertEqual(follower.call("CLIENT", "UNBLOCK", number), 1)
        self.expect_more(client, _UNBLOCKED, ("*nil", None))

    def test_a_client_that_is_gone_does_nothing_more(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        for leave in ("close", "kill", "half close"):
            with self.subTest(leave):
                client, number = self.waiting(follower)
                if leave == "close":
                    client.close()
                elif leave == "kill":
                    self.assertEqual(follower.call("CLIENT", "KILL", "ID", number), 1)
                else:
                    client.socket.shutdown(1)
                    self.assertEqual(client.wait_closed(), b"")
                self.wait_blocked(follower, 0)
                other.call("RPUSH", "k", leave)
                self.assertEqual(follower.call("STRONG", "LPOP", "k"), leave.encode())
                self.assertEqual(follower.call("STRONG", "GET", "n"), b"1")

    def test_a_client_that_has_closed_its_side_before_it_waits_is_gone(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        for turn in range(20):
            client = self.connect(follower)
            self.send_all(client, ("SET", "n", turn), ("RPUSH", "k", "own"), ("BLPOP", "k", 0), ("INCR", "n"),
                          ("BLPOP", "k", 0), ("INCR", "n"))
            client.socket.shutdown(1)
            client.wait_closed()
            self.wait_blocked(follower, 0)
            self.assertEqual(other.call("STRONG", "GET", "n"), b"%d" % (turn + 1))

    def test_a_user_who_lost_the_right_gets_no_further(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        other.call("ACL", "SETUSER", "ada", "on", "nopass", "~*", "+@all")
        client = self.connect(follower, timeout=60)
        wait_until(lambda: client.try_call("AUTH", "ada", "x") == b"OK", 30, "the user")
        self.send_all(client, ("SET", "n", 0), ("RPUSH", "k", "own"), ("BLPOP", "k", 0), ("BLPOP", "k", 0),
                      ("INCR", "n"), ("GET", "n"))
        for _ in range(3):
            client.read()
        self.wait_blocked(follower, 1)
        other.call("ACL", "SETUSER", "ada", "-blpop", "-incr")
        self.assertEqual(client.read()[1][:7], b"NOPERM ")
        self.assertEqual(client.read()[1][:7], b"NOPERM ")
        self.assertEqual(client.read(), ("$", b"0"))

    def test_the_leader_is_killed(self):
        cluster = self.cluster(3)
        leader, (follower, other) = cluster.roles()
        client, _ = self.waiting(follower)
        leader.kill()
        other.call("RPUSH", "k", "first", timeout=60)
        leader.start()
        cluster.wait_ready()
        other.call("RPUSH", "k", "second", timeout=60)
        self.expect_more(client, b"first", b"second")
        cluster.wait_equal()

    def test_pipelines_while_leaders_are_killed(self):
        """Every client counts what it took: with each element, one INCR behind it."""
        cluster = self.cluster(3)
        follower = cluster.followers()[0]
        workers, rounds = 4, 60

        def work(number, taken):
            with follower.connect(timeout=120) as client:
                for turn in range(rounds):
                    self.send_all(client, ("RPUSH", f"q{number}", turn), ("BLPOP", f"q{number}", 0),
                                  ("INCR", f"n{number}"), ("BLPOP", f"q{number}", "0.003"),
                                  ("INCR", f"n{number}"))
                    taken.append([client.read() for _ in range(5)])

        taken = [[] for _ in range(workers)]
        threads = [threading.Thread(target=work, args=(i, taken[i]), daemon=True) for i in range(workers)]
        for thread in threads:
            thread.start()
        for goal in (10, 25):
            wait_until(lambda: all(len(t) >= goal for t in taken), 60, f"{goal} rounds")
            leader = cluster.leader()
            if leader is not follower:
                leader.kill()
                leader.start()
        for thread in threads:
            thread.join(120)
            self.assertFalse(thread.is_alive(), "a client still waits")
        for replies in taken:
            for turn, reply in enumerate(replies):
                self.assertEqual(reply[1][1][1], ("$", b"%d" % turn))
                self.assertEqual([reply[2], reply[3], reply[4]],
                                 [(":", b"%d" % (2 * turn + 1)), ("*nil", None), (":", b"%d" % (2 * turn + 2))])
        cluster.wait_ready()
        cluster.wait_equal()

    def test_strong_ones_stay_strong(self):
        cluster = self.cluster(3)
        leader, (follower, other) = cluster.roles()
        client = self.connect(follower, timeout=60)
        self.send_all(client, ("STRONG", "RPUSH", "k", "a"), ("STRONG", "BLPOP", "k", 0),
                      ("STRONG", "BLPOP", "k", 0), ("STRONG", "INCR", "n"), ("STRONG", "GET", "n"))
        self.assertEqual(client.read(), (":", b"1"))
        self.assertEqual(client.read()[1][1], ("$", b"a"))
        self.wait_blocked(follower, 1)
        other.pause()
        leader.call("RPUSH", "k", "b")
        # Answered only when everybody has it.
        wait_until(lambda: leader.call("EXISTS", "k") == 0, 30, "the element to be taken")
        self.assertEqual(client.unread(), b"")
        other.resume()
        self.assertEqual(client.read()[1][1], ("$", b"b"))
        self.assertEqual(client.read(), (":", b"1"))
        self.assertEqual(client.read(), ("$", b"1"))

    def test_calls_are_counted_once(self):
        instance = self.cluster(1)[0]
        control = self.connect(instance)
        control.call("CONFIG", "RESETSTAT")
        client, _ = self.waiting(instance)
        instance.call("RPUSH", "k", "first")
        instance.call("RPUSH", "k", "second")
        self.expect_more(client, b"first", b"second")
        stats = instance.info("commandstats")
        calls = {name: stats[f"cmdstat_{name}"]["calls"] if isinstance(stats[f"cmdstat_{name}"], dict)
                 else stats[f"cmdstat_{name}"].partition("calls=")[2].partition(",")[0]
                 for name in ("set", "rpush", "blpop", "incr", "get")}
        self.assertEqual({name: int(count) for name, count in calls.items()},
                         {"set": 1, "rpush": 3, "blpop": 3, "incr": 3, "get": 1})

    def seeds(self):
        one = os.environ.get("BLOCKING_SEED")
        return [int(one)] if one else _SEEDS

    def test_random_pipelines_are_answered_as_redis_does(self):
        cluster = self.cluster(3)
        oracle = harness.RedisServer(self.folder())
        self.addCleanup(oracle.kill)
        oracle.start()
        for seed in self.seeds():
            rng = random.Random(seed)
            commands = [words for _ in range(_ROUNDS) for words in _round(rng)]
            data = b"".join(encode(words) for words in commands + [["ECHO", "end of the stream"]])
            wanted = None
            leader, (follower, _) = cluster.roles()
            for server in (oracle, follower, leader):
                server.call("FLUSHALL")
                given = _converse(server, data)
                if wanted is None:
                    wanted = given
                at = next((i for i, (a, b) in enumerate(zip(wanted, given)) if a != b),
                          min(len(wanted), len(given)))
                self.assertEqual(wanted, given,
                                 f"BLOCKING_SEED={seed}: the replies differ from byte {at} on\n"
                                 f"both:  …{wanted[max(0, at - 400):at]!r}\n"
                                 f"redis: {wanted[at:at + 200]!r}\nmydis: {given[at:at + 200]!r}")


if __name__ == "__main__":
    main()
