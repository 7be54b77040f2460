#!/usr/bin/python3
"""Connections between instances are encrypted with cluster keys, which can be replaced without a stop."""

import os
import re
import signal
import subprocess

from support import BINARY, ClusterTest, IncrLoad, fill, harness, main, wait_until
from wire import Wiretap, put_between

# A fatal alert of TLS without encryption: what a stranger gets, and all of it.
ALERT = re.compile(rb"\x15\x03[\x01-\x03]\x00\x02\x02.", re.DOTALL)
ADVICE = "give all instances the same --cluster-key-file"


class EncryptionTest(ClusterTest):
    def new_key(self):
        run = subprocess.run([BINARY, "cluster", "keygen"], capture_output=True, text=True, check=True)
        self.assertRegex(run.stdout, r"\A[0-9a-f]{64}\n\Z")
        return run.stdout.strip()

    def write_keys(self, path, *keys, mode=0o600):
        """As a careful operator does: the file is replaced, not written over."""
        with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
            file.write("# keys of the test\n" + "".join(key + "\n" for key in keys))
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)
        return path

    def key_file(self, *keys, **options):
        return self.write_keys(os.path.join(self.folder(), "keys"), *keys, **options)

    def encrypted(self, *keys, n=3, **options):
        """A cluster in which every instance has a key file of its own, `instance.key_file`."""
        cluster = self.cluster(n, start=False, **options)
        for instance in cluster:
            instance.key_file = self.key_file(*keys)
            instance.arguments += ["--cluster-key-file", instance.key_file]
        cluster.start()
        return cluster

    def key_names(self, instance):
        return instance.info("mydis")["cluster_keys"].strip().split(", ")

    def wait_for_log(self, instance, *words):
        return wait_until(
            lambda: next((line for line in instance.log().splitlines()
                          if all(word in line for word in words)), None),
            30, f"a line with {words} in the log of {instance.name}")


