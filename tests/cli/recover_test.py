#!/usr/bin/python3
"""mydis recover: two of three are gone; the third goes on with all that it has, and others join it anew."""

import os
import shutil
import subprocess
import unittest

from support import BINARY, Terminal, harness, main, wait_until


class RecoverTest(unittest.TestCase):
    def setUp(self):
        self.cluster = harness.Cluster(3, binary=BINARY)
        self.addCleanup(self.cluster.close)

    def recover(self, instance, *arguments, status=0):
        done = subprocess.run([BINARY, "recover", "--data-dir", instance.data_dir, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr

    def change_options(self, instance, *options):
        """From the next start on: `options`, and none of the first ones."""
        instance.arguments = [*instance.arguments[:len(instance.arguments) - len(instance.options)],
                              "--instance-id", instance.name, *options]
        instance.options = ["--instance-id", instance.name, *options]

    def lose_two(self):
        """Fills the cluster, and gives the one that is left, stopped, and the two that are not."""
        survivor, other = self.cluster.followers()
        leader = self.cluster.leader()
        leader.call("SET", "in", "the snapshot")
        survivor.snapshot()
        for i in range(500):
            leader.call("SET", f"key:{i}", i)
        leader.call("SET", "ends", "v", "EX", 100_000)
        self.cluster.wait_equal()
        for instance in (leader, other, survivor):
            instance.kill()
        return survivor, [leader, other]

    def test_the_one_that_is_left_goes_on(self):
        old_cluster = self.cluster.leader().status()["cluster-id"]
        survivor, lost = self.lose_two()
        said = self.recover(survivor, "--dry-run")
        for instance in lost:
            self.assertRegex(said, rf"\ngiven up:.* {instance.name} \({instance.raft_address}\)")
        self.assertRegex(said, r"\nlost: every write that they have acknowledged after index \d+, term \d+, of 20")
        self.assertIn("give --yes", self.recover(survivor, status=2))
        self.assertIn("is a cluster of its own now", self.recover(survivor, "--yes"))
        self.assertIn("the only member", self.recover(survivor, "--yes", status=1))
        survivor.start()
        self.assertNotEqual(survivor.status()["cluster-id"], old_cluster)
        self.assertEqual(survivor.call("DBSIZE"), 502)
        self.assertEqual(survivor.call("GET", "in"), b"the snapshot")
        self.assertEqual(survivor.call("GET", "key:499"), b"499")
        self.assertGreater(survivor.call("TTL", "ends"), 99_000)
        self.assertEqual(survivor.call("STRONG", "SET", "new", "v"), b"OK")
        self.assertEqual(list(survivor.status()["members"]), [survivor.name])
        self.join_anew(survivor, lost)

    def join_anew(self, survivor, lost):
        for instance in lost:
            instance.wipe()
            self.change_options(instance, "--join", survivor.raft_address)
            instance.start()
        self.cluster.wait_equal()
        wait_until(lambda: survivor.status()["voters"] == 3, 60, "three voters")
        self.assertEqual(sorted(survivor.status()["members"]), sorted(i.name for i in self.cluster))
        survivor.kill()
        wait_until(lambda: self.cluster_takes("SET", "after", "v"), 60, "a leader among those that joined")
        self.assertEqual(self.cluster.leader().call("GET", "key:499"), b"499")

    def cluster_takes(self, *command):
        try:
            return self.cluster.leader().call(*command) == b"OK"
        except Exception:  # Whatever stands in the way: it is tried again.
            return False

    def test_those_of_the_old_cluster_are_kept_out(self):
        survivor, lost = self.lose_two()
        self.recover(survivor, "--yes")
        self.change_options(survivor)
        survivor.start()
        # The two are a majority of the old cluster, and go on as that. They cannot reach the new one.
        for instance in lost:
            self.change_options(instance)
            instance.spawn()
        for instance in lost:
            instance.wait_ready()
        self.assertEqual(lost[0].call("SET", "old", "v"), b"OK")
        self.assertEqual(survivor.call("SET", "new", "v"), b"OK")
        self.assertIsNone(survivor.call("GET", "old"))
        self.assertIsNone(lost[1].call("STRONG", "GET", "new"))

    def test_one_that_was_cut_off_is_finished(self):
        survivor, _ = self.lose_two()
        self.recover(survivor, "--yes")
        # As if it had stopped between two of its moves.
        fresh = os.path.join(survivor.data_dir, "recovered")
        os.mkdir(fresh)
        for part in ("snapshots", "meta"):
            shutil.move(os.path.join(survivor.data_dir, part), os.path.join(fresh, part))
        survivor.spawn()
        self.assertNotEqual(survivor.wait(), 0)
        self.recover(survivor, "--yes")
        self.assertFalse(os.path.exists(fresh))
        survivor.start()
        self.assertEqual(survivor.call("DBSIZE"), 502)

    def test_it_asks_on_a_terminal(self):
        survivor, _ = self.lose_two()
        arguments = [BINARY, "recover", "--data-dir", survivor.data_dir]
        for answer, status in (("no", 1), ("yes", 0)):
            terminal = Terminal(arguments, {})
            self.addCleanup(terminal.close)
            terminal.expect("Go on with this instance alone")
            terminal.line(answer)
            self.assertEqual(terminal.wait(), status, terminal.screen)

    def test_a_running_instance_is_left_alone(self):
        instance = self.cluster.leader()
        self.assertIn("in use by process", self.recover(instance, "--yes", status=1))
        self.assertIn("no data directory", self.recover(instance, "--data-dir", "/nowhere", "--yes", status=1))


if __name__ == "__main__":
    main()
