#!/usr/bin/python3
"""What was acknowledged survives kill -9, and an instance that was away catches up."""

import contextlib
import socket
import threading

from support import ClusterTest, IncrLoad, fill, main, wait_until


class Restart(ClusterTest):
    def test_kill_of_all_under_load(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        for _ in range(3):
            with IncrLoad(follower) as load:
                load.wait_for(300)
                for instance in cluster:
                    instance.kill()
            cluster.start()
            # Each client had one command under way: it may have happened without an answer.
            for found, acknowledged in zip(self.counters(follower, load), load.acknowledged):
                self.assertIn(found, (acknowledged, acknowledged + 1))
            cluster.wait_equal()
            follower.call("DEL", *load.keys)

    def test_single_instance_keeps_everything(self):
        instance = self.instance(self.folder()).start()
        fill(instance, 1000)
        instance.call("APPEND", "text", "a" * 100)
        instance.kill()
        instance.start()
        self.assertEqual(instance.call("DBSIZE"), 1001)
        self.assertEqual(instance.call("STRLEN", "text"), 100)
        self.assertEqual(instance.stop(), 0)
        instance.start()
        self.assertEqual(instance.call("DBSIZE"), 1001)

    def test_restart_from_a_snapshot(self):
        instance = self.instance(self.folder()).start()
        fill(instance, 1000)
        index = instance.snapshot()
        self.assertGreater(index, 1)
        fill(instance, 1000, prefix="later")
        digest = instance.call("DEBUG", "DIGEST")
        instance.kill()
        instance.start()
        self.assertGreaterEqual(instance.status()["snapshot-index"], index)
        self.assertEqual(instance.call("DBSIZE"), 2000)
        self.assertEqual(instance.call("DEBUG", "DIGEST"), digest)

    def test_rolling_restart_under_load(self):
        cluster = self.cluster()
        client_side = cluster.followers()[0]
        with IncrLoad(client_side) as load:
            for instance in cluster:
                if instance is not client_side:
                    load.wait_for(50)
                    self.assertEqual(instance.stop(), 0)
                    load.wait_for(50)
                    instance.start()
            load.wait_for(50)
        self.assertEqual(load.errors, [])
        self.assertEqual(self.counters(client_side, load), load.acknowledged)
        cluster.wait_equal()

    def test_what_a_stopping_instance_has_begun_is_answered(self):
        """And nothing else: one pipeline's answers are those of the commands that were carried out, in order."""
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        for stopped in (follower, leader):
            key = f"counter of {stopped.name}"
            other = next(instance for instance in cluster if instance is not stopped)
            command = b"*2\r\n$4\r\nINCR\r\n$%d\r\n%s\r\n" % (len(key), key.encode())
            with socket.create_connection(("127.0.0.1", stopped.redis_port), timeout=30) as client:
                def send():
                    with contextlib.suppress(OSError):
                        while True:
                            client.sendall(command * 100)
                sender = threading.Thread(target=send)
                sender.start()
                answers = b""
                stopping = None
                with contextlib.suppress(ConnectionResetError):
                    while part := client.recv(1 << 16):
                        answers += part
                        if stopping is None and len(answers) > 20000:
                            stopping = threading.Thread(target=stopped.stop)
                            stopping.start()
            sender.join()
            stopping.join()
            lines = answers.split(b"\r\n")[:-1]
            self.assertEqual(lines, [b":%d" % n for n in range(1, len(lines) + 1)])
            self.assertEqual(int(other.call("STRONG", "GET", key)), len(lines))
            stopped.start()
            cluster.wait_equal()


class CatchUp(ClusterTest):
    def test_stopped_follower_through_the_log(self):
        cluster = self.cluster()
        away, other = cluster.followers()
        away.pause()
        try:
            fill(other, 2000)
        finally:
            away.resume()
        wait_until(lambda: away.call("DBSIZE") == 2000, 30, "the stopped follower to catch up")
        cluster.wait_equal()

    def outrun(self, cluster, away, other):
        """A function that writes until what `away` lacks is in no log any more, and gives the load."""
        last = away.status()["log-last"]

        def gone():
            fill(other, 1000, prefix="large", size=40_000)  # A snapshot leaves some of the log behind it.
            others = [i for i in cluster if i is not away]
            for instance in others:
                instance.snapshot()
            return all(i.status()["log-first"] > last + 1 for i in others)

        def write():
            # Single commands, so that these are far more entries than are sent ahead of an answer:
            # what lies in the sockets of a stopped process reaches it all the same.
            with IncrLoad(other) as load:
                load.wait_for(3000, limit=60)
            wait_until(gone, 90, "the log to be cut")
            self.assertEqual(load.errors, [])
            return load
        return write

    def installed(self, instance):
        """How many snapshots the instance got from others, the one it joined with included."""
        return instance.log().count("installed the snapshot")

    def check_caught_up(self, cluster, away, load, installed):
        cluster.wait_equal(60)
        wait_until(away.answers, 60, f"{away.name} to answer")
        self.assertEqual(self.counters(away, load), load.acknowledged)
        self.assertGreater(self.installed(away), installed)

    def test_stopped_follower_through_a_snapshot(self):
        cluster = self.cluster()
        away, other = cluster.followers()
        write, installed = self.outrun(cluster, away, other), self.installed(away)
        away.pause()
        try:
            load = write()
        finally:
            away.resume()
        self.check_caught_up(cluster, away, load, installed)

    def test_killed_follower_through_a_snapshot(self):
        cluster = self.cluster()
        away, other = cluster.followers()
        write, installed = self.outrun(cluster, away, other), self.installed(away)
        away.kill()
        load = write()
        away.start()
        self.check_caught_up(cluster, away, load, installed)

    def test_a_follower_that_was_away_serves_clients_meanwhile_of_others(self):
        cluster = self.cluster()
        away, other = cluster.followers()
        away.kill()
        with IncrLoad(other) as load:
            load.wait_for(100)
            away.start()
            load.wait_for(100)
        self.assertEqual(load.errors, [])
        self.assertEqual(self.counters(away, load), load.acknowledged)


class Snapshots(ClusterTest):
    def test_info_counts_what_the_last_snapshot_lacks(self):
        instance = self.cluster(1)[0]

        def changes():
            return int(instance.info("persistence")["rdb_changes_since_last_save"])
        instance.snapshot()
        before = changes()
        instance.call("SET", "k", "v")
        instance.call("APPEND", "k", "w")
        self.assertEqual(changes(), before + 2)
        # What changes nothing does not count.
        instance.call("DEL", "none")
        instance.call("SET", "k", "x", "NX")
        instance.call("GET", "k")
        self.assertEqual(changes(), before + 2)
        instance.snapshot()
        self.assertEqual(changes(), 0)

if __name__ == "__main__":
    main()
