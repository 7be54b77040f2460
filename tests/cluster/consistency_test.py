#!/usr/bin/python3
"""Strong and eventual commands, as a client of a follower sees them."""

import re

from support import ClusterTest, RespError, encode, main, wait_until


class Consistency(ClusterTest):
    def test_strong_write_is_everywhere_when_answered(self):
        cluster = self.cluster()
        client = self.connect(cluster.followers()[0])
        others = [self.connect(instance) for instance in cluster]
        for i in range(50):
            self.assertEqual(client.call("STRONG", "SET", "k", i), b"OK")
            self.assertEqual([other.call("GET", "k") for other in others], [b"%d" % i] * 3)

    def test_strong_read_sees_what_was_written_elsewhere(self):
        cluster = self.cluster()
        writer, reader = self.connect(cluster[0]), self.connect(cluster[2])
        for i in range(50):
            writer.call("SET", "k", i)
            self.assertEqual(reader.call("STRONG", "GET", "k"), b"%d" % i)

    def test_a_barrier_covers_only_what_had_arrived(self):
        """What follows a strong read in its pipeline must not lend its barrier to a later one."""
        cluster = self.cluster(options=["--raft-timeout", "1s"])
        leader, (follower, other) = cluster.leader(), cluster.followers()
        client = self.connect(follower)
        client.call("SET", "k", "v")
        client.send_bytes(encode(["STRONG", "GET", "k"]) + encode(["PING"]) * 3)
        self.assertEqual([client.read()[1] for _ in range(4)], [b"v"] + [b"PONG"] * 3)
        leader.pause()
        other.pause()
        try:
            self.assertIsInstance(client.try_call("STRONG", "GET", "k"), RespError)
        finally:
            leader.resume()
            other.resume()

    def test_consistency_of_the_connection(self):
        cluster = self.cluster()
        writer, reader = self.connect(cluster[0]), self.connect(cluster[2])
        reader.call("CLIENT", "CONSISTENCY", "READ", "strong")
        for i in range(50):
            writer.call("SET", "k", i)
            self.assertEqual(reader.call("GET", "k"), b"%d" % i)

    def test_strong_write_with_one_instance_down(self):
        cluster = self.cluster(options=["--raft-timeout", "1s"])
        leader, (follower, away) = cluster.leader(), cluster.followers()
        away.kill()
        client = self.connect(follower)
        error = client.try_call("STRONG", "SET", "k", "v")
        self.assertIsInstance(error, RespError)
        self.assertRegex(str(error),
                         r"^NOTALL committed at revision \d+, applied on 2 of 3 instances")
        self.assertEqual(client.call("GET", "k"), b"v")
        self.assertEqual(leader.call("STRONG", "GET", "k"), b"v")
        self.assertEqual(client.call("SET", "k", "w"), b"OK")
        away.start()
        self.assertEqual(client.call("STRONG", "SET", "k", "x"), b"OK")
        self.assertEqual(away.call("GET", "k"), b"x")

    def pipeline(self, client, *commands):
        client.send_bytes(b"".join(encode([str(word).encode() for word in command])
                                   for command in commands))
        return [client.read() for _ in commands]

    def test_barrier_covers_only_what_had_arrived(self):
        cluster = self.cluster(options=["--raft-timeout", "1s"])
        follower = cluster.followers()[0]
        client = self.connect(follower)
        client.call("SET", "k", "v")
        replies = self.pipeline(client, ["STRONG", "GET", "k"], *[["PING"]] * 5)
        self.assertEqual(replies, [("$", b"v")] + [("+", b"PONG")] * 5)
        for other in cluster:
            if other is not follower:
                other.pause()
        replies = self.pipeline(client, *[["STRONG", "GET", "k"]] * 3, ["PING"])
        self.assertEqual([kind for kind, _ in replies], ["-", "-", "-", "+"], replies)

    def test_replies_keep_their_order_whatever_the_consistency(self):
        cluster = self.cluster(options=["--raft-timeout", "1s"])
        follower, away = cluster.followers()
        away.kill()
        client = self.connect(follower)
        replies = self.pipeline(client, ["SET", "a", 1], ["STRONG", "INCR", "a"], ["INCR", "a"],
                                ["GET", "a"], ["STRONG", "INCR", "a"], ["MULTI"], ["INCR", "a"],
                                ["EXEC"])
        self.assertEqual([kind for kind, _ in replies], ["+", "-", ":", "$", "-", "+", "+", "*"],
                         replies)
        self.assertEqual(replies[3], ("$", b"3"))

    def test_strong_writes_that_wait_hold_nobody_up(self):
        cluster = self.cluster(options=["--raft-timeout", "20s", "--io-threads", "1"])
        follower, away = cluster.followers()
        away.kill()
        waiting = [self.connect(follower) for _ in range(4)]
        for client in waiting:
            client.send("STRONG", "SET", "k", "v")
            wait_until(lambda: follower.call("GET", "k") == b"v", 10, "the strong write is applied")
            follower.call("DEL", "k", timeout=10.0)

    def test_the_floor_of_the_cluster_holds_for_every_write(self):
        cluster = self.cluster(options=["--raft-timeout", "1s"])
        leader, (follower, away) = cluster.leader(), cluster.followers()
        run = follower.cli("cluster", "set", "write-consistency", "strong")
        self.assertEqual(run.returncode, 0, run.stderr)
        client = self.connect(follower)
        self.assertEqual(client.call("SET", "k", "v"), b"OK")
        away.kill()
        for words in (["SET", "k", "w"], ["EVENTUAL", "SET", "k", "w"]):
            error = client.try_call(*words)
            self.assertTrue(str(error).startswith("NOTALL "), error)

    def test_wait_counts_the_others(self):
        cluster = self.cluster()
        client = self.connect(cluster.followers()[0])
        client.call("SET", "k", "v")
        self.assertEqual(client.call("WAIT", 2, 10000), 2)

    def test_revision_of_the_error_counts_writes(self):
        cluster = self.cluster(options=["--raft-timeout", "1s"])
        follower, away = cluster.followers()
        away.kill()
        client = self.connect(follower)
        errors = [str(client.try_call("STRONG", "SET", "a", i)) for i in range(2)]
        numbers = [int(re.search(r"revision (\d+)", text).group(1)) for text in errors]
        self.assertEqual(numbers[1], numbers[0] + 1)


if __name__ == "__main__":
    main()
