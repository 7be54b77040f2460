"""What the tests of the bindings share. They run copies of examples/, outside the source tree, with the
shared library that MYDIS_LIBRARY names."""

import os
import shutil
import subprocess
import sys

_HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(_HERE))
sys.path.insert(0, os.path.join(_HERE, "..", "cluster"))

from support import ClusterTest, main, npm_install  # noqa: E402, F401

LIBRARY = os.environ.get("MYDIS_LIBRARY") or os.path.join(ROOT, "build", "release", "library", "libmydis.so")


class BindingTest(ClusterTest):
    def copy(self, example, folder):
        """The files of examples/`example` in `folder`, which is given back."""
        if not os.path.exists(LIBRARY):
            self.fail(f"there is no {LIBRARY}: build mydis_shared")
        shutil.copytree(os.path.join(ROOT, "examples", example), folder, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        return folder

    def run_in(self, folder, *command, **variables):
        """What it prints. It has to end well, and by itself."""
        environment = {**os.environ, "MYDIS_LIBRARY": LIBRARY, "PYTHONDONTWRITEBYTECODE": "1", **variables}
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout
