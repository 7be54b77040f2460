#!/usr/bin/python3
"""One instance's state is made another than the others' have: it finds out, and fetches theirs (docs/digests.md)."""

from support import ClusterTest, IncrLoad, RespError, fill, main, wait_until

KEY = "key:7"


class Digests(ClusterTest):
    def corrupt(self, cluster, instance, key=KEY):
        cluster.wait_equal()  # Else what is still on its way would put the key right.
        self.assertEqual(instance.call("DEBUG", "MYDIS-CORRUPT", key), b"OK")
        self.assertEqual(instance.call("GET", key), b"corrupted on purpose")

    def count(self, instance, name):
        return int(instance.info("mydis")[name])

    def verify(self, instance, key=KEY):
        """Has all compare the partition of the key; the reply may come after the repair has begun."""
        try:
            instance.call("MYDIS", "VERIFY", key)
        except RespError as error:
            self.assertRegex(str(error), "STALE|UNKNOWN")

    def wait_repaired(self, instance):
        wait_until(lambda: self.count(instance, "state_repairs") == 1, 30,
                   f"{instance.name} to fetch the others' state")
        instance.wait_ready()

    def check_others(self, cluster, wrong):
        for instance in cluster:
            self.assertEqual(self.count(instance, "state_repairs"), 1 if instance is wrong else 0)
        cluster.wait_equal()

    def test_follower(self):
        cluster = self.cluster()
        wrong, other = cluster.followers()
        fill(other, 200)
        right = other.call("GET", KEY)
        self.corrupt(cluster, wrong)
        with IncrLoad(other) as load:
            load.wait_for(50)
            self.verify(other)
            self.wait_repaired(wrong)
            load.wait_for(50)
        self.assertEqual(load.errors, [])
        self.assertEqual(wrong.call("GET", KEY), right)
        self.assertEqual(self.counters(wrong, load), load.acknowledged)
        self.assertIn("this instance's state differs from that of", wrong.log())
        # Each judges by itself, when it has heard from enough of them.
        wait_until(lambda: f"the state of {wrong.name} differs from that of" in other.log(), 30, "the other's verdict")
        self.check_others(cluster, wrong)
        # What it had saved before is gone: it starts from what it fetched.
        wrong.kill()
        wrong.start()
        self.assertEqual(wrong.call("GET", KEY), right)

    def test_leader_hands_over_first(self):
        cluster = self.cluster()
        wrong, (other, _) = cluster.roles()
        fill(other, 200)
        right = other.call("GET", KEY)
        self.corrupt(cluster, wrong)
        with IncrLoad(other) as load:
            load.wait_for(50)
            self.verify(other)
            self.wait_repaired(wrong)
            load.wait_for(50)
        self.assertEqual(load.errors, [])
        self.assertEqual(wrong.call("GET", KEY), right)
        self.check_others(cluster, wrong)

    def test_without_traffic(self):
        """The one that is asked sees to it that there is something newer than what the wrong one has saved."""
        cluster = self.cluster()
        wrong, other = cluster.followers()
        fill(other, 200)
        self.corrupt(cluster, wrong)
        wrong.snapshot()
        self.verify(other)
        self.wait_repaired(wrong)
        self.assertEqual(wrong.call("GET", KEY), other.call("GET", KEY))
        wrong.kill()
        wrong.start()
        self.assertEqual(wrong.call("GET", KEY), other.call("GET", KEY))

    def test_of_two_the_younger_gives_way(self):
        cluster = self.cluster(1)
        older = cluster[0]
        fill(older, 200)
        younger = cluster.add()
        younger.wait_ready()
        wait_until(lambda: younger.call("DBSIZE") == 200, 30, "the younger one to have the data")
        right = older.call("GET", KEY)
        self.corrupt(cluster, younger)
        self.verify(older)
        self.wait_repaired(younger)
        self.assertEqual(younger.call("GET", KEY), right)
        self.check_others(cluster, younger)

    def test_equal_states_are_found_equal(self):
        cluster = self.cluster()
        other = cluster.followers()[0]
        fill(other, 200)
        for i in range(20):
            self.verify(other, f"key:{i}")
        wait_until(lambda: all(self.count(i, "state_agreements") >= 20 for i in cluster), 30,
                   "all to compare")
        for instance in cluster:
            self.assertEqual(self.count(instance, "state_differences"), 0)


if __name__ == "__main__":
    main()
