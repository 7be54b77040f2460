#!/usr/bin/python3
"""`mydis cluster` against a cluster of three real instances."""

import json
import os
import subprocess
import unittest

from support import BINARY, Terminal, harness, main, wait_until


class ClusterCommand(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.Cluster(3, binary=BINARY)
        cls.addClassCleanup(cls.cluster.close)
        # Members of a new cluster become voters one after the other.
        wait_until(lambda: all(cls.status(instance)["voters"] == 3 for instance in cls.cluster), 30,
                   "three voters")

    @staticmethod
    def status(instance):
        run = subprocess.run([BINARY, "cluster", "--address", instance.address, "--json", "status"],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        return json.loads(run.stdout)

    def cluster_command(self, *words, instance=None):
        instance = instance or self.cluster.followers()[0]
        return subprocess.run([BINARY, "cluster", "--address", instance.address, *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def good(self, *words, instance=None):
        run = self.cluster_command(*words, instance=instance)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout

    def test_status_for_programs(self):
        header, *rows = [line.split("\t") for line in self.good("status").splitlines()]
        members = [dict(zip(header, row)) for row in rows]
        self.assertEqual(sorted(member["instance-id"] for member in members), ["n1", "n2", "n3"])
        self.assertEqual(sorted(member["role"] for member in members),
                         ["follower", "follower", "leader"])
        leader = self.cluster.leader()
        self.assertEqual([member["instance-id"] for member in members if member["role"] == "leader"],
                         [leader.name])

    def test_status_as_json(self):
        status = self.status(self.cluster.followers()[0])
        self.assertEqual(status["cluster-name"], "mydis")
        self.assertEqual(status["voters"], 3)
        self.assertEqual(len(status["members"]), 3)

    def test_status_for_people(self):
        follower = self.cluster.followers()[0]
        terminal = Terminal([BINARY, "cluster", "--address", follower.address, "status"])
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.wait(), 0)
        self.assertIn(f"leader {self.cluster.leader().name}\r\n", terminal.screen)
        self.assertIn("INSTANCE  ROLE", terminal.screen)
        self.assertIn(f"\n{follower.name} * ", terminal.screen)

    def test_a_full_disk_is_noticed(self):
        address = ["--address", self.cluster[0].address]
        for words in (["cluster", "status"], ["cluster", "status", "--json"]):
            with open("/dev/full", "wb") as full:
                run = subprocess.run([BINARY, *words, *address], stdout=full, text=True,
                                     stderr=subprocess.PIPE, timeout=60)
            self.assertEqual((run.returncode, run.stderr),
                             (1, "mydis: standard output: No space left on device\n"))

    def test_a_token_whose_secret_is_lost_is_named(self):
        with open("/dev/full", "wb") as full:
            run = subprocess.run([BINARY, "token", "create", "--name", "lost", "--address",
                                  self.cluster[0].address], stdout=full, text=True,
                                 stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(run.returncode, 1)
        self.assertIn("mydis token revoke lost", run.stderr)

    def test_settings(self):
        self.assertEqual(self.good("get", "write-consistency"), "eventual\n")
        try:
            self.good("set", "write-consistency", "strong")
            for instance in self.cluster:
                wait_until(lambda: self.good("get", "write-consistency", instance=instance)
                           == "strong\n", 10, "the setting everywhere")
        finally:
            self.good("set", "write-consistency", "eventual")
        self.assertIn("write-consistency\teventual\n", self.good("get"))
        run = self.cluster_command("set", "no-such-setting", "1")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr.count("\n"), 1)
        self.assertIn("no-such-setting", run.stderr)

    def test_transfer(self):
        target = self.cluster.followers()[0]
        self.good("transfer", target.name)
        wait_until(lambda: self.cluster.leader() is target, 20, "the new leader")
        # A new leader knows whom it reaches once they have answered it.
        wait_until(lambda: self.cluster_command("transfer").returncode == 0, 20, "a transfer")
        wait_until(lambda: self.cluster.leader() is not target, 20, "another leader")
        run = self.cluster_command("transfer", "nobody")
        self.assertEqual(run.returncode, 1)
        self.assertIn("nobody", run.stderr)

    def test_snapshot(self):
        instance = self.cluster.followers()[0]
        instance.call("SET", "k", "v")
        self.good("snapshot", instance=instance)
        self.assertGreater(self.status(instance)["snapshot-index"], 0)

    def test_cli_on_a_follower(self):
        follower = self.cluster.followers()[0]
        run = subprocess.run([BINARY, "cli", "--address", follower.address],
                             input="SET cli 1\nGET cli\nMULTI\nINCR cli\nEXEC\nSTRONG GET cli\n",
                             capture_output=True, text=True, timeout=30,
                             env={**os.environ, "HOME": self.cluster.folder.path})
        self.assertEqual(run.stdout, "OK\n1\nOK\nQUEUED\n2\n2\n")
        self.assertEqual(run.returncode, 0)


class Add(unittest.TestCase):
    def test_an_instance_that_waits_is_invited(self):
        cluster = harness.Cluster(1, binary=BINARY)
        self.addCleanup(cluster.close)
        base = harness.free_port_base()
        waiting = harness.Instance(cluster.folder.path,
                                   ["--join", f"127.0.0.1:{base + 2}", "--instance-id", "guest"],
                                   BINARY, port_base=base)
        self.addCleanup(waiting.kill)
        waiting.spawn()
        address = ["--address", cluster[0].address]

        def add():
            return subprocess.run([BINARY, "cluster", *address, "add", waiting.raft_address],
                                  capture_output=True, text=True, timeout=60)
        # Until it listens, the command says that it cannot be reached.
        wait_until(lambda: add().returncode == 0, 30, "the invitation")
        waiting.wait_ready()
        members = subprocess.run([BINARY, "cluster", *address, "status"], capture_output=True,
                                 text=True, timeout=60).stdout
        self.assertIn("\nguest\t", members)


if __name__ == "__main__":
    main()
