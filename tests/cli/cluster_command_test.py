#!/usr/bin/python3
"""`mydis cluster` against a cluster of three real instances."""

import json
import os
import socket
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
        self.assertEqual((status["ready"], status["reason"], status["disk-full"]), (True, None, False))

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
        asked = self.cluster.followers()[0]
        self.assertEqual(self.good("get", "write-consistency"), "eventual\n")
        try:
            self.good("set", "write-consistency", "strong", instance=asked)
            for instance in self.cluster:
                wait_until(lambda: self.good("get", "write-consistency", instance=instance)
                           == "strong\n", 10, "the setting everywhere")
        finally:
            self.good("set", "write-consistency", "eventual", instance=asked)
        self.assertIn("write-consistency\teventual\n", self.good("get", instance=asked))
        # A negative number is a value, and no option.
        self.good("set", "list-max-listpack-size", "-2")
        self.good("set", "--timeout", "20s", "list-max-listpack-size", "-2", "--json")
        for name, value in (("maxmemory", "-1"), ("request-retention", "-1")):
            run = self.cluster_command("set", name, value)
            self.assertEqual((run.returncode, run.stderr.count("\n")), (1, 1), run.stderr)
            self.assertIn(name, run.stderr)
            self.assertNotIn("option", run.stderr)
        for words in (("-2",), ("set", "maxmemory", "-x"), ("set", "maxmemory", "--nosuch")):
            self.assertEqual(self.cluster_command(*words).returncode, 2, words)
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
    @staticmethod
    def status_where_it_listens(instance):
        run = subprocess.run([BINARY, "cluster", "--address", instance.address, "status"],
                             capture_output=True, text=True, timeout=60)
        return None if "cannot connect" in run.stderr else run

    def test_an_instance_that_waits_is_invited(self):
        cluster = harness.Cluster(1, binary=BINARY)
        self.addCleanup(cluster.close)
        base = harness.free_port_base()
        waiting = harness.Instance(cluster.folder.path,
                                   ["--join", f"127.0.0.1:{base + 2}", "--instance-id", "guest"],
                                   BINARY, port_base=base)
        self.addCleanup(waiting.kill)
        waiting.spawn()
        status = wait_until(lambda: self.status_where_it_listens(waiting), 30, "the guest's port")
        self.assertEqual(status.returncode, 1)
        self.assertRegex(status.stderr, r"\Amydis cluster status: .*(cluster|127\.0\.0\.1).*\n\Z")
        alone = ClusterCommand.status(waiting)
        self.assertEqual((alone["instance-id"], alone["cluster-id"], alone["role"], alone["ready"], alone["members"]),
                         ("guest", None, None, False, []))
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


class WhatIsWrong(unittest.TestCase):
    """What reads say of an instance that was removed, has no majority, or asks for a password."""

    def mydis(self, *arguments, instance):
        return subprocess.run([BINARY, *arguments, "--address", instance.address], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def test_removed_and_without_a_majority(self):
        cluster = harness.Cluster(3, binary=BINARY)
        self.addCleanup(cluster.close)
        leader = cluster.leader()
        removed, other = cluster.followers()
        self.assertEqual(self.mydis("cluster", "remove", removed.name, instance=leader).returncode, 0)

        def told():
            run = self.mydis("cluster", "status", instance=removed)
            return "was removed" in run.stderr and run
        run = wait_until(told, 60, "the instance that was removed to know it")
        self.assertEqual((run.returncode, run.stderr.count("\n")), (1, 1), run.stderr)
        leader.call("SET", "k", "v")
        other.kill()
        leaderless = wait_until(lambda: (found := self.mydis("cluster", "status", instance=leader)).stderr
                                and found, 60, "the loss of the leader")
        self.assertEqual(leaderless.returncode, 0)
        self.assertEqual(leaderless.stderr.count("\n"), 1)
        path = os.path.join(cluster.folder.path, "saved")
        run = self.mydis("backup", path, instance=leader)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stderr, r"\Amydis backup: what follows is whole, but has what .*\n\Z")

    def test_a_password_is_asked_for_by_name(self):
        folder = harness.Folder()
        self.addCleanup(folder.remove)
        instance = harness.Instance(folder.path, binary=BINARY).start()
        self.addCleanup(instance.kill)
        instance.call("CONFIG", "SET", "requirepass", "pw")
        path = os.path.join(folder.path, "saved")
        for words in (["cluster", "status"], ["token", "list"], ["backup", path], ["export", path]):
            run = self.mydis(*words, instance=instance)
            self.assertEqual(run.returncode, 1)
            self.assertRegex(run.stderr, r"\Amydis [a-z ]*: NOAUTH Authentication required: give --token, or "
                                         r"--user and --pass\n\Z")

    def test_a_read_that_is_not_answered_has_changed_nothing(self):
        folder = harness.Folder()
        self.addCleanup(folder.remove)
        path = os.path.join(folder.path, "saved")
        # Connections to a program that is stopped are accepted for it, as for this socket.
        with socket.create_server(("127.0.0.1", 0)) as stopped:
            address = f"127.0.0.1:{stopped.getsockname()[1]}"
            for words, what in ((["cluster", "status"], "nothing has changed"),
                                (["backup", path], f"nothing was written to {path}"),
                                (["export", path], f"nothing was written to {path}")):
                run = subprocess.run([BINARY, *words, "--timeout", "100ms", "--address", address],
                                     capture_output=True, text=True, timeout=60)
                self.assertEqual(run.returncode, 1)
                self.assertIn(what, run.stderr)
                self.assertNotIn("may or may not", run.stderr)
        self.assertEqual(os.listdir(folder.path), [])


if __name__ == "__main__":
    main()
