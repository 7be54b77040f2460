#!/usr/bin/python3
"""Runs a test program against an instance of its own: MYDIS_TEST_ADDRESS is its Redis port.

    with_instance.py PROGRAM [ARGUMENT...]
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "tools"))

from mydis_harness import Cluster  # noqa: E402


def main():
    with Cluster(1) as cluster:
        address = cluster[0].address
        environment = {**os.environ, "MYDIS_TEST_ADDRESS": address}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
