#!/usr/bin/python3
"""mydis export: redis-server loads all that a cluster holds, and finds the same; what it loads comes back by mydis import."""

import os
import subprocess
import threading
import unittest

import every_kind
from support import BINARY, harness, main, wait_until


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.Cluster(3, binary=BINARY)
        cls.addClassCleanup(cls.cluster.close)

    def setUp(self):
        self.folder = harness.Folder()
        self.addCleanup(self.folder.remove)
        self.path = os.path.join(self.folder.path, "dump.rdb")
        leader = self.cluster.leader()
        leader.call("FLUSHALL")
        leader.call("FUNCTION", "FLUSH")

    def run_export(self, *arguments, server, status=0):
        done = subprocess.run([BINARY, "export", *arguments, "--address", server.address],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, status, done.stderr)
        if status == 0:
            self.assertEqual(done.stderr, b"")
            return done.stdout
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        return done.stderr.decode()

    def load(self):
        """A redis-server that has loaded the file."""
        server = harness.RedisServer(self.folder.path, "--dbfilename", "dump.rdb").start()
        self.addCleanup(server.kill)
        return server

    def test_redis_loads_every_kind(self):
        every_kind.fill(self.cluster.leader())
        follower = self.cluster.followers()[0]
        out = self.run_export(self.path, server=follower)
        self.assertRegex(out, rb"^exported \d+ keys and 1 function library: RDB version 10, .*\n$")
        self.cluster.wait_equal()
        every_kind.assert_same(self, self.load(), follower)
        check = subprocess.run(["redis-check-rdb", self.path], capture_output=True, text=True)
        self.assertEqual(check.returncode, 0, check.stdout)
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.folder.path).count("dump.rdb.part"), 0)

    def test_there_and_back(self):
        every_kind.fill(self.cluster.leader())
        leader = self.cluster.leader()
        before = every_kind.contents(leader)
        for version in ("10", "11", "12"):
            self.run_export(self.path, "--rdb-version", version, server=leader)
            with open(self.path, "rb") as file:
                self.assertEqual(file.read(9), b"REDIS00" + version.encode())
            leader.call("FLUSHALL")
            leader.call("FUNCTION", "FLUSH")
            done = leader.cli("import", self.path)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(every_kind.contents(leader) == before)

    def test_fields_that_expire_take_version_12(self):
        leader = self.cluster.leader()
        leader.call("HSET", "hash", "f", "v", "g", "w")
        leader.call("SET", "other", "v")
        leader.call("HPEXPIREAT", "hash", every_kind.LATER_MS, "FIELDS", 1, "f")
        out = self.run_export(self.path, server=leader)
        self.assertIn(b"exported 2 keys and 0 function libraries: RDB version 12", out)
        for arguments in ([self.path, "--rdb-version", "11"], []):
            self.assertIn('hash "hash" of database 0 expire, which takes --rdb-version 12',
                          self.run_export(*arguments, server=leader, status=1))
        leader.call("FLUSHALL")
        self.assertEqual(leader.cli("import", self.path).returncode, 0)
        self.assertEqual(leader.call("HPEXPIRETIME", "hash", "FIELDS", 2, "f", "g"), [every_kind.LATER_MS, -1])

    def test_a_choice_of_keys_into_a_pipe(self):
        every_kind.fill(self.cluster.leader())
        out = self.run_export("--db", "3", "--match", "small-*", server=self.cluster.leader())
        with open(self.path, "wb") as file:
            file.write(out)
        server = self.load()
        self.assertEqual(server.call("DBSIZE"), 0)
        with server.connect() as client:
            client.call("SELECT", 3)
            self.assertEqual(client.call("DBSIZE"), 4)

    def test_it_is_of_one_moment(self):
        """Two keys that are always written together are the same in every copy."""
        leader = self.cluster.leader()
        stop = threading.Event()

        def write():
            with leader.connect() as client:
                i = 0
                while not stop.is_set():
                    i += 1
                    client.call("MSET", "pair:a", i, "pair:b", i)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            wait_until(lambda: leader.call("EXISTS", "pair:b"), 30, "a write")
            self.run_export(self.path, server=self.cluster.followers()[0])
        finally:
            stop.set()
            writer.join(30)
        server = self.load()
        self.assertEqual(server.call("GET", "pair:a"), server.call("GET", "pair:b"))

    def test_the_last_write_is_in_it(self):
        """Also if the instance that is asked has much to catch up on."""
        leader = self.cluster.leader()
        asked = self.cluster.followers()[0]
        asked.pause()
        try:
            with leader.connect() as client:
                for i in range(300):
                    client.call("MSET", *(word for j in range(300) for word in (f"key:{i}:{j}", "x" * 50)))
                client.call("SET", "last", "written")
            export = subprocess.Popen([BINARY, "export", "--match", "last", "--address", asked.address],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        finally:
            asked.resume()
        out, error = export.communicate(timeout=120)
        self.assertEqual(error, b"")
        self.assertIn(b"\x04last\x07written", out)

    def test_failures_leave_nothing(self):
        leader = self.cluster.leader()
        leader.call("SET", "k", "v")
        with open(self.path, "w") as file:
            file.write("old")
        leader.call("ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read")
        self.addCleanup(leader.call, "ACL", "DELUSER", "reader")
        self.assertIn("NOPERM", self.run_export(self.path, "--user", "reader", "--pass", "pw", server=leader, status=1))
        self.assertIn("No such file",
                      self.run_export("/nowhere/dump.rdb", server=leader, status=1))
        with open(self.path) as file:
            self.assertEqual(file.read(), "old")
        self.assertEqual(os.listdir(self.folder.path), ["dump.rdb"])
        for words in (["--rdb-version", "9"], ["--db", "-"], ["a", "b"]):
            self.run_export(*words, server=leader, status=2)


if __name__ == "__main__":
    main()
