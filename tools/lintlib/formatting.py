"""What other programs judge: clang-format 14, gofmt, Python's and bash's parsers.

clang-format's verdicts are remembered by content in .cache/lint, so that a second run looks at what
changed only.
"""

import ast
import concurrent.futures
import hashlib
import os
import re
import shutil
import subprocess

_VERSION = "14"
_COMPLAINT = re.compile(r"^(.*?):(\d+):\d+: error: code should be clang-formatted", re.MULTILINE)


def clang_format():
    """The path of clang-format 14: another version formats otherwise. None if it is missing."""
    for name in ("clang-format-14", "clang-format"):
        path = shutil.which(name)
        if path:
            out = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if re.search(rf"version {_VERSION}\.", out):
                return path
    return None


def check(root, files):
    return (_check_cpp(root, [f for f in files if f.is_cpp])
            + _check_go([f for f in files if f.path.endswith(".go")])
            + _check_scripts(files))


class _Cache:
    """Content hashes known to be well formatted. One line each in one file."""

    def __init__(self, root, program):
        self._path = os.path.join(root, ".cache", "lint")
        style = os.path.join(root, ".clang-format")
        with open(style, "rb") as file:
            self._salt = file.read() + program.encode()
        try:
            with open(self._path) as file:
                self._known = set(file.read().split())
        except OSError:
            self._known = set()
        self._now = set()

    def key(self, text):
        return hashlib.sha256(self._salt + text.encode()).hexdigest()

    def has(self, key):
        if key in self._known:
            self._now.add(key)
            return True
        return False

    def add(self, key):
        self._now.add(key)

    def save(self):
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            temporary = f"{self._path}.{os.getpid()}"
            with open(temporary, "w") as file:
                file.write("\n".join(sorted(self._now | self._known)) + "\n")
            os.replace(temporary, self._path)
        except OSError:
            pass  # A tree that cannot be written to is checked without a memory.


def _check_cpp(root, files):
    if not files:
        return []
    program = clang_format()
    if program is None:
        return [f"tools/lint:1: clang-format {_VERSION} is missing, apt-get install clang-format-14 "
                "[format]"]
    cache = _Cache(root, program)
    keys = {file.path: cache.key(file.text) for file in files}
    unknown = [file.path for file in files if not cache.has(keys[file.path])]
    chunks = [unknown[i:i + 8] for i in range(0, len(unknown), 8)]

    def run(chunk):
        return subprocess.run([program, "--dry-run", "-Werror", "-ferror-limit=1", *chunk], cwd=root,
                              capture_output=True, text=True).stderr

    found = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for output in pool.map(run, chunks):
            for match in _COMPLAINT.finditer(output):
                found.setdefault(os.path.normpath(match.group(1)), match.group(2))
    for path in unknown:
        if path not in found:
            cache.add(keys[path])
    cache.save()
    return [f"{path}:{line}: not as clang-format writes it, run ./dev format [format]"
            for path, line in found.items()]


def _check_go(files):
    program = shutil.which("gofmt")
    if not files or program is None:
        return []
    out = subprocess.run([program, "-l", *[os.path.join(f.root, f.path) for f in files]],
                         capture_output=True, text=True)
    return [f"{os.path.relpath(line, files[0].root)}:1: not as gofmt writes it, run ./dev format "
            "[format]" for line in out.stdout.split()]


def _check_scripts(files):
    found = []
    for file in files:
        first = file.text.split("\n", 1)[0]
        if file.path.endswith(".py") or (first.startswith("#!") and "python" in first):
            try:
                ast.parse(file.text)
            except SyntaxError as error:
                found.append(f"{file.path}:{error.lineno}: {error.msg} [syntax]")
        elif file.path.endswith(".sh") or (first.startswith("#!") and "bash" in first):
            run = subprocess.run(["bash", "-n", os.path.join(file.root, file.path)],
                                 capture_output=True, text=True)
            if run.returncode != 0:
                found.append(f"{file.path}:1: {run.stderr.strip().splitlines()[0]} [syntax]")
    return found
