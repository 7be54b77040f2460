#!/usr/bin/python3
"""Every rule of tools/lint seen red on a small sample, and green on the same sample put right."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from lintlib import formatting, layers, rules, source  # noqa: E402

_ROOT = source.default_root()
_MARKER = "TO" + "DO"


def findings(path, text):
    return rules.check(source.Source("/nowhere", path, text))


class RuleTest(unittest.TestCase):
    def red(self, path, text, name, line=None, message=""):
        found = [f for f in findings(path, text) if f.endswith(f"[{name}]")]
        self.assertEqual(len(found), 1, f"{path}: {text!r}: {findings(path, text)}")
        self.assertIn(message, found[0])
        if line is not None:
            self.assertTrue(found[0].startswith(f"{path}:{line}: "), found[0])

    def green(self, path, text):
        self.assertEqual(findings(path, text), [])


class TextTest(RuleTest):
    def test_trailing_whitespace(self):
        self.red("a.md", "one\ntwo \n", "whitespace", 2)
        self.red("a.md", "one\r\ntwo\n", "whitespace", 1)
        self.red("a.md", "one", "whitespace", 1)
        self.green("a.md", "one\ntwo\n")
        self.green("a.md", "")

    def test_marker(self):
        self.red("a.py", f"x = 1  # {_MARKER}: more\n", "marker", 1)
        self.red("src/base/a.cc", f"int x;\n// FIX{'ME'}\n", "marker", 2)
        self.green("a.py", f"x = 1  # {_MARKER}: more, lint: marker-ok the sample of a test\n")
        self.green("a.py", f"x = '{_MARKER}S and {_MARKER.lower()}'\n")

    def test_file_size(self):
        self.red("src/base/a.cc", "int x;\n" * 501, "size", 501, "501 lines")
        self.green("src/base/a.cc", "int x;\n" * 500)
        self.green("src/base/a.cc", "// lint: size-ok a table\n" + "int x;\n" * 600)
        self.green("docs/a.md", "x\n" * 900)

    def test_excuse_needs_a_reason(self):
        self.red("src/base/a.cc", "int x;  // lint: size-ok\n", "excuse", 1)
        self.green("src/base/a.cc", "int x;  // lint: size-ok one table\n")


class HeaderTest(RuleTest):
    def test_pragma_once(self):
        self.red("src/base/a.h", "int x;\n", "pragma-once", 1)
        self.green("src/base/a.h", "#pragma once\nint x;\n")

    def test_using_namespace(self):
        self.red("src/base/a.h", "#pragma once\nusing namespace std;\n", "using-namespace", 2)
        self.green("src/base/a.h", "#pragma once\n// using namespace std;\n")
        self.green("src/base/a.cc", "using namespace std;\n")


class IncludeTest(RuleTest):
    def include(self, layer, what):
        return f"src/{layer}/a.cc", f"#include {what}\n"

    def test_every_pair_of_the_table(self):
        for layer, allowed in layers.MAY_INCLUDE.items():
            for target in layers.MAY_INCLUDE:
                folder = "mydis" if target == "include" else target
                text = f'#include "{folder}/x.h"\n'
                path = "include/mydis/a.cc" if layer == "include" else f"src/{layer}/a.cc"
                if target == layer or target in allowed:
                    self.green(path, text)
                else:
                    self.red(path, text, "include", 1, f"banned in {layer}")

    def test_status_is_for_all(self):
        self.green(*self.include("types", '"mydis/status.h"'))
        self.red(*self.include("types", '"mydis/client.h"'), "include")

    def test_not_relative_to_src(self):
        self.red(*self.include("base", '"codec.h"'), "include", 1, "relative to src/")
        self.green(*self.include("base", '"base/codec.h"'))

    def test_generated_header(self):
        self.green(*self.include("consensus", '"libmydis_engine.h"'))
        self.red(*self.include("state", '"libmydis_engine.h"'), "include")

    def test_public_api_is_std_only(self):
        self.red("include/mydis/a.h", "#pragma once\n#include <fmt/format.h>\n", "include", 2)
        self.green("include/mydis/a.h", "#pragma once\n#include <string_view>\n")

    def test_sockets(self):
        self.red(*self.include("protocol", "<boost/asio.hpp>"), "include")
        self.red(*self.include("protocol", "<sys/socket.h>"), "include")
        self.green(*self.include("net", "<boost/asio.hpp>"))

    def test_banned_standard_headers(self):
        self.red(*self.include("state", "<mutex>"), "include", 1, "<mutex> is banned in state, use")
        self.green(*self.include("server", "<mutex>"))
        self.green("src/state/a_test.cc", "#include <thread>\n")

    def test_unknown_layer(self):
        self.red(*self.include("misc", "<string>"), "include", 1, "no layer")

    def test_excuse(self):
        path, text = self.include("types", '"state/x.h"  // lint: include-ok a sample')
        self.green(path, text)


class BanTest(RuleTest):
    RED = {
        "clock": ["auto t = std::chrono::steady_clock::now();", "auto t = time(nullptr);",
                  "auto t = std::time(0);", "clock_gettime(CLOCK, &ts);", "auto c = clock();"],
        "random": ["int x = rand();", "return rand();", "f(rand());", "std::random_device device;", "std::mt19937 r(1);",
                   "std::shuffle(a, b, r);", "getrandom(p, n, 0);"],
        "thread": ["std::thread t;", "thread_local int x;", "auto f = std::async(g);"],
        "lock": ["std::mutex m;", "std::atomic<int> n;", "std::lock_guard g(m);",
                 "std::shared_mutex m;", "std::atomic_int n;"],
        "io": ["std::cout << 1;", 'printf("x");', 'std::ofstream f("x");', 'fopen("a", "r");',
               "::write(1, p, n);"],
        "env": ['auto* v = getenv("HOME");', 'auto* v = std::getenv("HOME");'],
        "locale": ['setlocale(LC_ALL, "");', "std::locale l;", "double d = strtod(p, &e);",
                   "double d = std::stod(s);"],
        "unordered": ["std::unordered_map<int, int> m;", "std::unordered_set<int> s;"],
        "hash": ["size_t h = std::hash<int>()(1);"],
        "pointer-order": ["auto x = reinterpret_cast<uintptr_t>(p);",
                          "std::set<A*, std::less<A*>> s;"],
        "sleep": ["sleep(1);", "usleep(10);", "std::this_thread::sleep_for(t);"],
    }
    GREEN = [
        "auto t = entry.time();", "auto t = entry.time(3);", "int64_t time() const;", "Rand(1);",
        "random.Next();", "obj->printf();", "// std::thread, rand() and getenv()",
        'auto s = "std::cout << rand()";', "snprintf(b, n, f, x);", "int operand(int x);",
        "absl::sleep(1);", "my::time(1);", "int clock_ms = 1;", "Random random(1);",
        "int clock() const { return 1; }", "int Add(int a);  // sleep(1)", "auto r = R\"(time(0) rand())\";",
        "int n = 1'000'000; int m = 2'0;",
    ]

    def test_red(self):
        for name, samples in self.RED.items():
            for sample in samples:
                for layer in layers.DETERMINISTIC:
                    self.red(f"src/{layer}/a.cc", f"int x;\n{sample}\n", name, 2,
                             f"is banned in {layer}, use")

    def test_every_ban_has_a_sample(self):
        self.assertEqual({ban.name for ban in layers.BANS}, set(self.RED))

    def test_green(self):
        for sample in self.GREEN:
            self.green("src/state/a.cc", sample + "\n")

    def test_other_layers_and_tests_are_free(self):
        for samples in self.RED.values():
            for sample in samples:
                self.green("src/server/a.cc", sample + "\n")
                self.green("src/state/a_test.cc", sample + "\n")

    def test_excuse_on_the_line_or_above(self):
        self.green("src/state/a.cc", "std::mutex m;  // lint: lock-ok a sample\n")
        self.green("src/state/a.cc", "// lint: lock-ok a sample\nstd::mutex m;\n")
        self.red("src/state/a.cc", "// lint: lock-ok a sample\n\nstd::mutex m;\n", "lock", 3)
        self.red("src/state/a.cc", "std::mutex m;  // lint: env-ok a sample\n", "lock", 1)


class FunctionSizeTest(RuleTest):
    def body(self, lines):
        return "".join("  if (x) { y(); }\n" for _ in range(lines - 2))

    def test_function(self):
        self.green("src/base/a.cc", f"int f(int x) {{\n{self.body(80)}}}\n")
        self.red("src/base/a.cc", f"int f(int x) {{\n{self.body(81)}}}\n", "function-size", 1, "81")

    def test_in_namespace_and_class(self):
        text = f"\nnamespace a {{\nclass B : public C<D> {{\n public:\n  void f() const {{\n{self.body(81)}}}\n}};\n}}\n"
        self.red("src/base/a.cc", text, "function-size", 5)

    def test_lines_of_the_head_count(self):
        self.red("src/base/a.cc", f"int f(int x,\n  int y) {{\n{self.body(80)}}}\n",
                 "function-size", 1, "81")

    def test_test_bodies_and_constructors(self):
        self.red("src/base/a_test.cc", f"TEST(A, B) {{\n{self.body(90)}}}\n", "function-size", 1)
        self.red("src/base/a.cc", f"A::A(int x) : x_(x), y_(1) {{\n{self.body(90)}}}\n",
                 "function-size", 1)

    def test_tables_and_types_are_no_functions(self):
        rows = '  {"a", f(1), {2, 3}},\n' * 100
        self.green("src/base/a.cc", f"constexpr Spec kTable[] = {{\n{rows}}};\n")
        self.green("src/base/a.cc", f"constexpr auto kTable = std::to_array<Spec>({{\n{rows}}});\n")
        self.green("src/base/a.cc", "struct A {\n" + "  int x = 1;\n" * 100 + "};\n")
        self.green("src/base/a.cc", "enum class A : int {\n" + "  kX,\n" * 100 + "};\n")

    def test_macros_do_not_unbalance(self):
        text = "#define A(x) \\\n  do { x\n#define B }\n" + f"int f() {{\n{self.body(81)}}}\n"
        self.red("src/base/a.cc", text, "function-size", 4)

    def test_excuse(self):
        self.green("src/base/a.cc", "// lint: function-size-ok one switch over all codes\n"
                   f"int f(int x) {{\n{self.body(99)}}}\n")


class ProgramTest(unittest.TestCase):
    """The program itself on a tree on disk, with the formatters."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="mydis-lint-")
        self.addCleanup(self.folder.cleanup)
        with open(os.path.join(_ROOT, ".clang-format")) as file:
            self.write(".clang-format", file.read())

    def write(self, path, text):
        full = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as file:
            file.write(text)

    def lint(self, *arguments):
        return subprocess.run([os.path.join(_ROOT, "tools", "lint"), "--root", self.folder.name,
                               *arguments], capture_output=True, text=True)

    def test_clean_and_dirty(self):
        self.write("src/base/a.cc", "int x = 1;\n")
        run = self.lint()
        self.assertEqual((run.returncode, run.stdout), (0, "lint: 1 files, 0 findings\n"))
        self.write("src/state/b.cc", "int x = 1;\nint y = rand();\n")
        run = self.lint()
        self.assertEqual(run.returncode, 1)
        self.assertIn("src/state/b.cc:2: rand is banned in state, use the entry's seed", run.stdout)

    @unittest.skipIf(formatting.clang_format() is None, "clang-format 14 is not installed")
    def test_format(self):
        self.write("src/base/a.cc", "int  x=1;\n")
        for _ in range(2):
            run = self.lint()
            self.assertEqual(run.returncode, 1)
            self.assertIn("src/base/a.cc:1: not as clang-format writes it", run.stdout)
        self.write("src/base/a.cc", "int x = 1;\n")
        for _ in range(2):
            self.assertEqual(self.lint().returncode, 0)

    def test_scripts(self):
        self.write("tools/a", "#!/usr/bin/env bash\nif true; then\n")
        self.write("tools/b.py", "def f(:\n")
        self.assertEqual(self.lint().stdout.count("[syntax]"), 2)

    def test_exceptions(self):
        self.write("src/state/a.cc", "std::mutex m;  // lint: lock-ok a sample\n")
        self.assertEqual(self.lint("--exceptions").stdout, "src/state/a.cc:1: lock: a sample\n")

    def test_binary_files_are_left_alone(self):
        with open(os.path.join(self.folder.name, "a.cc"), "wb") as file:
            file.write(b"\xff\xfe \n")
        self.assertEqual(self.lint().returncode, 0)


if __name__ == "__main__":
    unittest.main()
