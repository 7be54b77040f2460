"""What the tests of the bindings share. They run copies of examples/, outside the source tree, with the
shared library that MYDIS_LIBRARY names."""

import os
import re
import shutil
import subprocess
import sys

_HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(_HERE))
sys.path.insert(0, os.path.join(_HERE, "..", "cluster"))

from support import ClusterTest, main, npm_install  # noqa: E402, F401

LIBRARY = os.environ.get("MYDIS_LIBRARY") or os.path.join(ROOT, "build", "release", "library", "libmydis.so")


class BindingTest(ClusterTest):
    def page_block(self, language, **replacements):
        """The one block in `language` of docs/c-api.md, with a server's address, a token and a folder of the test's
        own in place of the page's."""
        with open(os.path.join(ROOT, "docs", "c-api.md"), encoding="utf-8") as file:
            (block,) = re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
        instance = self.cluster(1)[0]
        with instance.connect() as client:
            token = client.call("TOKEN", "CREATE", "NAME", "page").decode()
        replacements |= {"10.0.0.1:2381": instance.address, "10.0.0.2:2381": instance.address, "…": token,
                         "/var/lib/app/mydis": self.folder()}
        for written, used in replacements.items():
            block = block.replace(written, used)
        return block

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
