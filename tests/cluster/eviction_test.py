#!/usr/bin/python3
"""maxmemory with a policy: the limit holds on all instances, which drop the same keys (docs/eviction.md)."""

from support import ClusterTest, fill, main, wait_until

LIMIT = 3 * 1024 * 1024


class Eviction(ClusterTest):
    def limited(self, policy):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        follower.call("CONFIG", "SET", "maxmemory", LIMIT, "maxmemory-policy", policy)
        return cluster, follower

    def check_alike(self, cluster):
        cluster.wait_equal()
        sizes = {instance.call("DBSIZE") for instance in cluster}
        self.assertEqual(len(sizes), 1, sizes)
        for instance in cluster:
            # What the last command has added beyond the limit goes with the next pulse.
            wait_until(lambda: int(instance.info("memory")["used_memory"]) <= LIMIT)

    def test_the_limit_holds_everywhere_and_what_is_read_stays(self):
        cluster, follower = self.limited("allkeys-lru")
        leader = cluster.leader()
        hot = [f"hot{i}" for i in range(20)]
        client = self.connect(leader)
        for key in hot:
            client.call("SET", key, "v" * 100)
        written = 0
        # What was used when is known to the second.
        second = int(follower.call("TIME")[0]) + 6

        def evicts():
            nonlocal written
            fill(follower, 200, prefix=f"cold{written}:")
            written += 1
            client.call("MGET", *hot)
            return (int(follower.call("TIME")[0]) >= second
                    and int(follower.info("stats")["evicted_keys"]) >= 1000)
        wait_until(evicts, 120, "a thousand evicted keys")
        left = [value for value in client.call("MGET", *hot) if value is not None]
        self.assertGreaterEqual(len(left), 15)
        self.check_alike(cluster)

    def test_the_leader_dies_meanwhile(self):
        cluster, follower = self.limited("allkeys-lfu")
        leader = cluster.leader()
        fill(follower, 15000, prefix="before")
        leader.kill()
        fill(follower, 15000, prefix="after")
        self.assertGreater(int(follower.info("stats")["evicted_keys"]), 0)
        leader.start()
        self.check_alike(cluster)

    def test_what_is_listed_survives_a_restart_from_a_snapshot(self):
        cluster, follower = self.limited("volatile-lru")
        for n in range(0, 15000, 500):
            client = self.connect(follower)
            for i in range(n, n + 500):
                client.send("SET", f"key{i}", "v" * 100, "EX", 1000)
            for _ in range(500):
                client.read()
        follower.snapshot()
        follower.kill()
        follower.start()
        self.check_alike(cluster)

    def test_a_lowered_limit_is_reached_without_further_writes(self):
        cluster, follower = self.limited("allkeys-random")
        follower.call("CONFIG", "SET", "maxmemory", 4 * LIMIT)
        fill(follower, 30000)
        follower.call("CONFIG", "SET", "maxmemory", LIMIT)
        wait_until(lambda: int(follower.info("memory")["used_memory"]) <= LIMIT, 20, "room")
        self.check_alike(cluster)


if __name__ == "__main__":
    main()
