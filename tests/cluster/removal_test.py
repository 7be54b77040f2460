#!/usr/bin/python3
"""What is removed at once in large numbers, and what INFO and LATENCY tell of it."""

from support import ClusterTest, RespError, fill, main, wait_until

DEBUG_FIELDS = ["eventloop_duration_aof_sum", "eventloop_duration_cron_sum",
                "eventloop_duration_max", "eventloop_cmd_per_cycle_max"]


class Removal(ClusterTest):
    def alone(self):
        return self.instance(self.folder(), "--bootstrap").start()

    def test_a_flush_leaves_all_instances_alike_and_frees_on_each(self):
        cluster = self.cluster()
        leader = cluster.leader()
        fill(leader, 20000)
        cluster.wait_equal()
        cluster.followers()[0].call("FLUSHALL")
        cluster.wait_equal()
        for instance in cluster:
            self.assertEqual(instance.call("DBSIZE"), 0)
            wait_until(lambda: instance.info("memory")["lazyfreed_objects"] == "20000")
            self.assertEqual(instance.info("memory")["lazyfree_pending_objects"], "0")
        fill(leader, 100)
        cluster.wait_equal()

    def test_a_restored_state_takes_the_place_of_the_old_one(self):
        cluster = self.cluster()
        leader, (wrong, _) = cluster.roles()
        fill(leader, 5000)
        cluster.wait_equal()
        self.assertEqual(wrong.call("DEBUG", "MYDIS-CORRUPT", "key:7"), b"OK")
        try:
            leader.call("MYDIS", "VERIFY", "key:7")
        except RespError as error:
            self.assertRegex(str(error), "STALE|UNKNOWN")
        wait_until(lambda: wrong.info("memory")["lazyfreed_objects"] == "5000")
        wrong.wait_ready()
        cluster.wait_equal()

    def test_info_debug_is_shown_to_those_who_ask_for_it(self):
        instance = self.alone()
        for section in ("default", "all", "everything"):
            self.assertNotIn("eventloop_duration_max", instance.info(section), section)
        self.assertEqual(list(instance.info("debug")), DEBUG_FIELDS)
        connection = self.connect(instance)

        def most_in_a_turn():
            for _ in range(50):
                connection.send("SET", "k", "v")
            for _ in range(50):
                connection.read()
            return int(instance.info("debug")["eventloop_cmd_per_cycle_max"])

        wait_until(lambda: most_in_a_turn() >= 2)
        wait_until(lambda: all(int(value) > 0 for value in instance.info("debug").values()))
        before = {name: int(value) for name, value in instance.info("debug").items()}
        wait_until(lambda: int(instance.info("debug")["eventloop_duration_cron_sum"]) >
                   before["eventloop_duration_cron_sum"])
        instance.call("CONFIG", "RESETSTAT")
        after = {name: int(value) for name, value in instance.info("debug").items()}
        self.assertLess(after["eventloop_duration_aof_sum"], before["eventloop_duration_aof_sum"])
        self.assertLess(after["eventloop_cmd_per_cycle_max"], 2)

    def test_latency_tells_of_many_keys_that_expire_at_once(self):
        instance = self.alone()
        connection = self.connect(instance)
        connection.call("CONFIG", "SET", "latency-monitor-threshold", 1)
        for first in range(0, 50000, 1000):
            for i in range(first, first + 1000):
                connection.send("SET", f"key{i}", "v")
            for _ in range(1000):
                connection.read()

        def worst():
            return {event[0]: event[3] for event in connection.call("LATENCY", "LATEST")}
        self.assertNotIn(b"expire-cycle", worst())
        # One command, so that however slow the machine is none of them ends before the others have an end.
        connection.call("EVAL", "local deadline = redis.call('TIME')[1] * 1000 + 1500 "
                        "for i = 0, 49999 do redis.call('PEXPIREAT', 'key' .. i, deadline) end", 0)
        wait_until(lambda: connection.call("DBSIZE") == 0)
        wait_until(lambda: b"expire-cycle" in worst(), 30, "the event")
        self.assertGreaterEqual(worst()[b"expire-cycle"], 1)


if __name__ == "__main__":
    main()
