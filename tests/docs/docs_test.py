#!/usr/bin/python3
"""The command blocks of README.md and docs/*.md, run as a reader would: block after block in one shell,
in an empty folder, on a machine of its own (a network namespace) where the default ports are free.

A ```sh block is run. A line `#> text` says what the command before it prints, where `…` stands for
anything; a command with no such line need only succeed. A comment <!-- setup … --> is run too: what the page
takes for granted, like a running instance. Blocks of other languages are not run: ```console is for what
needs what a test has not (a container runtime, a second machine)."""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

_ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(_ROOT, "tools"))

import mydis_harness as harness  # noqa: E402

_NAMESPACES = ("--net", "--pid", "--mount-proc")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$|^<!-- setup\n(.*?)^-->$", re.MULTILINE | re.DOTALL)
# Those with a test of their own, since they need other things around them.
_ELSEWHERE = {"docs/http.md", "docs/moving-data.md"}
# What is run when the page is left: processes that it started.
_END = "kill $(jobs -p) 2>/dev/null; wait"
_SECONDS = 60  # For one command: far more than any takes.


def pages():
    paths = [os.path.join(_ROOT, "README.md")] + sorted(glob.glob(os.path.join(_ROOT, "docs", "*.md")))
    for path in paths:
        name = os.path.relpath(path, _ROOT)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if name not in _ELSEWHERE and _BLOCK.search(text):
            yield name, text


def commands(text):
    """(command, lines it prints or None) in order; a command goes on where bash needs more of it."""
    for block, setup in _BLOCK.findall(text):
        command, expected = "", None
        for line in (block or setup).splitlines():
            if line.startswith("#> "):
                expected = (expected or []) + [line[3:]]
                continue
            if command and (expected is not None or complete(command)):
                yield command, expected
                command, expected = "", None
            command += line + "\n"
        if command.strip():
            yield command, expected


def complete(command):
    if command.rstrip("\n").endswith("\\"):
        return False
    check = subprocess.run(["bash", "-n"], input=command, text=True, capture_output=True, check=False)
    return check.returncode == 0 and "here-document" not in check.stderr


def fits(expected, printed):
    def pattern(line):
        return ".*".join(re.escape(part) for part in line.split("…"))
    wanted = "\n".join(".*" if line == "…" else pattern(line) for line in expected)
    return re.fullmatch(wanted, "\n".join(printed), re.DOTALL) is not None


class Shell:
    """bash in a folder and a network of its own."""

    def __init__(self, folder, programs):
        env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "HOME": folder, "TERM": "dumb",
               "MYDIS_SOURCE": _ROOT}
        self._process = subprocess.Popen(
            ["unshare", "--fork", *_NAMESPACES, "--kill-child", "bash"], cwd=folder, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.run("ip link set lo up")

    def run(self, command):
        """The lines that it prints, and its exit status."""
        def late(*_):
            raise TimeoutError(f"no end after {_SECONDS} s: {command}")
        signal.signal(signal.SIGALRM, late)
        signal.alarm(_SECONDS)
        self._process.stdin.write(f"{command}\nprintf '\\n--end-- %s\\n' $?\n")
        self._process.stdin.flush()
        printed = []
        while True:
            line = self._process.stdout.readline()
            if not line:
                raise EOFError("the shell has ended: " + "".join(printed))
            if line.startswith("--end-- "):
                signal.alarm(0)
                # The line break before it ends a line that had none, or is a line too many.
                if printed and printed[-1] == "":
                    printed.pop()
                return printed, int(line.split()[1])
            printed.append(line.rstrip("\n"))

    def close(self):
        try:
            self.run(_END)
        finally:
            self._process.stdin.close()
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()


@unittest.skipUnless(harness.may_unshare(*_NAMESPACES), "a machine of its own takes root, and namespaces")
class Docs(unittest.TestCase):
    pass


def test_of(name, text):
    def test(self):
        folder = tempfile.mkdtemp(prefix="mydis-docs-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        programs = os.path.join(folder, ".programs")
        os.mkdir(programs)
        binary = os.environ.get("MYDIS_BINARY", os.path.join(_ROOT, "build/release/mydis"))
        os.symlink(os.path.realpath(binary), os.path.join(programs, "mydis"))
        shell = Shell(folder, programs)
        self.addCleanup(shell.close)
        for command, expected in commands(text):
            printed, status = shell.run(command)
            told = f"{name}: {command}printed:\n" + "\n".join(printed)
            if expected is not None:
                self.assertTrue(fits(expected, printed), f"{told}\nwritten:\n" + "\n".join(expected))
            else:
                self.assertEqual(status, 0, told)
    return test


for page, content in pages():
    setattr(Docs, "test_" + re.sub(r"\W+", "_", page.removesuffix(".md")), test_of(page, content))

if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    unittest.main()
