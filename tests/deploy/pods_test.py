#!/usr/bin/python3
"""The command lines of deploy/ as they stand there: three instances that find each other by DNS, are probed,
restarted one by one with new addresses, and stopped."""

import os
import re
import shutil
import subprocess
import time
import unittest

import yaml

from pods import USER, Network, Pod
from support import BINARY, ClusterTest, IncrLoad, deployed, harness, main, wait_until

PASSWORD = "let me in"


def image_variables():
    """What the image's ENV sets."""
    with open(deployed("Dockerfile")) as file:
        words = re.findall(r"^ENV (.*)$", file.read(), re.MULTILINE)
    return dict(word.split("=", 1) for line in words for word in line.split())


@unittest.skipUnless(harness.may_unshare("--mount", "--net"), "networks take root, and namespaces")
class Pods(ClusterTest):
    def setUp(self):
        super().setUp()
        self.directory = self.folder()
        os.chmod(self.directory, 0o755)
        self.network = Network(self.directory)
        self.addCleanup(self.network.close)

    def pod(self, name, arguments, environment):
        pod = Pod(self.network, name, arguments, environment, self.directory, PASSWORD)
        self.addCleanup(pod.close)
        self.network.names[name] = [pod]
        return pod

    def owned(self, *names):
        path = os.path.join(self.directory, *names)
        os.makedirs(path)
        os.chown(path, USER, USER)
        return path

    def end(self, pod, limit):
        self.assertEqual(pod.stop(limit), 0, pod.log_tail())


