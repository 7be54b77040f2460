#!/usr/bin/python3
"""Compiles the C++ and C of a page's code blocks, without linking it:

    code_blocks_test.py PAGE...

A block with a main is a program; others are statements of one function each, which has `session`, `instance` and
`another` (a second instance); in C `options`, `client`, `session` and `token`.
"""

import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PAGES = sys.argv[1:] or [os.path.join(ROOT, page)
                         for page in ("README.md", "docs/embedding.md", "docs/c-api.md")]

PROGRAM = """#define main Main{number}
#line {line} "{page}"
{code}
#undef main
"""
# Of each language: what comes before all blocks, what is around one that is no program, and the compiler.
LANGUAGES = {
    "cpp": ("""#include <mydis/mydis.h>
#include <cstdio>
#include <memory>
""", """void Block{number}([[maybe_unused]] mydis::Session session,
    [[maybe_unused]] std::unique_ptr<mydis::Instance>& instance,
    [[maybe_unused]] std::unique_ptr<mydis::Instance>& another) {{
#line {line} "{page}"
{code}
}}
""", [os.environ.get("CXX", "g++"), "-xc++", "-std=c++23"]),
    "c": ("#include <mydis/c.h>\n", """void Block{number}(mydis_options* options,
    mydis_client* client, mydis_session* session, const char* token);
void Block{number}(mydis_options* options, mydis_client* client, mydis_session* session, const char* token) {{
(void)options; (void)client; (void)session; (void)token;
{{
#line {line} "{page}"
{code}
(void)error; }}
}}
""", [os.environ.get("CC", "gcc"), "-xc", "-std=c99", "-Wno-unused-but-set-parameter"]),
}


def blocks(page, language):
    """(line, code) of each block in the language."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for match in re.finditer(rf"^( *)```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start()) + 2, match.group(2)


class CodeBlocksTest(unittest.TestCase):
    def test_they_compile(self):
        for page in PAGES:
            compiled = [language for language in LANGUAGES if self.compile_blocks(page, language)]
            self.assertTrue(compiled, f"{page} has no code")

    def compile_blocks(self, page, language):
        """How many there are."""
        head, body, compiler = LANGUAGES[language]
        pieces = [PROGRAM if "int main(" in code else body for _, code in blocks(page, language)]
        texts = [piece.format(number=number, line=line, page=page, code=code)
                 for number, (piece, (line, code)) in enumerate(zip(pieces, blocks(page, language)))]
        done = subprocess.run(
            [*compiler, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable",
             "-Wno-missing-field-initializers", "-I", os.path.join(ROOT, "include"), "-"],
            input="\n".join([head, *texts]), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return len(texts)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
