#!/usr/bin/python3
"""Instances that join, are promoted, leave and come back with an empty disk, all under load."""

from support import ClusterTest, IncrLoad, RespError, fill, main, wait_until


class Membership(ClusterTest):
    def kind(self, seen_by, name):
        """voter or learner, as an instance sees the other; None if it is no member."""
        member = seen_by.status()["members"].get(name)
        if member is None:
            return None
        return "learner" if member["role"] == "learner" else "voter"

    def wait_kind(self, seen_by, name, kind, limit=30):
        wait_until(lambda: self.kind(seen_by, name) == kind, limit, f"{name} to be {kind}")

    def test_fourth_is_a_learner_and_can_be_promoted(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        fill(follower, 500)
        with IncrLoad(follower) as load:
            load.wait_for(50)
            fourth = cluster.add()
            fourth.wait_ready()
            self.wait_kind(follower, "n4", "learner")
            wait_until(lambda: fourth.call("DBSIZE") >= 500, 30, "the learner to have the data")
            # A learner serves clients as any other instance.
            self.assertEqual(fourth.call("SET", "from", "n4"), b"OK")
            self.assertEqual(follower.call("STRONG", "GET", "from"), b"n4")
            load.wait_for(50)
            run = follower.cli("cluster", "promote", "n4")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.wait_kind(follower, "n4", "voter")
            load.wait_for(50)
        self.assertEqual(load.errors, [])
        self.assertEqual(self.counters(fourth, load), load.acknowledged)
        cluster.wait_equal()

    def test_fourth_and_fifth_become_voters_together(self):
        cluster = self.cluster()
        cluster.add().wait_ready()
        cluster.add().wait_ready()
        leader, followers = cluster.roles()
        for name in ("n4", "n5"):
            self.wait_kind(leader, name, "voter")
        # Behind this the change is complete: until then majorities of the old three and of the new five count.
        leader.call("SET", "k", "u")
        # Five voters stand the loss of two.
        for instance in followers[:2]:
            instance.kill()
        self.assertEqual(cluster.leader().call("SET", "k", "v"), b"OK")

    def test_remove(self):
        cluster = self.cluster()
        leader, (follower, gone) = cluster.roles()
        with IncrLoad(follower) as load:
            load.wait_for(50)
            run = follower.cli("cluster", "remove", gone.name)
            self.assertEqual(run.returncode, 0, run.stderr)
            wait_until(lambda: self.kind(follower, gone.name) is None, 30, f"{gone.name} to be gone")
            load.wait_for(50)
        self.assertEqual(load.errors, [])

        def refuses():
            if not gone.alive():
                return True
            try:
                gone.call("GET", "k", timeout=2)
                return False
            except (RespError, OSError):
                return True
        wait_until(refuses, 30, "the removed instance to refuse reads")
        self.assertEqual(self.counters(leader, load), load.acknowledged)

    def test_remove_the_leader(self):
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        with IncrLoad(follower) as load:
            load.wait_for(50)
            run = follower.cli("cluster", "remove", leader.name)
            self.assertEqual(run.returncode, 0, run.stderr)
            load.wait_for(50)
        self.assertEqual(load.errors, [])
        self.assertEqual(self.counters(follower, load), load.acknowledged)

    def test_rejoin_after_wipe(self):
        cluster = self.cluster()
        other, wiped = cluster.followers()
        fill(other, 1000)
        with IncrLoad(other) as load:
            load.wait_for(50)
            wiped.kill()
            wiped.wipe()
            load.wait_for(50)
            wiped.start()
            load.wait_for(50)
        self.assertEqual(load.errors, [])
        wait_until(lambda: wiped.call("DBSIZE") == 1000 + len(load.keys), 30, "the data to be back")
        self.assertEqual(self.counters(wiped, load), load.acknowledged)
        cluster.wait_equal()
        self.wait_kind(other, wiped.name, "voter")
        # It counts again: with it the cluster stands the loss of another.
        other.kill()
        self.assertEqual(cluster.leader().call("SET", "k", "v"), b"OK")


if __name__ == "__main__":
    main()
