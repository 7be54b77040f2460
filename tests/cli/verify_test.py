#!/usr/bin/python3
"""mydis verify: backups, RDB files and data directories that are whole, and the same with a byte flipped anywhere."""

import os
import random
import shutil
import subprocess
import unittest

import every_kind
from support import BINARY, harness, main


class VerifyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.Folder()
        cls.addClassCleanup(cls.folder.remove)
        instance = harness.Instance(cls.folder.path, binary=BINARY, name="one").start()
        cls.addClassCleanup(instance.kill)
        every_kind.fill(instance)
        for i in range(100):
            instance.call("SET", f"key:{i}", "x" * 100)
        instance.snapshot()
        instance.call("SET", "behind", "the snapshot")
        cls.keys = sum(cls.database_size(instance, db) for db in range(16))
        cls.backup = os.path.join(cls.folder.path, "saved")
        cls.rdb = os.path.join(cls.folder.path, "dump.rdb")
        assert instance.cli("backup", cls.backup).returncode == 0
        assert instance.cli("export", cls.rdb).returncode == 0
        cls.running = instance
        cls.directory = os.path.join(cls.folder.path, "stopped")
        stopped = harness.Instance(cls.folder.path, binary=BINARY, name="stopped").start()
        stopped.call("SET", "in", "the snapshot")
        stopped.snapshot()
        for i in range(200):
            stopped.call("SET", f"key:{i}", "x" * 100)
        assert stopped.stop() == 0

    @staticmethod
    def database_size(instance, db):
        with instance.connect() as client:
            client.call("SELECT", db)
            return client.call("DBSIZE")

    def verify(self, path, status=0):
        done = subprocess.run([BINARY, "verify", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        if status == 0:
            self.assertEqual(done.stderr, "")
            self.assertTrue(done.stdout.endswith("every checksum is right\n"), done.stdout)
            return done.stdout
        self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1), done.stderr)
        return done.stderr

    def flipped(self, path, at):
        """A copy with another byte there."""
        with open(path, "rb") as file:
            data = bytearray(file.read())
        data[at] ^= 0x10
        copy = os.path.join(self.folder.path, "flipped")
        with open(copy, "wb") as file:
            file.write(data)
        return copy

    def test_a_backup(self):
        out = self.verify(self.backup)
        self.assertIn(f"\n{self.keys} keys, 1 function library, ", out)
        self.assertRegex(out, r"^snapshot of cluster [0-9a-f]{16} at log index \d+, term \d, ")
        self.assertRegex(out, r"\n0\tstring\t108\t1\t\d+\n")

    def test_an_rdb_file(self):
        out = self.verify(self.rdb)
        self.assertRegex(out, r"^RDB version 10, of Redis 7.0.0, written ")
        self.assertIn(f"\n{self.keys} keys, 1 function library\n", out)

    def test_every_flipped_byte_is_found(self):
        chance = random.Random(7)
        for path in (self.backup, self.rdb):
            size = os.path.getsize(path)
            for at in [0, 8, 20, 47, 60, size - 1, *(chance.randrange(size) for _ in range(40))]:
                self.verify(self.flipped(path, at), status=1)

    def test_what_to_do_about_a_backup_that_is_not_whole(self):
        copy = os.path.join(self.folder.path, "truncated")
        shutil.copy(self.backup, copy)
        os.truncate(copy, os.path.getsize(copy) - 10)
        for path in (copy, self.flipped(self.backup, 20), self.flipped(self.backup, 60)):
            text = self.verify(path, status=1)
            self.assertIn("take another copy of it", text)
            self.assertNotIn("data directory", text)

    def test_a_data_directory(self):
        before = self.listing()
        out = self.verify(self.directory)
        self.assertRegex(out, r"^data directory .*stopped: instance .* of cluster mydis \([0-9a-f]{16}\)\n")
        self.assertRegex(out, r"\nlog from index \d+ on; last entry: index \d+, term \d, of 20.* committed up to index \d+\n")
        self.assertIn("\n1 key, ", out)
        self.assertRegex(out, r"\n20\d entries in the log behind the snapshot: their keys are not counted\n")
        self.assertEqual(self.listing(), before)

    def listing(self):
        found = {}
        for folder, _, names in os.walk(self.directory):
            for name in names:
                path = os.path.join(folder, name)
                if name != "LOCK":
                    with open(path, "rb") as file:
                        found[path] = file.read()
        return found

    def test_a_flipped_byte_in_a_data_directory(self):
        for part, what in (("log", b"key:150"), ("snapshots", b"the snapshot"), ("snapshots", None), ("meta", None)):
            copy = os.path.join(self.folder.path, "damaged")
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(self.directory, copy)
            path = os.path.join(copy, part)
            if part != "meta":
                names = sorted(name for name in os.listdir(path) if not name.startswith("spare"))
                path = os.path.join(path, names[-1])
            with open(path, "r+b") as file:
                data = file.read()
                at = len(data) - 1 if what is None else data.index(what)
                file.seek(at)
                file.write(bytes([data[at] ^ 1]))
            self.assertIn(path, self.verify(copy, status=1))

    def test_what_cannot_be_looked_at(self):
        used = self.verify(self.running.data_dir, status=1)
        self.assertIn("in use by process", used)
        self.assertNotIn("--data-dir", used)
        self.assertIn("No such file", self.verify("/nowhere", status=1))
        self.assertIn("no data directory", self.verify("/etc", status=1))
        self.assertIn("neither a backup of Mydis nor an RDB file", self.verify(__file__, status=1))
        done = subprocess.run([BINARY, "verify"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    main()
