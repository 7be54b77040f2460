#!/usr/bin/python3
"""Watches that go on at another instance by their revision: nothing lost, nothing doubled."""

import threading

from support import Closed, ClusterTest, main, wait_until

from resp_client import plain

END = b"w:end"


class Watcher:
    """Watches keys that begin with `w:` on one instance after another, in a thread of its own, until END changes.

    `events` are (revision, kind, key); those of a revision that was not complete when an instance died are
    taken back, as a client has to do. Without a revision it begins now.
    """

    def __init__(self, instances, revision, command=("MYDIS", "FOLLOW", "w:")):
        self.instances = list(instances)
        self.revision = revision
        self.command = command
        self.events = []
        self.error = None
        self.moves = 0
        self.gone = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while self._watch(self.instances[0]):
                self.moves += 1
                self.instances.append(self.instances.pop(0))
                self.events = [event for event in self.events if event[0] <= self.revision]
        except Exception as error:  # noqa: BLE001: told by the test
            self.error = error

    def _watch(self, instance):
        """True: the instance is gone, or does not serve."""
        try:
            with instance.connect(timeout=60) as client:
                client.send("HELLO", "3")
                client.read()
                begin = [] if self.revision is None else ["FROM", self.revision]
                client.send(*self.command, *begin)
                kind, value = client.read()
                if kind == "-":
                    if value.startswith(b"STALE"):
                        return True
                    raise AssertionError(value)
                while self._take(plain(client.read())):
                    pass
                return False
        except (Closed, OSError):
            return True

    def _take(self, push):
        """False: the end."""
        if push[0] == b"watch-revision":
            self.revision = push[2]
            return True
        if push[0] == b"watch-gone":
            self.gone = push[2:]
            return False
        _, _, revision, last, *rest = push
        if last:
            self.revision = revision
        if rest[1] == END:
            return False
        self.events.append((revision, *rest[:2]))
        return True

    def join(self, test):
        self._thread.join(60)
        test.assertFalse(self._thread.is_alive(), "the watcher does not end")
        if self.error:
            raise self.error
        return self.events


class Writer:
    """Writes keys of its own in a thread, several ways, and keeps a list of what must be told of each, in order."""

    def __init__(self, instance, name):
        self.expected = []  # (kind, key)
        self.written = 0
        self.error = None
        self._name = name
        self._instance = instance
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            with self._instance.connect(timeout=60) as client:
                while not self._stop.is_set():
                    self._write(client, self.written)
                    self.written += 1
        except Exception as error:  # noqa: BLE001: told by the test
            self.error = error

    def _write(self, client, i):
        a, b, c = (f"w:{self._name}:{x}:{i}" for x in "abc")
        client.call("MSET", a, i, b, i, f"not:{self._name}", i)
        client.call("DEL", a)
        client.call("RENAME", b, c)
        client.call("RPUSH", a, "x")
        self.expected += [(b"put", a), (b"put", b), (b"delete", a), (b"put", c), (b"delete", b),
                          (b"put", a)]

    def wait_for(self, count):
        end = self.written + count
        wait_until(lambda: self.error or self.written >= end, 60, f"{count} more writes")

    def stop(self, test):
        self._stop.set()
        self._thread.join(60)
        test.assertIsNone(self.error)
        return [(kind, key.encode()) for kind, key in self.expected]

    def mine(self, events):
        return [event[1:] for event in events if event[2].startswith(f"w:{self._name}:".encode())]


