#!/usr/bin/python3
"""Connections that behave as real ones do: slow, half closed, killed, many; and what they may count on."""

import os
import re
import socket
import sys

from support import BINARY, Client, ClusterTest, RespError, harness, main, wait_until
from resp_client import Closed, encode

_MEGABYTE = 1 << 20


def resident(instance):
    with open(f"/proc/{instance.pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024


class Connections(ClusterTest):
    """All on a follower of one cluster, which is emptied for each test."""

    cluster_of_class = None

    @classmethod
    def tearDownClass(cls):
        if Connections.cluster_of_class is not None:
            Connections.cluster_of_class.close()

    def setUp(self):
        super().setUp()
        if Connections.cluster_of_class is None:
            Connections.cluster_of_class = harness.Cluster(3, binary=BINARY)
        self.instances = Connections.cluster_of_class
        self.leader, (self.follower, self.other) = self.instances.roles()
        self.follower.call("FLUSHALL")

    def test_watch_sees_what_is_written_on_other_instances(self):
        watching = self.connect(self.follower)
        for i, writer in enumerate((self.leader, self.other, self.follower) * 3):
            watching.call("SET", "k", "before")
            watching.call("WATCH", "k")
            watching.call("MULTI")
            watching.call("SET", "k", "never")
            # Answered by its own instance: this one may not have applied it yet.
            writer.call("SET", "k", f"{i}")
            self.assertIsNone(watching.call("EXEC"))
            self.assertEqual(watching.call("STRONG", "GET", "k"), b"%d" % i)

    def test_one_of_many_watchers_wins(self):
        clients = [self.connect(instance) for instance in self.instances for _ in range(4)]
        for turn in range(20):
            self.follower.call("STRONG", "SET", "k", "free")
            for client in clients:
                client.call("WATCH", "k")
                client.call("MULTI")
                client.call("SET", "k", "taken")
            for client in clients:
                client.send("EXEC")
            results = [client.read()[0] for client in clients]
            self.assertEqual(sorted(results), ["*"] + ["*nil"] * 11, f"turn {turn}")

    def test_a_reader_that_does_not_read(self):
        self.follower.call("SET", "k", "x" * 10240)
        before = resident(self.follower)
        slow = self.connect(self.follower)
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        data = memoryview(encode(["GET", "k"]) * 100000)
        slow.socket.setblocking(False)
        sent = 0

        def stuck():
            # True once the server takes no more, or has taken all.
            nonlocal sent
            try:
                sent += slow.socket.send(data[sent:])
                return sent == len(data)
            except BlockingIOError:
                blocked.append(sent)
                return len(blocked) > 20 and blocked[-20] == sent
        blocked = []
        wait_until(stuck, 30, "the server to stop reading")
        client = self.connect(self.follower)
        for i in range(200):
            client.call("SET", f"n{i}", i)
            self.assertEqual(client.call("GET", f"n{i}"), b"%d" % i)
        self.assert_takes_less(resident(self.follower) - before, 64 * _MEGABYTE)
        # It gets everything once it reads.
        slow.socket.setblocking(True)
        slow.socket.settimeout(30)
        reply = b"$10240\r\n" + b"x" * 10240 + b"\r\n"
        for _ in range(sent // len(encode(["GET", "k"]))):
            self.assertEqual(slow.read_bytes(len(reply)), reply)

    def test_a_half_closed_connection_gets_all_replies(self):
        for i in range(20):
            client = self.connect(self.follower)
            commands = [["SET", "a", i], ["GET", "a"], ["INCR", "n"], ["PING"], ["STRONG", "GET", "a"],
                        ["WAIT", "0", "0"], ["SET", "big", "y" * 300000], ["STRLEN", "big"]]
            client.send_bytes(b"".join(encode(words) for words in commands))
            client.socket.shutdown(socket.SHUT_WR)
            received = client.wait_closed(20)
            self.assertEqual(received, self.expected(b"%d" % i, i + 1, received))

    def expected(self, text, number, received):
        # WAIT counts the others that have the write: any number of them.
        waited = received.split(b"\r\n")[-4][1:]
        self.assertIn(waited, (b"0", b"1", b"2"))
        value = b"$%d\r\n%s\r\n" % (len(text), text)
        return (b"+OK\r\n" + value + b":%d\r\n+PONG\r\n" % number + value + b":" + waited
                + b"\r\n+OK\r\n:300000\r\n")

    def test_clients_that_die_with_writes_under_way(self):
        for i in range(30):
            client = self.follower.connect()
            client.send_bytes(b"".join(encode(["INCR", "n"]) for _ in range(200)))
            if i % 2:
                # A reset instead of an orderly end.
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        with self.follower.connect() as client:
            count = int(client.call("STRONG", "GET", "n") or 0)
            self.assertLessEqual(count, 6000)
            self.assertEqual(client.call("INCR", "n") > 0, True)
        wait_until(lambda: int(self.follower.info("clients")["connected_clients"]) <= 2, 20,
                   "the dead clients to be gone")

    def test_client_kill(self):
        killer, victim = self.connect(self.follower), self.connect(self.follower)
        number = victim.call("CLIENT", "ID")
        victim.send_bytes(b"".join(encode(["INCR", "n"]) for _ in range(1000)))
        self.assertEqual(killer.call("CLIENT", "KILL", "ID", number), 1)
        victim.wait_closed(20)
        # The connection's end may be seen before it is off the list.
        wait_until(lambda: killer.call("CLIENT", "KILL", "ID", number) == 0, 30, "the victim to be forgotten")
        address = "%s:%d" % killer.socket.getsockname()
        killer.send("CLIENT", "KILL", address)
        self.assertEqual(killer.read(), ("+", b"OK"))
        self.assertEqual(killer.wait_closed(20), b"")
        many = [self.connect(self.follower) for _ in range(50)]
        for client in many:
            client.call("PING")  # Until then its thread may not know it yet.
        killer = self.connect(self.follower)
        self.assertGreaterEqual(killer.call("CLIENT", "KILL", "TYPE", "normal"), 50)
        for client in many:
            client.wait_closed(20)
        self.assertEqual(killer.call("PING"), b"PONG")

    def test_client_pause(self):
        control, client = self.connect(self.follower), self.connect(self.follower)
        client.call("SET", "k", "v")
        self.addCleanup(self.follower.call, "CLIENT", "UNPAUSE")
        for mode in ("WRITE", "ALL"):
            control.call("CLIENT", "PAUSE", 100000, mode)
            client.send("GET", "k")
            if mode == "WRITE":
                self.assertEqual(client.read(), ("$", b"v"))
            client.send("SET", "k", "w")
            client.send("GET", "k")
            wait_until(lambda: self.blocked(control) == 1, 30, "a client that is held back")
            self.assertEqual(client.unread(), b"")
            control.call("CLIENT", "UNPAUSE")
            if mode == "ALL":
                self.assertEqual(client.read(), ("$", b"v"))
            self.assertEqual(client.read(), ("+", b"OK"))
            self.assertEqual(client.read(), ("$", b"w"))
            client.call("SET", "k", "v")
        # Another pause waits for the end of one of all.
        control.call("CLIENT", "PAUSE", 100000, "ALL")
        client.send("CLIENT", "PAUSE", 1, "WRITE")
        wait_until(lambda: self.blocked(control) == 1, 30, "the second pause to be held back")
        control.call("CLIENT", "UNPAUSE")
        self.assertEqual(client.read(), ("+", b"OK"))
        # A pause ends by itself.
        control.call("CLIENT", "PAUSE", 50, "WRITE")
        self.assertEqual(client.call("SET", "k", "x"), b"OK")

    def blocked(self, client):
        # INFO is held back by PAUSE ALL, CLIENT LIST is not.
        lines = client.call("CLIENT", "LIST").decode().splitlines()
        return sum("b" in dict(w.split("=", 1) for w in line.split())["flags"] for line in lines)

    def test_maxclients(self):
        control = self.connect(self.follower)
        control.call("CONFIG", "SET", "maxclients", 5)
        try:
            clients = []
            for _ in range(20):
                client = Client(self.follower.host, self.follower.redis_port)
                self.addCleanup(client.close)
                clients.append(client)
            answers = []
            for client in clients:
                try:
                    client.send("PING")
                    answers.append(client.read())
                except (Closed, OSError):
                    answers.append("closed")
            self.assertLessEqual(answers.count(("+", b"PONG")), 5)
            self.assertIn(("-", b"ERR max number of clients reached"), answers)
            self.assertEqual(control.call("SET", "k", "v"), b"OK")
            self.assertGreater(int(self.field(control, "rejected_connections")), 0)
        finally:
            control.call("CONFIG", "SET", "maxclients", 10000)

    def field(self, client, name, section="everything"):
        text = client.call("INFO", section).decode()
        return re.search(rf"^{re.escape(name)}:(.*?)\r?$", text, re.MULTILINE).group(1)

    def test_what_info_counts(self):
        client = self.connect(self.follower)
        client.call("CONFIG", "RESETSTAT")
        client.call("SET", "k", "text")
        for _ in range(99):
            client.send("GET", "k")
            client.send("GET", "none")
            client.send("INCR", "k")
        for _ in range(3 * 99):
            client.read()
        for words in (["GET"], ["SET", "k"], ["NOSUCH"], ["INCR", "k"]):
            self.assertIsInstance(client.try_call(*words), RespError)
        client.call("MULTI")
        client.call("GET", "k")
        client.call("INCR", "k")
        client.call("EXEC")

        def stat(name):
            line = self.field(client, f"cmdstat_{name}", "commandstats")
            return {k: float(v) for k, v in (part.split("=") for part in line.split(","))}
        get, incr, put = stat("get"), stat("incr"), stat("set")
        self.assertEqual((get["calls"], get["rejected_calls"], get["failed_calls"]), (199, 1, 0))
        self.assertEqual((incr["calls"], incr["rejected_calls"], incr["failed_calls"]), (101, 0, 101))
        self.assertEqual((put["calls"], put["rejected_calls"], put["failed_calls"]), (1, 1, 0))
        self.assertEqual(stat("exec")["calls"], 1)
        for one in (get, incr, put):
            self.assertGreater(one["usec_per_call"], 0)
        self.assertEqual(self.field(client, "errorstat_ERR"), "count=104")
        # The one in the transaction, which writes, ran on all instances and is not counted.
        self.assertEqual(self.field(client, "keyspace_hits"), "99")
        self.assertEqual(self.field(client, "keyspace_misses"), "99")
        client.call("SET", "short", "v", "PX", 1)
        wait_until(lambda: self.field(client, "expired_keys") == "1", 30, "the key to expire")

    def test_debug_is_counted_as_one_command(self):
        client = self.connect(self.follower)
        client.call("CONFIG", "RESETSTAT")
        client.call("DEBUG", "SLEEP", 0)
        client.call("DEBUG", "STRINGMATCH-TEST")
        self.assertRegex(self.field(client, "cmdstat_debug", "commandstats"), "^calls=2,")

    def test_info_counts_turns_of_the_loops(self):
        client = self.connect(self.follower)

        def number(name):
            return int(self.field(client, name))
        before = {name: number(name) for name in ("eventloop_cycles", "eventloop_duration_sum")}
        wait_until(lambda: all(number(name) > value for name, value in before.items()), 30, "turns")
        wait_until(lambda: number("instantaneous_eventloop_cycles_per_sec") > 0, 30, "a second to be over")
        self.assertGreater(number("instantaneous_eventloop_duration_usec"), 0)
        self.assertGreater(number("eventloop_duration_cmd_sum"), 0)

    def test_what_info_tells_of_blocking_commands(self):
        client, waiting = self.connect(self.follower), self.connect(self.follower)
        client.call("CONFIG", "RESETSTAT")
        client.call("CONFIG", "SET", "latency-tracking-info-percentiles", "0.0 50.0 100.0")
        self.assertEqual(client.call("CONFIG", "GET", "latency-tracking-info-percentiles")[1], b"0 50 100")
        waiting.send("BLPOP", "one", "two", 0)
        wait_until(lambda: self.field(client, "total_blocking_keys") == "2", 30, "it to wait")
        self.assertEqual(self.field(client, "blocked_clients"), "1")
        self.assertEqual(self.field(client, "total_blocking_keys_on_nokey"), "0")
        client.call("RPUSH", "two", "a")
        self.assertEqual(waiting.read(), ("*", [("$", b"two"), ("$", b"a")]))
        self.assertEqual(self.field(client, "total_blocking_keys"), "0")
        self.assertRegex(self.field(client, "latency_percentiles_usec_blpop"), "^p0=.*,p50=.*,p100=.*")
        client.call("CONFIG", "SET", "latency-tracking-info-percentiles", "50 99 99.9")

    def test_monitor_shows_what_blocks_when_it_begins_to(self):
        client, waiting, monitor = (self.connect(self.follower) for _ in range(3))
        monitor.call("MONITOR")
        waiting.send("BLPOP", "list", 0)
        lines = [monitor.read()[1].decode()]
        while "BLPOP" not in lines[-1]:  # Before it is served.
            lines.append(monitor.read()[1].decode())
        client.call("RPUSH", "list", "a")
        waiting.read()
        client.call("ECHO", "end")
        while "ECHO" not in lines[-1]:
            lines.append(monitor.read()[1].decode())
        shown = [re.search('"(BLPOP|RPUSH)', line)[1] for line in lines if "INFO" not in line and "ECHO" not in line]
        self.assertEqual(shown, ["BLPOP", "RPUSH"])

    def test_an_eventual_write_behind_a_strong_one_is_answered_after_it(self):
        client = self.connect(self.follower)
        for i in range(100):
            commands = [["STRONG", "SET", "k", i], ["EVENTUAL", "GETSET", "k", "e"], ["GET", "k"],
                        ["STRONG", "GET", "k"], ["STRONG", "APPEND", "k", "1"], ["STRLEN", "k"]]
            client.send_bytes(b"".join(encode(words) for words in commands))
            self.assertEqual([client.read()[1] for _ in commands],
                             [b"OK", b"%d" % i, b"e", b"e", b"2", b"2"])

    def test_idle_connections_cost_little(self):
        before = resident(self.follower)
        count = 2000
        sockets = [socket.create_connection((self.follower.host, self.follower.redis_port))
                   for _ in range(count)]
        try:
            client = self.connect(self.follower)
            wait_until(lambda: int(self.field(client, "connected_clients")) > count, 30,
                       "all connections")
            self.assert_takes_less((resident(self.follower) - before) / count, 16384)
        finally:
            for one in sockets:
                one.close()

    def test_a_large_value_in_every_way(self):
        client = self.connect(self.follower)
        value = os.urandom(3 * _MEGABYTE)
        self.assertEqual(client.call("SET", "big", value), b"OK")
        self.assertEqual(client.call("GET", "big"), value)
        # Behind writes, in front of reads, in a transaction.
        commands = [["SET", "a", 1], ["SET", "big", value], ["GET", "a"], ["MULTI"],
                    ["SET", "big2", value], ["STRLEN", "big"], ["EXEC"], ["GETRANGE", "big2", 0, 9]]
        client.send_bytes(b"".join(encode(words) for words in commands))
        replies = [client.read() for _ in commands]
        self.assertEqual([r[0] for r in replies], ["+", "+", "$", "+", "+", "+", "*", "$"])
        self.assertEqual(replies[-1][1], value[:10])
        self.assertEqual(self.other.call("STRONG", "GET", "big2"), value)


if __name__ == "__main__":
    sys.exit(main())
