"""What the process tests share: a base class, load generators, and the harness on the path."""

import os
import subprocess
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "tools"))

import mydis_harness as harness  # noqa: E402
from resp_client import Client, Closed, RespError, encode, wait_until  # noqa: E402, F401

BINARY = harness.default_binary()
# A sanitizer keeps what was freed, and more besides: memory has no bounds then.
SANITIZED = os.access(BINARY, os.X_OK) and harness.is_sanitized(BINARY)


class ClusterTest(unittest.TestCase):
    """Clusters and folders made through this class are ended with the test; a failed one keeps its logs."""

    def setUp(self):
        if not os.access(BINARY, os.X_OK):
            self.fail(f"there is no program {BINARY}, build it with ./dev build")

    def failed(self):
        outcome = self._outcome.result
        return any(test is self for test, _ in outcome.failures + outcome.errors)

    def cluster(self, n=3, **options):
        cluster = harness.Cluster(n, binary=BINARY, **options)
        self.addCleanup(self._close, cluster)
        return cluster

    def folder(self):
        folder = harness.Folder()
        self.addCleanup(folder.remove)
        return folder.path

    def instance(self, folder, *options, **more):
        instance = harness.Instance(folder, options, binary=BINARY, **more)
        self.addCleanup(lambda: self.assertEqual(instance.sanitizer_report(), ""))
        self.addCleanup(instance.kill)
        return instance

    def connect(self, instance, **options):
        client = instance.connect(**options)
        self.addCleanup(client.close)
        return client

    def assert_takes_less(self, taken, limit):
        """Bytes of memory."""
        if not SANITIZED:
            self.assertLess(taken, limit)

    def wait_refused(self, client):
        """Waits until the server ends the client's connection, or refuses it."""
        def refused():
            try:
                client.call("PING")
                return False
            except (Closed, RespError):
                return True
        wait_until(refused, 30, "the connection's end")

    def _close(self, cluster):
        if self.failed():
            cluster.folder.keep = True
        cluster.close()

    def counters(self, instance, load):
        """The load's counters as this instance has them, read strongly."""
        with instance.connect() as client:
            return [int(client.call("STRONG", "GET", key) or 0) for key in load.keys]


class IncrLoad:
    """Threads that each INCR a key of their own on one instance, one command at a time.

    `acknowledged[i]` counts replies; every error goes to `errors`; `longest_wait` is the longest time
    between a command and its reply, in seconds.
    """

    def __init__(self, instance, threads=4, prefix="counter"):
        self.instance = instance
        self.keys = [f"{prefix}:{i}" for i in range(threads)]
        self.acknowledged = [0] * threads
        self.errors = []
        self.longest_wait = 0.0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,), daemon=True)
                         for i in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Waits for every command under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client still waits for its reply after 60 s"

    def total(self):
        return sum(self.acknowledged)

    def wait_for(self, more, limit=30.0):
        """Waits until `more` further replies have come."""
        wanted = self.total() + more
        wait_until(lambda: self.total() >= wanted or self.errors, limit, f"{more} more replies")
        return self

    def _run(self, i):
        try:
            with self.instance.connect(timeout=60) as client:
                while not self._stop.is_set():
                    started = time.monotonic()
                    value = client.call("INCR", self.keys[i])
                    self.longest_wait = max(self.longest_wait, time.monotonic() - started)
                    self.acknowledged[i] += 1
                    if value != self.acknowledged[i]:
                        self.errors.append(f"{self.keys[i]}: reply {value} to INCR number "
                                           f"{self.acknowledged[i]}")
                        return
        except (OSError, RespError) as error:
            self.errors.append(f"{self.keys[i]}: {error}")


def fill(instance, count, prefix="key", size=100):
    """Writes `count` keys in one pipeline after another."""
    with instance.connect() as client:
        for start in range(0, count, 500):
            numbers = range(start, min(start + 500, count))
            for i in numbers:
                client.send("SET", f"{prefix}:{i}", f"{i}:" + "x" * size)
            for _ in numbers:
                reply = client.read()
                assert reply == ("+", b"OK"), reply


def npm_install(test, *packages):
    """A folder with these npm packages; the test is left out where their registry cannot be reached."""
    folder = test.folder()
    # What npm's cache in the home folder has of an earlier run is not asked for again.
    # Where nobody answers it is not asked for minutes.
    limits = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000",
              "--fetch-timeout=60000"]
    install = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefer-offline",
                              *limits, "--prefix", folder, *packages], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=300)
    if install.returncode != 0:
        reach = subprocess.run(["npm", "ping", *limits], stdin=subprocess.DEVNULL, capture_output=True,
                               text=True, timeout=120)
        if reach.returncode != 0:
            test.skipTest("the npm registry cannot be reached")
        test.fail(f"npm install: {install.stdout}{install.stderr}")
    return folder


def main():
    unittest.main(verbosity=2)
