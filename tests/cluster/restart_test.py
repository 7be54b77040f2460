#!/usr/bin/python3
"""What was acknowledged survives kill -9, and an instance that was away catches up."""

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
        instance.call("RPUSH", "list", *range(100))
        instance.call("SELECT", 3)
        instance.kill()
        instance.start()
        self.assertEqual(instance.call("DBSIZE"), 1001)
        self.assertEqual(instance.call("LRANGE", "list", 98, 99), [b"98", b"99"])
        self.assertEqual(instance.stop(), 0)
        instance.start()
        self.assertEqual(instance.call("DBSIZE"), 1001)

    def test_restart_from_a_snapshot(self):
        instance = self.instance(self.folder()).start()
        fill(instance, 1000)
        self.assertEqual(instance.call("SAVE"), b"OK")
        fill(instance, 1000, prefix="later")
        digest = instance.call("DEBUG", "DIGEST")
        instance.kill()
        instance.start()
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

    def test_stopped_follower_through_a_snapshot(self):
        # So little log is kept that what the follower lacks is gone when it comes back.
        cluster = self.cluster()
        away, other = cluster.followers()
        away.pause()
        try:
            for round_number in range(3):
                fill(other, 2000, prefix=f"round{round_number}")
                for instance in cluster:
                    if instance is not away:
                        self.assertEqual(instance.call("SAVE", timeout=60), b"OK")
        finally:
            away.resume()
        wait_until(lambda: away.answers() and away.call("DBSIZE") == 6000, 60,
                   "the stopped follower to catch up")
        cluster.wait_equal()

    def test_killed_follower_through_a_snapshot(self):
        cluster = self.cluster()
        away, other = cluster.followers()
        fill(other, 100, prefix="early")
        away.kill()
        for round_number in range(3):
            fill(other, 2000, prefix=f"round{round_number}")
            for instance in cluster:
                if instance is not away:
                    self.assertEqual(instance.call("SAVE", timeout=60), b"OK")
        away.start()
        wait_until(lambda: away.answers() and away.call("DBSIZE") == 6100, 60,
                   "the killed follower to catch up")
        cluster.wait_equal()

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


if __name__ == "__main__":
    main()
