"""What the tests of deploy/ share: the process tests' base class, and the files of that folder."""

import importlib.util
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, "..", ".."))
DEPLOY = os.path.join(ROOT, "deploy")

_spec = importlib.util.spec_from_file_location(
    "cluster_support", os.path.join(ROOT, "tests", "cluster", "support.py"))
_cluster_support = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_cluster_support)

BINARY = _cluster_support.BINARY
Client = _cluster_support.Client
ClusterTest = _cluster_support.ClusterTest
IncrLoad = _cluster_support.IncrLoad
harness = _cluster_support.harness
main = _cluster_support.main
npm_install = _cluster_support.npm_install
wait_until = _cluster_support.wait_until


def deployed(*names):
    return os.path.join(DEPLOY, *names)
