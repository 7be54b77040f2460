#!/usr/bin/python3
"""MIGRATE: keys go to another server, and away from here once they are there."""

import socket
import threading

from support import BINARY, ClusterTest, RespError, harness, main


class Migrate(ClusterTest):
    def setUp(self):
        super().setUp()
        self.source = self.cluster()
        self.target = harness.Instance(self.folder(), binary=BINARY).start()
        self.addCleanup(self.target.kill)

    def migrate(self, instance, *words, key="", timeout=5000):
        return instance.call("MIGRATE", self.target.host, self.target.redis_port, key, 3, timeout, *words)

    def there(self, *words):
        with self.target.connect() as client:
            client.call("SELECT", 3)
            return client.call(*words)

    def test_values_move(self):
        follower, other = self.source.followers()
        follower.call("SET", "s", "text")
        follower.call("SET", "t", "short-lived", "PX", 100000)
        follower.call("HSET", "h", "f", "v")
        self.assertEqual(self.migrate(follower, key="s"), b"OK")
        self.assertEqual(self.there("GET", "s"), b"text")
        self.assertEqual(self.there("PTTL", "s"), -1)
        self.assertEqual(self.migrate(follower, "COPY", "KEYS", "t", "none", "h"), b"OK")
        self.assertEqual(self.there("GET", "t"), b"short-lived")
        self.assertIn(self.there("PTTL", "t"), range(1, 100001))
        self.assertEqual(follower.call("EXISTS", "s", "t", "h"), 2)
        with self.assertRaisesRegex(RespError, "Target instance replied with error: BUSYKEY"):
            self.migrate(follower, "KEYS", "t", "h")
        self.assertEqual(self.migrate(follower, "REPLACE", "KEYS", "t", "h"), b"OK")
        self.assertEqual(follower.call("EXISTS", "s", "t", "h"), 0)
        self.assertEqual(self.migrate(other, "KEYS", "none"), b"NOKEY")
        self.source.wait_equal()

    def test_what_the_other_side_refuses_stays(self):
        follower = self.source.followers()[0]
        follower.call("MSET", "a", "1", "b", "2")
        self.there("SET", "a", "taken")
        with self.assertRaisesRegex(RespError, "^ERR Target instance replied with error: BUSYKEY"):
            self.migrate(follower, "KEYS", "a", "b")
        self.assertEqual(follower.call("MGET", "a", "b"), [b"1", None])
        self.assertEqual(self.there("MGET", "a", "b"), [b"taken", b"2"])

    def test_what_changes_meanwhile_is_kept(self):
        follower, other = self.source.followers()
        for change in True, False:
            follower.call("SET", "k", "old")
            with socket.create_server(("127.0.0.1", 0)) as server, follower.connect() as client:
                client.send("MIGRATE", "127.0.0.1", server.getsockname()[1], "k", 0, 10000)
                connection, _ = server.accept()
                with connection:
                    received = b""
                    while b"old" not in received:
                        received += connection.recv(4096)
                    if change:
                        other.call("SET", "k", "new")
                        follower.call("STRONG", "GET", "k")
                    connection.sendall(b"+OK\r\n+OK\r\n")
                    if change:
                        self.assertRegex(repr(client.read()), "has changed since")
                    else:
                        self.assertEqual(client.read(), ("+", b"OK"))
            self.assertEqual(follower.call("GET", "k"), b"new" if change else None)

    def test_the_other_side_falls_silent_or_goes(self):
        follower = self.source.followers()[0]
        follower.call("SET", "k", "v")
        for leave in True, False:
            with socket.create_server(("127.0.0.1", 0)) as server:
                def accept():
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(10)
                        if not leave:
                            while connection.recv(4096):  # Until the source gives up.
                                pass
                thread = threading.Thread(target=accept)
                thread.start()
                with self.assertRaisesRegex(RespError, "^IOERR error or timeout reading"):
                    follower.call("MIGRATE", "127.0.0.1", server.getsockname()[1], "k", 0, 300)
                thread.join()
        self.assertEqual(follower.call("GET", "k"), b"v")

    def test_from_redis(self):
        with harness.RedisServer(self.folder()).start() as redis:
            redis.call("RPUSH", "list", "a", "b")
            self.assertEqual(self.migrate(redis, key="list"), b"OK")
            self.assertEqual(self.there("LRANGE", "list", 0, -1), [b"a", b"b"])
            self.assertEqual(redis.call("EXISTS", "list"), 0)


if __name__ == "__main__":
    main()
