#!/usr/bin/python3
"""Backups: the file is whole and consistent, read while the cluster is written to, by clients that are slow or go away."""

import os
import threading

from http_client import HttpClient
from support import ClusterTest, fill, main, wait_until


class Backups(ClusterTest):
    def http(self, instance, **options):
        client = HttpClient(instance.http_port, timeout=120.0, **options)
        self.addCleanup(client.close)
        return client

    def newest_file(self, instance):
        """The bytes of the last snapshot in the data directory."""
        folder = os.path.join(instance.data_dir, "snapshots")
        names = sorted(name for name in os.listdir(folder) if not name.endswith(".tmp"))
        with open(os.path.join(folder, names[-1]), "rb") as file:
            return file.read()

    def test_it_is_the_snapshot_of_all_that_was_written(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        fill(cluster.leader(), 5000)
        value = os.urandom(100_000)
        cluster.leader().call("SET", "last", value)
        cluster.wait_equal()
        client = self.http(follower)
        saved = client.get("/v1/backup")
        self.assertEqual(saved.status, 200)
        self.assertEqual(int(saved.headers["content-length"]), len(saved.body))
        self.assertRegex(saved.headers["content-disposition"], r'filename="mydis-\d+.snapshot"')
        self.assertTrue(saved.body == self.newest_file(follower))
        # A block may end in its midst.
        self.assertTrue(value[:500] in saved.body or value[-500:] in saved.body)
        # The connection goes on, and nothing new is taken where nothing is new.
        self.assertEqual(client.get("/v1/keys/last").status, 200)
        again = client.get("/v1/backup")
        self.assertEqual(again.body[-40:], saved.body[-40:])

    def test_slow_and_departing_clients(self):
        cluster = self.cluster(1)
        instance = cluster.leader()
        fill(instance, 20_000, size=1000)
        before = int(self.memory(instance))
        slow = [self.http(instance) for _ in range(10)]
        for client in slow:
            client.send("GET", "/v1/backup")
            self.assertTrue(client.file.read(1000).startswith(b"HTTP/1.1 200 OK"))
        # Ten copies of 20 MB are on their way, and none of them is in memory.
        self.assert_takes_less(int(self.memory(instance)) - before, 60 << 20)
        fill(instance, 20_000, prefix="more", size=1000)
        instance.call("SAVE")
        for client in slow[5:]:
            client.close()
        size = None
        for client in slow[:5]:
            rest = b""
            while len(rest) < 20_000_000:
                rest += client.file.read1(1 << 20)
            size = len(rest)
        self.assertGreater(size, 20_000_000)
        self.assertEqual(self.http(instance).get("/livez").status, 200)

    def memory(self, instance):
        info = instance.call("INFO", "memory").decode()
        return next(line.split(":")[1] for line in info.splitlines() if line.startswith("used_memory_rss:"))

    def test_while_the_cluster_is_written_to(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        fill(cluster.leader(), 20_000)
        stop = threading.Event()

        def write():
            with cluster.leader().connect() as client:
                i = 0
                while not stop.is_set():
                    i += 1
                    client.call("MSET", "pair:a", i, "key:77", i, "pair:b", i)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            wait_until(lambda: follower.call("EXISTS", "pair:b"), 30, "a write")
            for _ in range(3):
                saved = self.http(follower).get("/v1/backup")
                self.assertEqual((saved.status, len(saved.body)), (200, int(saved.headers["content-length"])))
        finally:
            stop.set()
            writer.join(30)

    def test_only_administrators(self):
        cluster = self.cluster(1)
        instance = cluster.leader()
        token = instance.call("TOKEN", "CREATE", "NAME", "app").decode()
        self.assertEqual(self.http(instance, token=token).get("/v1/backup").status, 403)


if __name__ == "__main__":
    main()