class Encryption(EncryptionTest):
    def test_forms_fails_over_and_feeds_a_joiner(self):
        key = self.new_key()
        cluster = self.encrypted(key)
        leader, (follower, _) = cluster.roles()
        fill(leader, 2000)
        with IncrLoad(follower) as load:
            load.wait_for(200)
            leader.kill()
            load.wait_for(200)
        self.assertEqual(load.errors, [])
        leader.start()
        cluster.leader().snapshot()
        joiner = cluster.add("--cluster-key-file", self.key_file(key)).wait_ready()
        cluster.wait_equal()
        for instance in cluster:
            self.assertEqual(self.counters(instance, load), load.acknowledged, instance.name)
            self.assertEqual(instance.info("mydis")["peer_encryption"].strip(), "yes")
            self.assertEqual(len(self.key_names(instance)), 1)
        self.assertEqual(joiner.call("DBSIZE"), 2000 + len(load.keys))
        status = joiner.status()
        self.assertEqual((status["peer-encryption"], status["cluster-keys"]),
                         (1, self.key_names(leader)[0]))
        for instance in cluster:
            self.assertNotIn(key, instance.log())

    def test_keys_are_replaced_without_a_stop(self):
        old, new = self.new_key(), self.new_key()
        cluster = self.encrypted(old)
        leader, (follower, _) = cluster.roles()
        with IncrLoad(follower) as load, IncrLoad(leader, prefix="leader") as at_leader:
            load.wait_for(100)
            for keys in ([old, new], [new, old], [new]):
                for instance in cluster:
                    before = self.key_names(instance)
                    self.write_keys(instance.key_file, *keys)
                    wait_until(lambda i=instance, b=before: self.key_names(i) != b, 20,
                               "the new file is in use")
                    load.wait_for(100)
                    at_leader.wait_for(100)
        self.assertEqual(load.errors + at_leader.errors, [])
        for instance in cluster:
            self.assertEqual(self.counters(instance, load), load.acknowledged)
            self.assertEqual(self.counters(instance, at_leader), at_leader.acknowledged)
        cluster.wait_equal()
        late = cluster.add("--cluster-key-file", self.key_file(old), name="late")
        self.wait_for_log(late, "does not share the cluster key", ADVICE)
        self.write_keys(late.arguments[-1], old, new)
        late.wait_ready()

    def test_a_member_started_with_another_key_says_whom_it_misses(self):
        cluster = self.encrypted(self.new_key())
        member = cluster.followers()[0]
        member.stop()
        os.rename(member.key_file, member.key_file + ".right")
        self.write_keys(member.key_file, self.new_key())
        member.spawn()
        for other in cluster:
            if other is member:
                continue
            told = re.compile(fr"waiting to hear from the cluster; .*no connection to {other.name} at "
                              fr"127\.0\.0\.1:{other.raft_port}: it does not share the cluster key \w+: {ADVICE}")
            wait_until(lambda t=told: t.search(member.cli("cluster", "status").stderr), 30, told.pattern)
        os.rename(member.key_file + ".right", member.key_file)
        member.wait_ready()

    def test_moving_a_key_to_the_front_too_early_loses_nobody(self):
        old, new = self.new_key(), self.new_key()
        cluster = self.encrypted(old)
        leader, (follower, _) = cluster.roles()
        with IncrLoad(follower) as load:
            load.wait_for(100)
            self.write_keys(follower.key_file, new, old)
            wait_until(lambda: len(self.key_names(follower)) == 2, 30, "the new file is in use")
            leader.kill()  # So that connections are made anew.
            load.wait_for(100)
            leader.start()
            load.wait_for(100)
        self.assertEqual(load.errors, [])
        cluster.wait_equal()

    def test_a_file_that_cannot_be_used_changes_nothing(self):
        key, other = self.new_key(), self.new_key()
        cluster = self.encrypted(key, n=1)
        instance = cluster[0]
        before = self.key_names(instance)
        self.write_keys(instance.key_file, key, "zzz")
        self.wait_for_log(instance, "line 3 is no cluster key", "stays in use")
        self.write_keys(instance.key_file, key, other, mode=0o644)
        self.wait_for_log(instance, "(mode 0644): chmod 600", "stays in use")
        os.rename(instance.key_file, instance.key_file + ".away")
        self.wait_for_log(instance, "No such file", "stays in use")
        self.assertEqual(self.key_names(instance), before)
        os.chmod(instance.key_file + ".away", 0o600)
        os.rename(instance.key_file + ".away", instance.key_file)
        instance.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.key_names(instance)) == 2, 30, "the file put right is in use")
        self.assertEqual(instance.call("PING"), b"PONG")

    def test_start_without_a_good_file_is_refused(self):
        for path, words in ((self.key_file("abc"), "line 2 is no cluster key"),
                            (self.key_file(self.new_key(), mode=0o640), "chmod 600"),
                            (os.path.join(self.folder(), "none"), "No such file")):
            run = subprocess.run([BINARY, "server", "--data-dir", self.folder(), "--port-base",
                                  str(harness.free_port_base()), "--cluster-key-file", path],
                                 capture_output=True, text=True, timeout=20)
            self.assertEqual(run.returncode, 1)
            self.assertIn(words, run.stderr.strip().splitlines()[-1])


