#!/usr/bin/python3
"""Who may join, and what the log of one that cannot says."""

import json
import urllib.error
import urllib.request

from support import ClusterTest, main, wait_until


def readyz(instance):
    """What GET /readyz says, as (status, document); (None, None) if there is no answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{instance.http_port}/readyz", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return None, None


class Joining(ClusterTest):
    def wait_logged(self, instance, words, count=1):
        wait_until(lambda: instance.log().count(words) >= count, 30, f"{instance.name} to log '{words}'")

    def wait_told(self, instance, words):
        """Until /readyz says so, too: between two attempts it may say something else. Gives its error."""
        def told():
            status, document = readyz(instance)
            return status == 503 and words in document["error"]["message"] and document["error"]
        return wait_until(told, 30, f"{instance.name} to say '{words}'")

    def test_the_id_of_a_living_member_is_refused(self):
        cluster = self.cluster()
        leader, (held, _) = cluster.roles()
        for name, holder in ((leader.name, leader), (held.name, held)):
            copy = self.instance(self.folder(), "--join", cluster.seeds, "--instance-id", name)
            copy.spawn()
            told = f"id {name} is a member at {holder.raft_address} and alive: start the new one with another"
            self.wait_logged(copy, told)
            self.wait_told(copy, told)
            copy.kill()
        self.assertEqual(held.call("SET", "k", "v"), b"OK")
        addresses = {m["instance-id"]: m["raft-port"] for m in leader.status()["members"].values()}
        self.assertEqual(addresses, {each.name: each.raft_port for each in cluster})

    def test_a_lost_disk_is_replaced_and_the_leader_says_so(self):
        cluster = self.cluster()
        leader, (lost, _) = cluster.roles()
        lost.kill()
        lost.wipe()
        lost.start()
        self.wait_logged(leader, f"{lost.name} at {lost.raft_address} is replaced by an instance of this id")

    def alone(self, *options):
        """Started, and not waited for: it does not get in."""
        instance = self.instance(self.folder(), *options)
        instance.spawn()
        return instance

    def test_why_an_instance_does_not_get_in_is_in_its_log(self):
        member = self.instance(self.folder(), "--bootstrap").start()
        for options, level, told in (
                (["--name", "other", "--join", member.raft_address], "warning",
                 f"{member.raft_address} says: this is cluster 'mydis', not 'other'"),
                (["--join", "127.0.0.1:1"], "warning",
                 "cannot reach 127.0.0.1:1: cannot connect to 127.0.0.1:2: Connection refused; that is its RPC port"),
                (["--expect", "3", "--join", "127.0.0.1:1"], "info",
                 "waiting for 2 more of 3 instances; cannot connect to 127.0.0.1:2: Connection refused")):
            with self.subTest(options=options):
                instance = self.alone(*options)
                self.wait_logged(instance, f"{level:7} not ready: {told}")
                self.assertIs(self.wait_told(instance, told)["retryable"], True)
                # Said again at every attempt, and logged once.
                self.assertEqual(instance.log().count(told), 1)
                instance.kill()

    def test_a_removed_member_says_so_also_when_it_starts_again(self):
        cluster = self.cluster()
        other, gone = cluster.followers()
        told = "warning not ready: this instance has been removed from the cluster: stop it"
        run = other.cli("cluster", "remove", gone.name)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.wait_logged(gone, told)
        gone.stop()
        gone.spawn()
        self.wait_logged(gone, told, count=2)

    def test_members_have_their_names_in_the_log(self):
        cluster = self.cluster()
        leader, (lost, _) = cluster.roles()
        for instance in cluster:
            self.assertNotIn("raft id", instance.log())
        self.wait_logged(leader, f"{lost.name} has caught up and becomes a voter")
        lost.kill()
        self.wait_logged(leader, f"no connection to {lost.name} at {lost.raft_address} (Raft)")

    def test_nobody_at_the_address_to_add(self):
        member = self.instance(self.folder(), "--bootstrap").start()
        run = member.cli("cluster", "add", "127.0.0.1:1")
        self.assertNotEqual(run.returncode, 0)
        self.assertRegex(run.stderr, "add: 127.0.0.1:1: cannot connect to 127.0.0.1:2: .*its RPC port")

    def test_another_password_is_no_password_of_an_old_cluster(self):
        told = "is not the password of the user default"
        folder, data_dir = self.folder(), self.folder()

        def start(password):
            instance = self.instance(folder, "--password", password, data_dir=data_dir, name=password)
            instance.spawn()
            wait_until(lambda: readyz(instance)[0] == 200, 30, "it to be ready")
            return instance

        for _ in range(2):
            first = start("first")
            first.stop()
        self.assertNotIn(told, first.log())
        self.wait_logged(start("second"), told)


if __name__ == "__main__":
    main()
