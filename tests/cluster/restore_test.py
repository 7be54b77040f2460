#!/usr/bin/python3
"""Backups: read while the cluster is written to, brought back on all instances at once, through a follower, while
the leader dies; and files that are none."""

import json
import os
import threading

from http_client import HttpClient
from support import ClusterTest, RespError, fill, main, wait_until


class Backups(ClusterTest):
    def http(self, instance, **options):
        client = HttpClient(instance.http_port, timeout=120.0, **options)
        self.addCleanup(client.close)
        return client

    def restore(self, client, backup):
        return client.call("POST", "/v1/restore", backup)

    def fill_with_everything(self, instance):
        fill(instance, 3000)
        with instance.connect() as client:
            client.call("SET", b"\x00\xff", bytes(range(256)))
            client.call("HSET", "hash", "f", "v", "n", 1)
            client.call("RPUSH", "list", *range(500))
            client.call("SADD", "set", *range(500))
            client.call("ZADD", "zset", 1.5, "a", 2, "b")
            client.call("XADD", "stream", "1-1", "f", "v")
            client.call("SET", "ends", "v", "PX", 10_000_000)
            client.call("SELECT", 3)
            client.call("SET", "elsewhere", "v")
            client.call("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 7 end)")

    def contents(self, instance):
        """All values, by DUMP; of a key with an end whether it has one."""
        with instance.connect() as client:
            found = {}
            for db in (0, 3):
                client.call("SELECT", db)
                for key in client.call("STRONG", "KEYS", "*"):
                    found[db, key] = (client.call("DUMP", key), client.call("PTTL", key) > 0)
            return found

    def test_there_and_back_through_followers(self):
        cluster = self.cluster()
        self.fill_with_everything(cluster.leader())
        first, second = cluster.followers()
        cluster.wait_equal()
        before = self.contents(first)
        saved = self.http(first).get("/v1/backup")
        self.assertEqual(saved.status, 200)
        self.assertEqual(int(saved.headers["content-length"]), len(saved.body))
        with cluster.leader().connect() as client:
            client.call("ACL", "SETUSER", "later", "on", "nopass", "+@all")
            client.call("SET", "key:1", "changed")
            client.call("DEL", "hash")
            client.call("SET", "only:now", "v")
            client.call("FUNCTION", "FLUSH")
        watching = second.connect()
        self.addCleanup(watching.close)
        watching.call("WATCH", "key:2", "missing")
        restored = self.restore(self.http(second), saved.body)
        self.assertEqual((restored.status, restored.json["result"]), (200, "OK"), restored)
        self.assertEqual(self.contents(second), before)
        cluster.wait_equal()
        for instance in cluster:
            self.assertEqual(instance.call("STRONG", "EVAL", "return redis.call('GET', 'only:now')", 0), None)
            self.assertEqual(instance.call("FCALL", "f", 0), 7)
        # Users are the cluster's, not the backup's.
        self.assertIsNotNone(first.call("ACL", "GETUSER", "later"))
        # Revisions only grow, and whoever has watched a key has seen it change.
        self.assertGreater(restored.revision, saved.revision)
        watching.call("MULTI")
        watching.call("SET", "x", "y")
        self.assertIsNone(watching.call("EXEC"))
        # All of it is on disk.
        for instance in cluster:
            instance.kill()
        cluster.start()
        cluster.wait_equal()
        self.assertEqual(self.contents(first), before)

    def test_a_backup_is_consistent_while_the_cluster_is_written_to(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        fill(cluster.leader(), 20_000)
        self.assertEqual(follower.call("STRONG", "DBSIZE"), 20_000)
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
            saved = self.http(follower).get("/v1/backup").body
        finally:
            stop.set()
            writer.join(30)
        self.assertEqual(self.restore(self.http(follower), saved).status, 200)
        values = follower.call("MGET", "pair:a", "key:77", "pair:b")
        self.assertEqual(len(set(values)), 1, values)
        self.assertEqual(follower.call("DBSIZE"), 20_002)

    def test_what_is_no_backup_changes_nothing(self):
        cluster = self.cluster(1)
        instance = cluster.leader()
        fill(instance, 2000, size=500)
        client = self.http(instance)
        saved = client.get("/v1/backup").body
        instance.call("SET", "here", "still")
        middle = len(saved) // 2
        for bad in (b"", b"x", saved[:-1], saved[:middle], saved + b"x", b"y" + saved[1:], b"\0" * 5000,
                    saved[:middle] + bytes([saved[middle] ^ 1]) + saved[middle + 1:]):
            with self.subTest(size=len(bad)):
                response = self.restore(self.http(instance), bad)
                self.assertEqual((response.status, response.error["committed"]), (400, "no"), response)
                self.assertIn("not a whole backup", response.error["message"])
        # A client that leaves in the midst of it.
        leaving = self.http(instance)
        leaving.send_raw(b"POST /v1/restore HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(saved) + saved[:middle])
        leaving.close()
        self.assertEqual(instance.call("GET", "here"), b"still")
        self.assertEqual(instance.call("DBSIZE"), 2001)
        # In chunks, too.
        client.send_raw(b"POST /v1/restore HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(saved), 10_000):
            piece = saved[at:at + 10_000]
            client.send_raw(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        client.send_raw(b"0\r\n\r\n")
        self.assertEqual(client.read().status, 200)
        self.assertEqual(instance.call("DBSIZE"), 2000)

    def test_one_connection_brings_several(self):
        cluster = self.cluster(1)
        instance = cluster.leader()
        fill(instance, 100)
        client = self.http(instance)
        saved = client.get("/v1/backup").body
        for body, status in ((saved, 200), (saved[:-1], 400), (saved, 200)):
            fill(instance, 1, prefix="later")
            answer = self.restore(client, body)
            self.assertEqual((answer.status, instance.call("EXISTS", "later:0")), (status, int(status != 200)), answer)
        with open(os.path.join(instance.data_dir, "audit.log"), encoding="utf-8") as file:
            noted = [line["what"] for line in map(json.loads, file) if "restore" in line["what"]]
        self.assertEqual(noted, ['"mydis" "restore" "begin"', '"mydis" "restore" "commit"'] * 2)

    def test_only_the_commit_waits_for_all(self):
        """With strong writes and an instance down, which its answer tells."""
        cluster = self.cluster(options=("--raft-timeout", "4s"))  # Longer than an election takes.
        saved = self.large_backup(cluster)
        follower, down = cluster.followers()
        follower.call("CONFIG", "SET", "write-consistency", "strong")
        down.kill()
        answer = self.restore(self.http(follower), saved)
        self.assertEqual((answer.status, answer.error["code"], answer.error["committed"]), (504, "NOTALL", "yes"))
        self.assertEqual(follower.call("DBSIZE"), 20_000)

    def test_it_stays_within_maxmemory(self):
        cluster = self.cluster(1)
        instance = cluster.leader()
        fill(instance, 2000, size=1000)
        saved = self.http(instance).get("/v1/backup").body
        instance.call("CONFIG", "SET", "maxmemory", 5_000_000, "maxmemory-policy", "allkeys-random")
        client = self.http(instance)
        refused = self.restore(client, saved)
        self.assertEqual((refused.status, refused.error["code"], refused.error["committed"]), (507, "OOM", "no"))
        self.assertEqual(instance.call("DBSIZE"), 2000)
        instance.call("FLUSHALL")
        self.assertEqual(self.restore(client, saved).status, 200)
        self.assertEqual(instance.call("DBSIZE"), 2000)

    def test_a_large_file_is_in_no_memory(self):
        cluster = self.cluster(1)
        instance = cluster.leader()
        client = self.http(instance)
        before = int(instance.info("memory")["used_memory_rss"])
        size = 300 << 20
        client.send_raw(b"POST /v1/restore HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size >> 20):
            client.send_raw(b"x" * (1 << 20))
        self.assertEqual(client.read().status, 400)
        with open(f"/proc/{instance.pid}/status", encoding="utf-8") as file:
            peak = next(int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM"))
        self.assert_takes_less(peak - before, 60 << 20)

    def test_the_leader_dies_meanwhile(self):
        """Step by step through a follower, so that it dies between two parts: what is in the log stays in it."""
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        saved = self.large_backup(cluster)
        bringing = self.connect(follower)
        self.upload(bringing, saved)
        bringing.call("MYDIS", "RESTORE", "BEGIN")
        for _ in range(5):
            self.assertEqual(bringing.call("MYDIS", "RESTORE", "FEED"), 1)
        self.assertEqual(follower.call("GET", "old"), b"v")
        leader.kill()
        parts = 0
        while bringing.call("MYDIS", "RESTORE", "FEED") == 1:
            parts += 1
        self.assertGreater(parts, 5)
        self.assertEqual(follower.call("GET", "old"), b"v")
        bringing.call("MYDIS", "RESTORE", "COMMIT")
        self.assertEqual((follower.call("DBSIZE"), follower.call("GET", "old")), (20_000, None))
        leader.start()
        cluster.wait_equal()

    def test_the_leader_dies_during_the_request(self):
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        saved = self.large_backup(cluster)
        client = self.http(follower)
        client.send_raw(b"POST /v1/restore HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(saved))
        client.send_raw(saved[:-1])
        # What is still missing keeps the leader from having any of it.
        leader.pause()
        client.send_raw(saved[-1:])
        leader.kill()
        answer = client.read()
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((follower.call("DBSIZE"), follower.call("GET", "old")), (20_000, None))
        leader.start()
        cluster.wait_equal()

    def large_backup(self, cluster):
        """Of 20,000 keys, in whose place there is one now."""
        follower = cluster.followers()[0]
        fill(cluster.leader(), 20_000, size=1000)
        self.assertEqual(follower.call("STRONG", "DBSIZE"), 20_000)
        saved = self.http(follower).get("/v1/backup").body
        follower.call("STRONG", "FLUSHALL")
        follower.call("STRONG", "SET", "old", "v")
        return saved

    def upload(self, client, saved):
        for at in range(0, len(saved), 1 << 20):
            client.call("MYDIS", "RESTORE", "UPLOAD", saved[at:at + (1 << 20)])
        while client.call("MYDIS", "RESTORE", "CHECK") == 1:
            pass

    def test_who_brings_a_backup_dies_meanwhile(self):
        """The cluster keeps what it has; another can restore a minute later, or at once after DROP."""
        cluster = self.cluster()
        saved = self.large_backup(cluster)
        follower, gone = cluster.followers()
        bringing = self.connect(gone)
        self.upload(bringing, saved)
        bringing.call("MYDIS", "RESTORE", "BEGIN")
        bringing.call("MYDIS", "RESTORE", "FEED")
        gone.kill()
        refused = self.restore(self.http(follower), saved)
        self.assertEqual((refused.status, refused.error["code"], refused.error["committed"]), (429, "BUSY", "no"))
        self.assertEqual((follower.call("DBSIZE"), follower.call("GET", "old")), (1, b"v"))
        # It has the part again when it is back.
        gone.start()
        cluster.wait_equal()
        with self.assertRaisesRegex(RespError, "BUSY another backup is being restored"):
            gone.call("MYDIS", "STAGE", "BEGIN", "other")
        with self.assertRaisesRegex(RespError, "BUSY a backup is being restored"):
            gone.call("MYDIS", "SNAPSHOT")

    def test_only_administrators(self):
        cluster = self.cluster(1)
        instance = cluster.leader()
        token = instance.call("TOKEN", "CREATE", "NAME", "app").decode()
        client = self.http(instance, token=token)
        self.assertEqual(client.get("/v1/backup").status, 403)
        self.assertEqual(client.call("POST", "/v1/restore", b"x").status, 403)


if __name__ == "__main__":
    main()
