#!/usr/bin/python3
"""Runs a test program with an instance of its own: MYDIS_TEST_ADDRESS is its Redis port, MYDIS_TEST_DIR an
empty folder. With --embedded there is only the folder.

    with_instance.py [--embedded] PROGRAM [ARGUMENT...]
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "tools"))

from mydis_harness import Cluster, Folder  # noqa: E402


def run(program, **variables):
    return subprocess.run(program, env={**os.environ, **variables}, check=False).returncode


def main():
    folder = Folder("mydis-library-")
    try:
        if sys.argv[1] == "--embedded":
            return run(sys.argv[2:], MYDIS_TEST_DIR=folder.path)
        with Cluster(1) as cluster:
            return run(sys.argv[1:], MYDIS_TEST_DIR=folder.path, MYDIS_TEST_ADDRESS=cluster[0].address)
    finally:
        folder.remove()


if __name__ == "__main__":
    sys.exit(main())
