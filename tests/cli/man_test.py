#!/usr/bin/python3
"""The manual pages: the formatters find no fault, and every option is on its page."""

import os
import re
import subprocess
import unittest

from support import BINARY, harness, main


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8", **more})


class ManualPages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.Folder()
        cls.addClassCleanup(cls.folder.remove)
        made = run(BINARY, "man", "--directory", cls.folder.path, SOURCE_DATE_EPOCH="86400")
        assert (made.returncode, made.stdout, made.stderr) == (0, "", ""), made
        cls.pages = sorted(os.listdir(cls.folder.path))

    def path(self, page):
        return os.path.join(self.folder.path, page)

    def test_there_is_one_for_each_subcommand(self):
        listed = re.findall(r"^  (\S+) {2,}\S", run(BINARY, "--help").stdout.partition("First")[0],
                            re.MULTILINE)
        self.assertIn("server", listed)
        self.assertEqual(self.pages, sorted(["mydis.1", *(f"mydis-{name}.1" for name in listed)]))

    def test_formatters_find_no_fault(self):
        for page in self.pages:
            with self.subTest(page=page):
                lint = run("mandoc", "-Tlint", self.path(page))
                self.assertEqual((lint.returncode, lint.stdout, lint.stderr), (0, "", ""))
                groff = run("groff", "-man", "-Tutf8", "-ww", self.path(page))
                self.assertEqual((groff.returncode, groff.stderr), (0, ""))

    def test_every_option_and_action_is_there(self):
        for page in self.pages:
            if page == "mydis.1":
                continue
            name = page.removeprefix("mydis-").removesuffix(".1")
            text = run("mandoc", "-Tutf8", self.path(page)).stdout
            text = re.sub(r".\x08", "", text)  # Bold and underlined, as terminals once had it.
            text = re.sub(r"\s+", " ", text.replace("‐\n", ""))
            usage = run(BINARY, name, "--help").stdout
            names = re.findall(r"^ {2,6}(?:-\w, )?(-[-\w]+)", usage, re.MULTILINE)
            self.assertIn("--help", names)
            for option in names:
                self.assertIn(option, text)
            self.assertIn("SEE ALSO", text)

    def test_one_page_and_its_date(self):
        page = run(BINARY, "man", "cli", SOURCE_DATE_EPOCH="86400").stdout
        self.assertTrue(page.startswith('.TH "MYDIS\\-CLI" 1 1970-01-02 '), page[:80])
        with open(self.path("mydis-cli.1")) as file:
            self.assertEqual(file.read(), page)
        self.assertIn("MYDIS", run(BINARY, "man").stdout)

    def test_wrong_words(self):
        wrong = run(BINARY, "man", "serve")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("did you mean server?", wrong.stderr)
        nowhere = run(BINARY, "man", "--directory", "/nowhere/at/all")
        self.assertEqual(nowhere.returncode, 1)
        self.assertIn("/nowhere/at/all/mydis.1", nowhere.stderr)


if __name__ == "__main__":
    main()