class Kubernetes(Pods):
    def setUp(self):
        super().setUp()
        with open(deployed("kubernetes", "mydis.yaml")) as file:
            objects = [each for each in yaml.safe_load_all(file) if each["kind"] == "StatefulSet"]
        self.spec = objects[0]["spec"]
        self.pod_spec = self.spec["template"]["spec"]
        self.container = self.pod_spec["containers"][0]
        self.secret = self.make_secret()
        self.names = [f"mydis-{i}" for i in range(self.spec["replicas"])]
        self.pods = [self.stateful_pod(i) for i in range(self.spec["replicas"])]

    def make_secret(self):
        """As a volume of a pod with fsGroup has it: root's, and readable to the group."""
        folder = os.path.join(self.directory, "secret")
        os.makedirs(folder)
        file = os.path.join(folder, "cluster.keys")
        with open(file, "wb") as out:
            out.write(subprocess.run([BINARY, "cluster", "keygen"], stdout=subprocess.PIPE, check=True).stdout)
        os.chown(file, 0, USER)
        os.chmod(file, 0o440)
        return folder

    def stateful_pod(self, number):
        name = f"mydis-{number}"
        places = {"data": self.owned(name), "secret": self.secret}
        environment = image_variables()
        for variable in self.container["env"]:
            source = variable["valueFrom"]
            environment[variable["name"]] = name if "fieldRef" in source else PASSWORD
        arguments = [re.sub(r"\$\((\w+)\)", lambda found: environment[found.group(1)], word)
                     for word in self.container["args"]]
        for mount in self.container["volumeMounts"]:
            arguments = [word.replace(mount["mountPath"], places[mount["name"]]) for word in arguments]
        pod = self.pod(name, arguments, environment)
        self.network.names[f"{name}.{self.spec['serviceName']}"] = [pod]
        return pod

    def probe(self, which):
        return self.container[f"{which}Probe"]["httpGet"]["path"]

    def publish(self, pods):
        """DNS has these in the headless service."""
        self.network.names[self.spec["serviceName"]] = pods
        self.network.write_names()

    def start_all(self):
        self.publish(self.pods)
        for pod in self.pods:
            pod.spawn()
        for pod in self.pods:
            pod.wait_for(self.probe("readiness"))
        wait_until(lambda: all(pod.members() == self.names for pod in self.pods), 30, "three voters")

    def leader(self):
        return wait_until(lambda: next((pod for pod in self.pods if pod.leads()), None), 30, "a leader")

    def test_they_find_each_other(self):
        first, second, third = self.pods
        self.publish([first])
        first.wait_for(self.probe("liveness"))
        self.assertEqual(first.get(self.probe("startup")), 200)
        self.assertEqual(first.get(self.probe("readiness")), 503)
        self.start_all_but_first()
        self.assertEqual(first.call("SET", "greeting", "hello"), b"OK")
        self.assertEqual(third.call("STRONG", "GET", "greeting"), b"hello")
        wait_until(lambda: second.members() == self.names, 30, "three voters")

    def start_all_but_first(self):
        self.publish(self.pods)
        for pod in self.pods[1:]:
            pod.spawn()
        for pod in self.pods:
            pod.wait_for(self.probe("readiness"))

    def test_a_rolling_restart_with_new_addresses(self):
        self.start_all()
        moved = set()
        for pod in reversed(self.pods):
            other = next(each for each in self.pods if each is not pod)
            with IncrLoad(other, prefix=f"while {pod.name} restarts") as load:
                load.wait_for(50)
                self.end(pod, self.pod_spec["terminationGracePeriodSeconds"])
                load.wait_for(50)
                pod.move()
                pod.wait_for(self.probe("readiness"))
                load.wait_for(50)
            self.assertEqual(load.errors, [])
            self.assertEqual([int(pod.call("STRONG", "GET", key)) for key in load.keys], load.acknowledged)
            moved.add(pod.host)
        self.assertEqual({pod.host for pod in self.pods}, moved)

    def test_a_pod_that_lost_its_volume(self):
        self.start_all()
        pod = next(each for each in self.pods if not each.leads())
        other = next(each for each in self.pods if each is not pod)
        other.call("SET", "greeting", "hello")
        pod.kill()
        shutil.rmtree(os.path.join(self.directory, pod.name))
        self.owned(pod.name)
        removed = subprocess.run([BINARY, "cluster", "remove", pod.name, "--address", f"{other.host}:2381"],
                                 env={**os.environ, "REDISCLI_AUTH": PASSWORD}, capture_output=True, text=True)
        self.assertEqual(removed.returncode, 0, removed.stderr)
        pod.move()
        pod.wait_for(self.probe("readiness"))
        self.assertEqual(pod.call("GET", "greeting"), b"hello")
        wait_until(lambda: len(pod.members()) == 3, 30, "three members")

    def test_who_leads_hands_over_before_it_stops(self):
        self.start_all()
        pauses = []
        for _ in range(3):
            leader = self.leader()
            self.end(leader, self.pod_spec["terminationGracePeriodSeconds"])
            ended = time.monotonic()
            others = [pod for pod in self.pods if pod is not leader]
            wait_until(lambda among=others: any(pod.leads() for pod in among), 30, "another leader")
            pauses.append(time.monotonic() - ended)
            # Who only misses the leader begins an election after a second; the machine may be slow at times.
            if pauses[-1] < 0.5:
                return
            leader.wait_for(self.probe("readiness"))
        self.fail(f"nobody led for {pauses} s: leadership was not handed over")


class Compose(Pods):
    def test_they_find_each_other_by_one_name(self):
        with open(deployed("docker-compose.yml")) as file:
            services = yaml.safe_load(file)["services"]
        pods = []
        for name, service in services.items():
            environment = {**image_variables(), **service["environment"], "MYDIS_PASSWORD": PASSWORD,
                           "MYDIS_DATA_DIR": self.owned(name)}
            pods.append(self.pod(name, service["command"], environment))
            alias = service["networks"]["default"]["aliases"][0]
            self.network.names.setdefault(alias, []).append(pods[-1])
        self.network.write_names()
        for pod in pods:
            pod.spawn()
        for pod in pods:
            pod.wait_for("/readyz")
        self.assertEqual(pods[0].call("SET", "greeting", "hello"), b"OK")
        self.assertEqual(pods[2].call("STRONG", "GET", "greeting"), b"hello")
        names = [f"{name}:2382" for name in sorted(services)]
        wait_until(lambda: pods[1].members() == names, 30, "three voters")
        for pod in pods:
            self.end(pod, 60)


if __name__ == "__main__":
    if harness.may_unshare("--mount", "--net"):
        Network.enter()
    main()
