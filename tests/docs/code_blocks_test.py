#!/usr/bin/python3
"""Compiles the C++ of a page's code blocks, without linking it:

    code_blocks_test.py PAGE...

A block with a main is a program; others are statements of one function each, which has `session`, `instance` and
`another` (a second instance).
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PAGES = sys.argv[1:] or [os.path.join(ROOT, page) for page in ("README.md", "docs/embedding.md")]

HEAD = """#include <mydis/mydis.h>
#include <cstdio>
#include <memory>
"""
BODY = """void Block{number}([[maybe_unused]] mydis::Session session,
    [[maybe_unused]] std::unique_ptr<mydis::Instance>& instance,
    [[maybe_unused]] std::unique_ptr<mydis::Instance>& another) {{
#line {line} "{page}"
{code}
}}
"""
PROGRAM = """#define main Main{number}
#line {line} "{page}"
{code}
#undef main
"""


def blocks(page):
    """(line, code) of each block in C++."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for match in re.finditer(r"^( *)```cpp\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start()) + 2, match.group(2)


class CodeBlocksTest(unittest.TestCase):
    def test_they_compile(self):
        for page in PAGES:
            pieces = [HEAD]
            for number, (line, code) in enumerate(blocks(page)):
                form = PROGRAM if "int main(" in code else BODY
                pieces.append(form.format(number=number, line=line, page=page, code=code))
            self.assertGreater(len(pieces), 1, f"{page} has no code")
            with tempfile.TemporaryDirectory() as folder:
                source = os.path.join(folder, "blocks.cc")
                with open(source, "w", encoding="utf-8") as file:
                    file.write("\n".join(pieces))
                done = subprocess.run(
                    [os.environ.get("CXX", "g++"), "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                     "-Wno-unused-variable", "-Wno-missing-field-initializers",
                     "-I", os.path.join(ROOT, "include"), source],
                    capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
