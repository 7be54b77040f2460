#!/usr/bin/python3
"""mydis import: everything that a redis-server saves comes to a cluster, whichever instance is asked and dies meanwhile."""

import os
import subprocess
import threading
import unittest

import every_kind
from failover import Cut
from support import BINARY, Terminal, harness, main


class ImportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.redis = harness.RedisServer(cls.folder.path).start()
        cls.addClassCleanup(cls.redis.kill)
        cls.cluster = harness.Cluster(3, binary=BINARY)
        cls.addClassCleanup(cls.cluster.close)

    def setUp(self):
        self.maxDiff = 2000
        for server in (self.redis, self.cluster.leader()):
            server.call("FLUSHALL")
            server.call("FUNCTION", "FLUSH")
        self.cluster.wait_equal()

    def save(self):
        self.redis.call("SAVE")
        return os.path.join(self.folder.path, "dump.rdb")

    def run_import(self, *arguments, server=None, stdin=subprocess.DEVNULL, status=0):
        address = [] if server is None else ["--address", server.address]
        done = subprocess.run([BINARY, "import", *arguments, *address], stdin=stdin,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        if status != 0:
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr if status != 0 else done.stdout

    def assert_imported(self, server):
        """Whoever has the cluster's last write has all of it."""
        self.cluster.wait_equal()
        every_kind.assert_same(self, server, self.redis)

    def test_every_kind_through_a_follower(self):
        every_kind.fill(self.redis)
        for compression in ("yes", "no"):
            self.redis.call("CONFIG", "SET", "rdbcompression", compression)
            path = self.save()
            out = self.run_import(path, "--replace", server=self.cluster.followers()[0])
            keys = sum(self.redis.call("INFO", "keyspace").decode().count(f"db{db}:") for db in range(16))
            self.assertEqual(keys, 3)
            self.assertRegex(out, r"^imported \d+ keys and 1 function library\n$")
            self.assert_imported(self.cluster.followers()[1])

    def test_from_a_pipe(self):
        every_kind.fill(self.redis)
        with open(self.save(), "rb") as file:
            data = file.read()
        done = subprocess.run([BINARY, "import", "-", "--address", self.cluster.leader().address],
                              input=data, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_imported(self.cluster.leader())

    def test_a_key_that_is_there(self):
        for i in range(3000):
            self.redis.call("SET", f"key:{i}", "new")
        path = self.save()
        leader = self.cluster.leader()
        leader.call("SET", "key:77", "old")
        error = self.run_import(path, server=leader, status=1)
        self.assertRegex(error, r'the key "key:77" of database 0, at byte \d+ is there already')
        out = self.run_import(path, "--on-conflict", "skip", server=leader)
        self.assertRegex(out, r"^imported \d+ keys, \d+ were there already\n$")
        self.assertEqual(leader.call("GET", "key:77"), b"old")
        self.assertEqual(self.run_import(path, "--replace", server=leader), "imported 3000 keys\n")
        self.assertEqual(leader.call("GET", "key:77"), b"new")
        self.assertEqual(leader.call("DBSIZE"), 3000)

    def test_a_choice_of_keys(self):
        every_kind.fill(self.redis)
        leader = self.cluster.leader()
        path = self.save()
        self.run_import(path, "--db", "3", "--db", "15", "--match", "small-*", "--into-db", "7",
                        "--replace", server=leader)
        with leader.connect() as client:
            self.assertEqual(client.call("DBSIZE"), 0)
            client.call("SELECT", 7)
            self.assertEqual(sorted(client.call("KEYS", "*")),
                             [b"small-hash", b"small-list", b"small-set", b"small-zset"])

    def test_a_dry_run_needs_no_cluster(self):
        every_kind.fill(self.redis)
        rows = self.run_import(self.save(), "--dry-run").splitlines()
        self.assertRegex(rows[0], r"^RDB version 10, of Redis 7.0.\d+, written 20.*")
        table = {tuple(row.split("\t")[:2]): row.split("\t")[2:] for row in rows[1:-1]}
        self.assertEqual(table["DATABASE", "TYPE"], ["KEYS", "EXPIRING", "BYTES"])
        self.assertEqual(table["3", "stream"][:2], ["2", "0"])
        self.assertEqual(table["15", "hash"][:2], ["2", "1"])
        self.assertRegex(rows[-1], r"^\d+ keys, 1 function library$")

    def test_nothing_is_sent_of_a_broken_file(self):
        every_kind.fill(self.redis)
        with open(self.save(), "rb") as file:
            good = file.read()
        leader = self.cluster.leader()
        path = os.path.join(self.folder.path, "broken.rdb")
        for bad, words in ((good[:-20], "broken at byte"), (good[:-9] + b"x" + good[-8:], "broken at byte"),
                           (good[:-1] + bytes([good[-1] ^ 1]), "checksum"), (b"", "no RDB file"),
                           (b"REDIS0099" + good[9:], "version 99")):
            with open(path, "wb") as file:
                file.write(bad)
            self.assertIn(words, self.run_import(path, server=leader, status=1))
        self.assertEqual(leader.call("DBSIZE"), 0)
        # From a pipe it is known at its end.
        with open(path, "wb") as file:
            file.write(good[:-1] + bytes([good[-1] ^ 1]))
        with open(path, "rb") as file:
            error = self.run_import("-", server=leader, stdin=file, status=1)
        self.assertIn("checksum", error)

    def test_old_encodings(self):
        """What the fuzzer of values begins with: every type and encoding since Redis 2.4."""
        path = os.path.join(os.path.dirname(__file__), "..", "fuzz", "rdb_file", "values")
        leader = self.cluster.leader()
        self.assertEqual(self.run_import(path, server=leader), "imported 25 keys\n")
        self.assertEqual(leader.call("DBSIZE"), 25)
        for key in ("h24", "h25"):
            self.assertEqual(leader.call("HPEXPIRETIME", key, "FIELDS", 2, "f", "g"), [every_kind.LATER_MS, -1])

    def test_modules(self):
        path = os.path.join(os.path.dirname(__file__), "..", "fuzz", "rdb_file", "modules")
        leader = self.cluster.leader()
        error = self.run_import(path, server=leader, status=1)
        self.assertRegex(error, r'the key "k" of database 0, at byte \d+, is of a Redis module: --skip-modules')
        out = self.run_import(path, "--skip-modules", server=leader)
        self.assertEqual(out, "imported 0 keys, 1 of modules were left out\n")

    def test_a_progress_bar_on_a_terminal(self):
        """From a pipe that is slow: it comes after a second, and goes at the end."""
        fifo = os.path.join(self.folder.path, "fifo")
        os.mkfifo(fifo)
        terminal = Terminal(["sh", "-c", f"{BINARY} import - --address {self.cluster.leader().address} < {fifo}"], {})
        self.addCleanup(terminal.close)
        seen = threading.Event()

        def write():
            with open(fifo, "wb", buffering=0) as file:
                file.write(b"REDIS0010")
                number = 0
                while not seen.wait(0.01):
                    number += 1
                    file.write(b"\x00\x08%08d\x01v" % number)
                file.write(b"\xff" + bytes(8))

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            terminal.expect(r"import [\d.]+ K?B, \d+ keys, [\d.]+ K?B/s, 0:0[1-9]")
        finally:
            seen.set()
            writer.join(30)
        terminal.expect(r"\x1b\[Kimported \d+ keys\r\n")
        self.assertEqual(terminal.wait(), 0)

    def test_wrong_words(self):
        path = self.save()
        for words in (["import"], ["import", path, path], ["import", path, "--on-conflict", "perhaps"],
                      ["import", path, "--db", "x"], ["import", path, "--replace", "--on-conflict", "skip"]):
            done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=30)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
        self.assertIn("No such file", self.run_import("/nowhere", status=1))
        self.assertIn("directory", self.run_import("/", status=1))
        self.assertIn("cannot connect", self.run_import(path, "--address", "127.0.0.1:1", status=1))

    def test_a_value_that_is_too_long(self):
        leader = self.cluster.leader()
        leader.call("CONFIG", "SET", "proto-max-bulk-len", "1mb")
        self.addCleanup(leader.call, "CONFIG", "SET", "proto-max-bulk-len", "512mb")
        self.redis.call("SET", "first", "v")
        self.redis.call("SETRANGE", "long", 2_000_000, "x")
        self.redis.call("CONFIG", "SET", "rdbcompression", "no")
        error = self.run_import(self.save(), server=leader, status=1)
        self.redis.call("CONFIG", "SET", "rdbcompression", "yes")
        self.assertRegex(error, r'value of key "long" of database 0, at byte \d+, has 20000\d\d bytes')
        self.assertEqual(leader.call("DBSIZE"), 0)

    def test_it_goes_on_when_an_instance_dies(self):
        self.redis.call("DEBUG", "POPULATE", 100_000, "key", 100)
        path = self.save()
        victim, other = self.cluster.followers()
        # Not by the clock: the import may be over by then.
        cut = Cut(victim, "key:5000", before=True, then=victim.kill)
        self.addCleanup(cut.close)
        try:
            done = subprocess.run([BINARY, "import", path, "--address", f"{cut.address},{other.address}"],
                                  capture_output=True, text=True, timeout=240)
        finally:
            victim.kill()
            victim.start()
        self.assertTrue(cut.done.is_set(), "the instance died meanwhile")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "imported 100000 keys\n")
        self.assertIn(f"Connected to {other.address}.", done.stderr)
        self.cluster.wait_equal()
        self.assertEqual(victim.call("DBSIZE"), 100_000)


if __name__ == "__main__":
    main()
