#!/usr/bin/python3
"""Strong and eventual commands, as a client of a follower sees them."""

import re

from support import ClusterTest, RespError, encode, main, wait_until


# What a command says whose time was over.
_LATE = re.compile("^(NOTALL|NOTCOMMITTED|UNKNOWN|STALE|TIMEOUT) ")


class Consistency(ClusterTest):
    """Where --raft-timeout is short, what does not have to take its time is tried until it did not."""

    def until(self, client, *words, gives):
        """Sends the command until its reply, or the words of its error, are these."""
        def as_wanted():
            reply = client.try_call(*words)
            text = str(reply)
            if isinstance(gives, re.Pattern):
                self.assertIsInstance(reply, RespError)
                found = gives.search(text)
            else:
                found = reply == gives
            self.assertTrue(found or _LATE.match(text), text)
            return found
        return wait_until(as_wanted, 30, f"{gives} of {words}")

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
        leader, (follower, other) = cluster.roles()
        client = self.connect(follower)
        self.until(client, "SET", "k", "v", gives=b"OK")
        replies = self.pipeline_in_time(client, ["STRONG", "GET", "k"], *[["PING"]] * 3)
        self.assertEqual([value for _, value in replies], [b"v"] + [b"PONG"] * 3)
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
        leader, (follower, away) = cluster.roles()
        away.kill()
        client = self.connect(follower)
        self.until(client, "STRONG", "SET", "k", "v", gives=re.compile(
            r"^NOTALL committed at revision \d+, applied on 2 of 3 instances"))
        self.assertEqual(client.call("GET", "k"), b"v")
        self.until(self.connect(leader), "STRONG", "GET", "k", gives=b"v")
        self.until(client, "SET", "k", "w", gives=b"OK")
        away.start()
        self.until(client, "STRONG", "SET", "k", "x", gives=b"OK")
        self.assertEqual(away.call("GET", "k"), b"x")

    def pipeline(self, client, *commands):
        client.send_bytes(b"".join(encode([str(word).encode() for word in command])
                                   for command in commands))
        return [client.read() for _ in commands]

    def pipeline_in_time(self, client, *commands, may_fail=()):
        """The replies when none is an error but NOTALL of those numbered in `may_fail`. REQUIRES: it may be sent again."""
        def in_time():
            replies = self.pipeline(client, *commands)
            late = [value for i, (kind, value) in enumerate(replies)
                    if kind == "-" and not (i in may_fail and value.startswith(b"NOTALL "))]
            for value in late:
                self.assertRegex(value.decode(), _LATE)
            return None if late else replies
        return wait_until(in_time, 30, f"{commands} without an error")

    def test_barrier_covers_only_what_had_arrived(self):
        cluster = self.cluster(options=["--raft-timeout", "1s"])
        follower = cluster.followers()[0]
        client = self.connect(follower)
        self.until(client, "SET", "k", "v", gives=b"OK")
        replies = self.pipeline_in_time(client, ["STRONG", "GET", "k"], *[["PING"]] * 5)
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
        replies = self.pipeline_in_time(client, ["SET", "a", 1], ["STRONG", "INCR", "a"], ["INCR", "a"],
                                        ["GET", "a"], ["STRONG", "INCR", "a"], ["MULTI"], ["INCR", "a"],
                                        ["EXEC"], may_fail=(1, 4))
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
            wait_until(lambda: follower.call("GET", "k") == b"v", 30, "the strong write is applied")
            follower.call("DEL", "k", timeout=10.0)

    def test_the_floor_of_the_cluster_holds_for_every_write(self):
        cluster = self.cluster(options=["--raft-timeout", "1s"])
        leader, (follower, away) = cluster.roles()

        def is_set():
            run = follower.cli("cluster", "set", "write-consistency", "strong")
            if run.returncode != 0:
                self.assertRegex(run.stderr.removeprefix("mydis cluster set: "), _LATE)
            return run.returncode == 0
        wait_until(is_set, 60, "the floor to be set")
        client = self.connect(follower)
        self.until(client, "SET", "k", "v", gives=b"OK")
        away.kill()
        for words in (["SET", "k", "w"], ["EVENTUAL", "SET", "k", "w"]):
            self.until(client, *words, gives=re.compile("^NOTALL "))

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

        def numbers():
            """Of both errors; None if one does not know whether anything was written."""
            errors = [str(client.try_call("STRONG", "SET", "a", i)) for i in range(2)]
            found = [re.search(r"^NOTALL .* revision (\d+)", text) for text in errors]
            return all(found) and [int(each[1]) for each in found]
        first, second = wait_until(numbers, 30, "two revisions")
        self.assertEqual(second, first + 1)


if __name__ == "__main__":
    main()
