#!/usr/bin/python3
"""The files of deploy/ against the rules of those who read them: Docker, docker-compose, Kubernetes."""

import copy
import json
import os
import shutil
import subprocess

import yaml

from support import HERE, ClusterTest, deployed, main, npm_install


def run(*arguments, **environment):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300, env={**os.environ, **environment})


class Manifests(ClusterTest):
    def assert_clean(self, done):
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def npm(self, *packages):
        if not shutil.which("npm") or not shutil.which("node"):
            self.skipTest("npm or node is not installed")
        return npm_install(self, *packages)

    def test_yaml(self):
        rules = "{extends: default, rules: {line-length: {max: 110}, document-start: disable, " \
                "braces: {max-spaces-inside: 0}, octal-values: disable, " \
                "comments: {min-spaces-from-content: 1}}}"
        self.assert_clean(run("yamllint", "--strict", "-d", rules, deployed()))

    def test_dockerfile(self):
        folder = self.npm("dockerfile-utils@0.16")
        lint = os.path.join(folder, "node_modules", ".bin", "dockerfile-utils")
        self.assert_clean(run(lint, "lint", deployed("Dockerfile")))
        broken = os.path.join(folder, "Dockerfile")
        with open(broken, "w") as file:
            file.write("FROM debian:12\nHEALTCHECK NONE\n")
        self.assertIn("HEALTCHECK", run(lint, "lint", broken).stdout)

    def test_compose(self):
        file = deployed("docker-compose.yml")
        self.assert_clean(run("docker-compose", "-f", file, "config", "--quiet", MYDIS_PASSWORD="secret"))
        without = run("docker-compose", "-f", file, "config", "--quiet", MYDIS_PASSWORD="")
        self.assertIn("give the cluster a password", without.stderr)
        whole = yaml.safe_load(run("docker-compose", "-f", file, "config", MYDIS_PASSWORD="secret").stdout)
        self.assertEqual(sorted(whole["services"]), ["mydis-1", "mydis-2", "mydis-3"])
        for name, service in whole["services"].items():
            self.assertEqual(service["environment"]["MYDIS_ADVERTISE_ADDRESS"], name)
            self.assertEqual(service["networks"]["default"]["aliases"], ["mydis"])

    def check_kubernetes(self, folder, objects):
        file = os.path.join(folder, "objects.json")
        with open(file, "w") as out:
            json.dump(objects, out)
        return run("node", os.path.join(HERE, "kubernetes_check.mjs"), folder, file)

    def test_kubernetes(self):
        folder = self.npm("kubernetes-models@5", "typescript@5")
        with open(deployed("kubernetes", "mydis.yaml")) as file:
            objects = list(yaml.safe_load_all(file))
        self.assert_clean(self.check_kubernetes(folder, objects))
        for change, complaint in ((lambda spec: spec.update(replicas="3"), "must be integer"),
                                  (lambda spec: spec.update(replica=3), '"replica"')):
            broken = copy.deepcopy(objects)
            change(broken[-1]["spec"])
            self.assertIn(complaint, self.check_kubernetes(folder, broken).stdout)

    def test_kubernetes_names_fit_together(self):
        with open(deployed("kubernetes", "mydis.yaml")) as file:
            objects = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(file)}
        spec = objects["StatefulSet", "mydis"]["spec"]
        labels = spec["template"]["metadata"]["labels"]
        self.assertIn(("Service", spec["serviceName"]), objects)
        ports = {port["name"] for port in spec["template"]["spec"]["containers"][0]["ports"]}
        for (kind, _), each in objects.items():
            if kind == "Service":
                self.assertEqual(each["spec"]["selector"], labels)
                self.assertLessEqual({port["targetPort"] for port in each["spec"]["ports"]}, ports)
        self.assertEqual(objects["PodDisruptionBudget", "mydis"]["spec"]["selector"]["matchLabels"], labels)
        policy = objects["NetworkPolicy", "mydis"]["spec"]
        self.assertEqual(policy["podSelector"]["matchLabels"], labels)
        self.assertLessEqual({port["port"] for rule in policy["ingress"] for port in rule["ports"]}, ports)


if __name__ == "__main__":
    main()