class Strangers(EncryptionTest):
    def stranger(self, cluster, *options):
        """An instance that is started to join through a wiretap in front of the first one's ports."""
        tap = Wiretap("127.0.1.1", (cluster[0].raft_port, cluster[0].raft_port + 1))
        self.addCleanup(tap.close)
        joiner = self.instance(self.folder(), "--join", f"127.0.1.1:{cluster[0].raft_port}", *options)
        joiner.spawn()
        return joiner, tap

    def check_refused(self, cluster, joiner, tap):
        """The stranger has asked more than once, and got an alert each time, and nothing else."""
        wait_until(lambda: sum(1 for _, answer in tap.connections() if answer) >= 3, 30,
                   "the stranger has asked three times")
        joiner.kill()
        for _, answered in tap.connections():
            self.assertTrue(answered == b"" or ALERT.fullmatch(answered), answered)
        for instance in cluster:
            self.assertEqual(len(instance.status()["members"]), len(cluster.instances))
            self.assertNotIn(joiner.name, instance.log())
        self.wait_for_log(cluster[0], "connection from")
        lines = [line for line in cluster[0].log().splitlines() if "connection from" in line]
        self.assertEqual(len(lines), 1, "one line, however often it asks")
        self.assertIn(ADVICE, lines[0])
        return lines[0]

    def test_wrong_key_gets_an_alert(self):
        cluster = self.encrypted(self.new_key())
        fill(cluster.leader(), 10)
        joiner, tap = self.stranger(cluster, "--cluster-key-file", self.key_file(self.new_key()))
        self.wait_for_log(joiner, "does not share the cluster key", ADVICE)
        self.assertIn("is none of this instance's", self.check_refused(cluster, joiner, tap))

    def test_one_of_those_that_found_a_cluster_has_another_key(self):
        """Each side says why it waits, to who asks /readyz and for the cluster's status."""
        key = self.new_key()
        cluster = self.cluster(3, start=False)
        for instance, own in zip(cluster, (key, key, self.new_key())):
            instance.arguments += ["--cluster-key-file", self.key_file(own)]
            instance.spawn()
        for instance, missing in zip(cluster, (1, 1, 2)):
            told = re.compile(fr"waiting for {missing} more of 3 instances; .*\b127\.0\.0\.1:\d+ cannot be asked: "
                              fr"it does not share the cluster key \w+: {ADVICE}")
            run = wait_until(lambda i=instance, t=told: (found := i.cli("cluster", "status"))
                             and t.search(found.stderr) and found, 30, told.pattern)
            self.assertEqual((run.returncode, run.stderr.count("\n")), (1, 1))

    def test_no_key_gets_an_alert(self):
        cluster = self.encrypted(self.new_key())
        joiner, tap = self.stranger(cluster)
        self.wait_for_log(joiner, "it speaks TLS and this side does not", ADVICE)
        self.assertIn("is not encrypted", self.check_refused(cluster, joiner, tap))

    def test_a_key_where_the_others_have_none(self):
        cluster = self.cluster()
        joiner, tap = self.stranger(cluster, "--cluster-key-file", self.key_file(self.new_key()))
        self.wait_for_log(joiner, "it has ended the TLS handshake", ADVICE)
        self.wait_for_log(cluster[0], "it speaks TLS and this side does not", ADVICE)
        wait_until(lambda: len(tap.connections()) >= 3, 30, "it has asked three times")
        self.assertEqual({answered for _, answered in tap.connections()}, {b""})
        self.assertEqual(len(cluster[0].status()["members"]), 3)

    def test_certificates_and_garbage_get_an_alert(self):
        """Whoever tries TLS without a key of the cluster, with any version and cipher."""
        cluster = self.encrypted(self.new_key(), n=1)
        for port in (cluster[0].raft_port, cluster[0].raft_port + 1):
            for options in (["-tls1_3"], ["-tls1_2"],
                            ["-psk", "00" * 32, "-psk_identity", self.key_names(cluster[0])[0]]):
                run = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options],
                                     input="hello\n", capture_output=True, text=True, timeout=20)
                self.assertNotEqual(run.returncode, 0, run.stdout)
                self.assertIn("alert", run.stderr)
        self.assertEqual(cluster[0].call("PING"), b"PONG")


class Wire(EncryptionTest):
    # Of a key, a value, a command, a user, and of the frames that carry them.
    SECRETS = [b"wire-key-of-the-test", b"wire-value-of-the-test", b"SETRANGE", b"appendonly-user",
               b"MYF1"]

    def conversation(self, keyed):
        """What three instances say to each other while a key is written, set off by name and value."""
        cluster = self.cluster(start=False)
        key = self.new_key()
        taps = put_between(cluster, 2, Wiretap)
        for tap, instance in zip(taps, cluster):
            self.addCleanup(tap.close)
            if keyed:
                instance.arguments += ["--cluster-key-file", self.key_file(key)]
        cluster.start()
        for instance in cluster:
            instance.call("SETRANGE", "wire-key-of-the-test", 0, "wire-value-of-the-test" * 100)
            instance.call("ACL", "SETUSER", "appendonly-user", "on", ">secret-of-the-test")
        cluster.leader().snapshot()
        cluster.wait_equal()
        return b"".join(tap.recorded() for tap in taps)

    def test_no_plain_text_is_seen_with_keys(self):
        seen = self.conversation(keyed=True)
        self.assertGreater(len(seen), 10_000)
        for secret in self.SECRETS:
            self.assertNotIn(secret, seen)

    def test_without_keys_it_is(self):
        """The control: the same words are found where nothing hides them."""
        seen = self.conversation(keyed=False)
        for secret in self.SECRETS:
            self.assertIn(secret, seen)


if __name__ == "__main__":
    main()
