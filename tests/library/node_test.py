#!/usr/bin/python3
"""examples/node with the packages that its package.json names: the tour, and each part of the binding."""

import json
import os
import shutil

from binding_support import ROOT, BindingTest, main, npm_install

TOUR = """greeting: hello
visits: 1 11
user: { name: 'Ada', born: '1815' }
pipeline: OK WRONGTYPE Operation against a key holding the wrong kind of value 2
balances: [ 70, 30 ]
again: null
changed: order:7 paid
at once: [ 1, 2, 3, 4, 5 ]
"""


class NodeTest(BindingTest):
    def example(self):
        """A folder with the example and its packages."""
        if not shutil.which("npm") or not shutil.which("node"):
            self.skipTest("npm or node is not installed")
        with open(os.path.join(ROOT, "examples", "node", "package.json"), encoding="utf-8") as file:
            wanted = json.load(file)["dependencies"]
        folder = npm_install(self, *(f"{name}@{version}" for name, version in wanted.items()))
        return self.copy("node", folder)

    def test_tour(self):
        folder = self.example()
        address = self.cluster(1)[0].address
        self.assertEqual(self.run_in(folder, "node", "tour.js", address), TOUR)
        self.assertEqual(self.run_in(folder, "node", "tour.js"), TOUR)

    def test_binding(self):
        folder = self.example()
        shutil.copy(os.path.join(ROOT, "tests", "library", "node_check.js"), folder)
        address = self.cluster(1)[0].address
        printed = self.run_in(folder, "node", "node_check.js", address, self.folder())
        self.assertRegex(printed, r"^Mydis \d+\.\d+\.\d+\n$")

    def test_page(self):
        folder = self.example()
        program = f"(async () => {{ {self.page_block('js')} }})();"
        self.run_in(folder, "node", "-e", program)


if __name__ == "__main__":
    main()
