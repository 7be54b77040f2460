"""A file as the rules see it: its text, its text without comments and literals, and its excuses."""

import os
import re
import subprocess

CPP = (".cc", ".h")
TEXT = CPP + (".py", ".sh", ".md", ".cmake", ".go", ".s", ".js", ".html", ".css", ".json", ".yml",
              ".resp", ".txt", ".c", ".lua", ".tcl")

# Comments and literals, whichever starts first. Numbers come before character literals so that the
# separators in 1'000'000 open none.
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<raw>R"(?P<delim>[^()\s\\]{0,16})\(.*?\)(?P=delim)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<number>(?<![A-Za-z_0-9])[0-9](?:'?[0-9A-Za-z_.])*)
      | (?P<char>'(?:\\.|[^'\\\n])*')""",
    re.DOTALL | re.VERBOSE)
_NOT_NEWLINE = re.compile(r"[^\n]")
_EXCUSE = re.compile(r"lint: ([a-z-]+)-ok(?:[ \t]+(\S[^\n]*))?")


def default_root():
    return os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


def list_files(root):
    """What git tracks or would add; without git (an unpacked archive) all but hidden and build folders."""
    if os.path.exists(os.path.join(root, ".git")):
        out = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True).stdout.decode()
        return sorted({path for path in out.split("\0")
                       if path and os.path.isfile(os.path.join(root, path))})
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders
                            if (not f.startswith(".") or f == ".ci")
                            and f not in ("build", "data", "node_modules", "__pycache__"))
        found += [os.path.relpath(os.path.join(folder, name), root) for name in sorted(names)]
    return found


def strip(text):
    """The text with the insides of comments and literals blanked, every line where it was."""
    def blank(match):
        if match.lastgroup == "number":
            return match.group()
        kept = _NOT_NEWLINE.sub(" ", match.group())
        if match.group("string") is not None or match.group("raw") is not None:
            return '"' + kept[1:-1] + '"'
        return kept
    return _TOKEN.sub(blank, text)


class Source:
    """One file. `text` is None for what is not text: no rule looks at it."""

    def __init__(self, root, path, text=None):
        self.root = root
        self.path = path
        self.text = text if text is not None else self._read()
        self._code = None
        self._excuses = None

    def _read(self):
        full = os.path.join(self.root, self.path)
        name = os.path.basename(self.path)
        with open(full, "rb") as file:
            data = file.read()
        if not self.path.endswith(TEXT) and name != "CMakeLists.txt" and not data.startswith(b"#!"):
            return None
        try:
            return data.decode()
        except UnicodeDecodeError:
            return None

    @property
    def is_cpp(self):
        return self.path.endswith(CPP)

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_test(self):
        """Tests, fuzzers and benchmarks beside the source: free of the bans on calls."""
        return self.path.endswith(("_test.cc", "_fuzz.cc", "_bench.cc", "_test.h", "_fixture.h",
                                   "_fixture.cc"))

    @property
    def layer(self):
        """The folder of DESIGN's table the file belongs to, or None."""
        parts = self.path.split("/")
        if parts[0] == "src" and len(parts) > 2:
            return parts[1]
        return "include" if parts[0] == "include" else None

    @property
    def code(self):
        if self._code is None:
            self._code = strip(self.text)
        return self._code

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def excuses(self):
        """(line, rule name, reason) of every excuse in the file."""
        if self._excuses is None:
            self._excuses = [(self.line_of(m.start()), m.group(1), (m.group(2) or "").strip())
                             for m in _EXCUSE.finditer(self.text)]
        return self._excuses

    def excused(self, name, line):
        return any(name == n and at in (line, line - 1) for at, n, _ in self.excuses())

    def excused_at_top(self, name):
        return any(name == n and at <= 20 for at, n, _ in self.excuses())