class Watching(ClusterTest):
    def check(self, watchers, writers):
        for watcher in watchers:
            events = watcher.join(self)
            revisions = [event[0] for event in events]
            self.assertEqual(revisions, sorted(revisions))
            self.assertEqual(len(events), len(set(events)), "an event is told twice")
            for writer, expected in writers:
                self.assertEqual(writer.mine(events), expected)

    def test_nothing_is_lost_or_doubled_while_instances_die(self):
        cluster = self.cluster()
        leader, (first, second) = cluster.roles()
        begin = first.call("MYDIS", "KEEPHISTORY", "CHANGES")
        # One whose instance lives, one whose instance dies, one whose dies while it leads.
        watchers = [Watcher(order, begin) for order in
                    ([second, first, leader], [first, second, leader], [leader, second, first])]
        writers = [Writer(second, "one"), Writer(second, "two")]
        for writer in writers:
            writer.wait_for(50)
        leader.kill()
        for writer in writers:
            writer.wait_for(50)
        leader.start()
        for writer in writers:
            writer.wait_for(20)
        first.kill()
        for writer in writers:
            writer.wait_for(50)
        expected = [(writer, writer.stop(self)) for writer in writers]
        # One that has seen nothing yet.
        watchers.append(Watcher([leader], begin))
        second.call("SET", END, "1")
        self.check(watchers, expected)
        self.assertEqual(watchers[0].moves, 0)
        self.assertGreaterEqual(watchers[1].moves, 1)
        self.assertGreaterEqual(watchers[2].moves, 1)
        histories = [watcher.events for watcher in watchers]
        for history in histories[1:]:
            self.assertEqual(history, histories[0], "instances tell another history")

    def test_expiry_and_eviction_are_told_alike_everywhere(self):
        cluster = self.cluster()
        instances = list(cluster)
        begin = instances[0].call("MYDIS", "KEEPHISTORY", "CHANGES")
        watchers = [Watcher([instance], begin) for instance in instances]
        with instances[1].connect() as client:
            for i in range(50):
                client.call("SET", f"w:{i}", i, "PX", 1 + i % 7)
            wait_until(lambda: client.call("STRONG", "DBSIZE") == 0, 30, "the keys to expire")
            client.call("SET", "w:evicted", "x" * 1000)
            client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-random", "maxmemory", "1")
            wait_until(lambda: client.call("STRONG", "DBSIZE") == 0, 30, "the key to go")
            client.call("CONFIG", "SET", "maxmemory", "0")
            client.call("SET", END, "1")
        histories = [watcher.join(self) for watcher in watchers]
        for i in range(50):
            key = f"w:{i}".encode()
            self.assertEqual([kind for _, kind, name in histories[0] if name == key],
                             [b"put", b"expire"])
        self.assertEqual([kind for _, kind, name in histories[0] if name == b"w:evicted"],
                         [b"put", b"evict"])
        self.assertEqual(histories[1], histories[0])
        self.assertEqual(histories[2], histories[0])

    def test_an_instance_that_starts_again_knows_what_its_log_has(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        begin = follower.call("MYDIS", "KEEPHISTORY", "CHANGES")
        follower.call("SET", "w:1", "1")
        cluster.wait_equal()
        follower.kill()
        follower.start()
        watcher = Watcher([follower], begin)
        follower.call("SET", END, "1")
        self.assertEqual([event[1:] for event in watcher.join(self)], [(b"put", b"w:1")])
        # From a snapshot it knows only what came after it.
        snapshot_at = int(follower.info("mydis")["revision"])
        follower.snapshot()
        follower.call("SET", "w:2", "2")
        follower.kill()
        follower.start()
        with follower.connect() as client:
            client.send("HELLO", "3")
            client.read()
            client.send("MYDIS", "FOLLOW", "w:", "FROM", begin)
            kind, text = client.read()
            self.assertEqual(kind, "-")
            code, oldest, current = text.split()[:3]
            self.assertEqual(code, b"GONE")
            self.assertLessEqual(snapshot_at, int(oldest))
            self.assertLessEqual(int(oldest), int(current))
        watcher = Watcher([follower], int(oldest))
        follower.call("SET", END, "1")
        self.assertEqual(watcher.join(self)[-1:], [(int(current), b"put", b"w:2")])

    def test_a_slow_watcher_lags_and_goes_on(self):
        cluster = self.cluster(1)
        instance = cluster[0]
        slow = self.connect(instance)
        slow.send("HELLO", "3")
        slow.read()
        slow.send("MYDIS", "FOLLOW", "w:", "VALUES")
        slow.read()
        # Far more than sockets and output take, but not more than the history keeps.
        count = 40_000
        value = "x" * 1000
        with instance.connect() as client:
            for start in range(0, count, 500):
                for i in range(start, start + 500):
                    client.send("SET", f"w:{i}", value)
                for _ in range(500):
                    client.read()
            output = sum(int(line.split("omem=")[1].split()[0])
                         for line in client.call("CLIENT", "LIST").decode().splitlines())
        self.assertLess(output, 4 << 20, "the unread output takes memory")
        for i in range(count):
            push = plain(slow.read())
            self.assertEqual((push[5], push[7]), (f"w:{i}".encode(), value.encode()))
            self.assertTrue(push[3])

    def test_who_is_too_slow_is_told_so_and_may_begin_anew(self):
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        leader.call("CONFIG", "SET", "watch-history-bytes", "100kb")
        slow = self.connect(follower)
        slow.send("HELLO", "3")
        slow.read()
        slow.send("MYDIS", "FOLLOW", "w:")
        slow.read()
        with leader.connect() as client:
            for start in range(0, 200_000, 1000):
                for i in range(start, start + 1000):
                    client.send("SET", f"w:{i % 100}:" + "k" * 100, i)
                for _ in range(1000):
                    client.read()
            client.call("STRONG", "SET", END, "1")
        # The history is bounded on every instance.
        for instance in cluster:
            self.assertLessEqual(int(instance.info("mydis")["watch_changes_bytes"]), 110_000)
        told = 0
        push = plain(slow.read())
        while push[0] != b"watch-gone":
            told = push[2]
            push = plain(slow.read())
        oldest, current = push[2:]
        self.assertLess(told, oldest)
        self.assertLessEqual(oldest, current)
        # The connection goes on, and a watch begins where there is something.
        slow.send("MYDIS", "FOLLOW", "w:", "FROM", told)
        kind, text = slow.read()
        self.assertEqual((kind, text.split()[0]), ("-", b"GONE"))
        current = int(text.split()[2])
        self.assertEqual(current, int(follower.info("mydis")["revision"]))
        slow.send("MYDIS", "FOLLOW", "w:", "FROM", current)
        self.assertEqual(plain(slow.read())[b"revision"], current)
        leader.call("SET", "w:new", "1")
        self.assertEqual(plain(slow.read())[5], b"w:new")

    def test_messages_go_on_where_they_were_left(self):
        cluster = self.cluster()
        leader, (first, second) = cluster.roles()
        begin = first.call("MYDIS", "KEEPHISTORY", "MESSAGES")
        sent = []

        def publish(instance, n):
            with instance.connect() as client:
                for _ in range(n):
                    client.call("PUBLISH", "w:news", str(len(sent)))
                    sent.append(str(len(sent)).encode())

        def listen(instance, revision, n):
            """The next n messages, and where to go on."""
            heard = []
            with instance.connect() as client:
                client.send("HELLO", "3")
                client.read()
                client.send("MYDIS", "PLISTEN", "w:*", "FROM", revision)
                client.read()
                while len(heard) < n:
                    push = plain(client.read())
                    self.assertTrue(push[3])
                    revision = push[2]
                    heard.append(push[5])
            return heard, revision

        publish(second, 30)
        heard, at = listen(first, begin, 20)
        first.kill()
        publish(second, 10)
        more, at = listen(leader, at, 15)
        leader.kill()
        first.start()
        publish(second, 10)
        last, _ = listen(first, at, 15)
        self.assertEqual(heard + more + last, sent)

    def test_a_watcher_who_reads_sees_what_it_was_told(self):
        cluster = self.cluster()
        reader, writer = cluster.followers()
        with reader.connect() as watcher, writer.connect() as other:
            watcher.send("HELLO", "3")
            watcher.read()
            watcher.send("MYDIS", "FOLLOW", "w:")
            watcher.read()
            for i in range(300):
                other.call("SET", "w:k", i)
                self.assertEqual(plain(watcher.read())[5], b"w:k")
                watcher.send("GET", "w:k")
                self.assertGreaterEqual(int(watcher.read()[1]), i)

    def test_the_first_watch_may_begin_at_the_present_revision(self):
        """Of a cluster in which nobody has watched: what its client has just read is not gone."""
        cluster = self.cluster()
        cluster.leader().call("STRONG", "SET", "w:1", "1")
        for instance, command in ((cluster.followers()[0], ("MYDIS", "FOLLOW", "w:")),
                                  (cluster.followers()[1], ("MYDIS", "LISTEN", "w:"))):
            with instance.connect(timeout=60) as client:
                client.send("HELLO", "3")
                client.read()
                present = int(instance.info("mydis")["revision"])
                client.send(*command, "FROM", present)
                answer = dict(plain(client.read()))
                self.assertEqual(answer[b"revision"], present)
                # One revision earlier something was written that nobody has kept.
                client.send(*command, "FROM", present - 1)
                kind, text = client.read()
                self.assertEqual((kind, text.split()[:2]), ("-", [b"GONE", b"%d" % present]))

    def test_nobody_watches_nothing_is_kept(self):
        cluster = self.cluster()
        for i, instance in enumerate(cluster):
            instance.call("SET", f"w:{i}", "1")
        cluster.wait_equal()
        for instance in cluster:
            self.assertEqual(instance.info("mydis")["watch_changes_bytes"], "0")
            self.assertEqual(instance.info("mydis")["watch_messages_bytes"], "0")
        watcher = Watcher([cluster[0]], None)
        wait_until(lambda: all(instance.info("mydis")["watch_changes_bytes"] != "0"
                               for instance in cluster), 10, "all instances to keep history")
        wait_until(lambda: cluster[0].info("mydis")["watches"] == "1", 30, "the watch to begin")
        cluster[1].call("SET", END, "1")
        watcher.join(self)
        wait_until(lambda: cluster[0].info("mydis")["watches"] == "0", 30, "the watch to end")
        for instance in cluster:
            self.assertEqual(instance.info("mydis")["watch_messages_bytes"], "0")


if __name__ == "__main__":
    main()
