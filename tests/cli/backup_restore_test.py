#!/usr/bin/python3
"""mydis backup and restore: the way there and back, and what happens to files that are not whole."""

import os
import subprocess
import unittest

import every_kind
from support import BINARY, Terminal, harness, main


class BackupRestoreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.Cluster(3, binary=BINARY)
        cls.addClassCleanup(cls.cluster.close)

    def setUp(self):
        self.folder = harness.Folder()
        self.addCleanup(self.folder.remove)
        self.path = os.path.join(self.folder.path, "saved")
        self.cluster.leader().call("FLUSHALL")
        self.cluster.leader().call("FUNCTION", "FLUSH")

    def mydis(self, *arguments, server=None, status=0, stdin=None):
        address = [] if server is None else ["--address", server.address]
        done = subprocess.run([BINARY, *arguments, *address], input=stdin or b"", capture_output=True, timeout=120)
        self.assertEqual(done.returncode, status, done.stderr)
        if status == 0:
            self.assertEqual(done.stderr, b"")
            return done.stdout
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        return done.stderr.decode()

    def test_there_and_back(self):
        leader = self.cluster.leader()
        first, second = self.cluster.followers()
        every_kind.fill(leader)
        before = every_kind.contents(leader)
        out = self.mydis("backup", self.path, server=first)
        self.assertRegex(out.decode(), rf"^backed up .*B to {self.path}: log index \d+\n$")
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        piped = self.mydis("backup", server=first)
        with open(self.path, "rb") as file:
            self.assertEqual(len(piped), len(file.read()))
        leader.call("FLUSHALL")
        leader.call("FUNCTION", "FLUSH")
        leader.call("SET", "later", "v")
        self.mydis("restore", self.path, "--yes", server=second)
        self.cluster.wait_equal()
        for instance in self.cluster:
            self.assertTrue(every_kind.contents(instance) == before)
        # From a pipe.
        leader.call("FLUSHALL")
        self.mydis("restore", "-", "--yes", server=leader, stdin=piped)
        self.assertTrue(every_kind.contents(leader) == before)

    def test_export_of_a_backup(self):
        leader = self.cluster.leader()
        every_kind.fill(leader)
        self.mydis("backup", self.path, server=leader)
        leader.call("FLUSHALL")
        self.mydis("export", os.path.join(self.folder.path, "dump.rdb"), "--from", self.path)
        redis = harness.RedisServer(self.folder.path, "--dbfilename", "dump.rdb").start()
        self.addCleanup(redis.kill)
        self.mydis("restore", self.path, "--yes", server=leader)
        every_kind.assert_same(self, redis, leader)

    def test_it_asks_before_it_replaces(self):
        leader = self.cluster.leader()
        self.mydis("backup", self.path, server=leader)
        leader.call("MSET", "a", 1, "b", 2)
        self.assertIn("give --yes", self.mydis("restore", self.path, server=leader, status=2))
        for answer, status, left in (("", 1, 2), ("no", 1, 2), ("yes", 0, 0)):
            terminal = Terminal([BINARY, "restore", self.path, "--address", leader.address], {})
            self.addCleanup(terminal.close)
            terminal.expect(f"Replace 2 keys of the cluster at {leader.address}")
            terminal.line(answer)
            self.assertEqual(terminal.wait(), status, terminal.screen)
            self.assertEqual(leader.call("DBSIZE"), left)

    def test_what_is_no_backup_is_named(self):
        with open(self.path, "w") as file:
            file.write("notes\n" * 100)
        for words in (["restore", "--yes", self.path], ["export", "--from", self.path, self.path + ".rdb"]):
            self.assertIn("is no backup of Mydis", self.mydis(*words, status=1))
        leader = self.cluster.leader()
        leader.call("SET", "k", "v")
        self.mydis("export", self.path, server=leader)
        self.assertIn("is an RDB file: mydis import",
                      self.mydis("restore", "--yes", self.path, server=leader, status=1))
        self.mydis("backup", self.path, server=leader)
        self.assertIn("mydis restore brings it back", self.mydis("import", self.path, server=leader, status=1))
        os.truncate(self.path, os.path.getsize(self.path) - 10)
        self.assertIn("take another copy",
                      self.mydis("restore", "--yes", self.path, server=leader, status=1))

    def test_broken_files_are_refused(self):
        leader = self.cluster.leader()
        leader.call("SET", "k", "x" * 1000)
        self.mydis("backup", self.path, server=leader)
        with open(self.path, "rb") as file:
            good = file.read()
        middle = len(good) // 2
        for bad in (good[:-1], good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1:], b"", b"REDIS0011"):
            with open(self.path, "wb") as file:
                file.write(bad)
            self.mydis("restore", self.path, "--yes", server=leader, status=1)
            self.mydis("restore", "-", "--yes", server=leader, stdin=bad, status=1)
            self.mydis("export", os.path.join(self.folder.path, "out"), "--from", self.path, status=1)
        self.assertEqual(leader.call("GET", "k"), b"x" * 1000)
        self.assertEqual(os.listdir(self.folder.path), ["saved"])

    def test_only_administrators(self):
        leader = self.cluster.leader()
        token = leader.call("TOKEN", "CREATE", "NAME", "app").decode()
        self.addCleanup(leader.call, "TOKEN", "REVOKE", "app")
        self.assertIn("NOPERM", self.mydis("backup", self.path, "--token", token, server=leader, status=1))
        self.assertEqual(os.listdir(self.folder.path), [])


if __name__ == "__main__":
    main()
