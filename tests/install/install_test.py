#!/usr/bin/python3
"""Installs into a clean folder, and builds a program there as somebody would who has nothing else of Mydis.

MYDIS_BUILD_DIR is the build folder to install from.
"""

import ctypes
import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
BUILD = os.path.realpath(os.environ.get("MYDIS_BUILD_DIR") or os.path.join(ROOT, "build", "release"))
PROGRAM = os.path.join(ROOT, "tests", "install", "program")
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
# What may be seen of the library from outside: functions and classes of include/mydis.
API = re.compile(r"mydis_\w+|_ZN[KVrO]*5mydis\w+|_ZT[ISV]N5mydis\w+|_ZTh\w+N5mydis\w+")


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mydis-install-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.prefix = os.path.join(cls.folder, "prefix")
        done = subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise RuntimeError(f"cmake --install: {done.stdout}{done.stderr}")
        cls.headers = sorted(glob.glob(os.path.join(cls.prefix, "include/mydis/**/*.h"), recursive=True))

    def run_well(self, *arguments, **environment):
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300, cwd=self.folder, env={**os.environ, **environment})
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def installed(self, name):
        path = os.path.join(self.prefix, name)
        self.assertTrue(os.path.exists(path), path)
        return path

    def new_folder(self):
        return tempfile.mkdtemp(dir=self.folder)

    def check_program(self, program, **environment):
        said = self.run_well(program, self.new_folder(), **environment)
        self.assertEqual(said, "it works\n")

    def test_what_is_there(self):
        for name in ("bin/mydis", "lib/libmydis.a", "lib/libmydis.so", "lib/libmydis.so.0",
                     "lib/pkgconfig/mydis.pc", "lib/cmake/mydis/mydisConfig.cmake",
                     "lib/cmake/mydis/mydisConfigVersion.cmake", "include/mydis/mydis.h",
                     "share/doc/mydis/examples/mydis.conf", "lib/systemd/system/mydis.service",
                     "share/man/man1/mydis.1.gz", "share/man/man1/mydis-server.1.gz",
                     "share/bash-completion/completions/mydis", "share/zsh/vendor-completions/_mydis",
                     "share/fish/vendor_completions.d/mydis.fish"):
            self.installed(name)
        version = self.run_well(self.installed("bin/mydis"), "--version")
        self.assertRegex(version, r"^mydis \d+\.\d+\.\d+\n$")
        with open(self.installed("lib/systemd/system/mydis.service")) as file:
            self.assertIn(f"ExecStart={self.prefix}/bin/mydis server", file.read())

    def test_several_at_once(self):
        prefixes = [self.new_folder() for _ in range(4)]
        installing = [subprocess.Popen(["cmake", "--install", BUILD, "--prefix", prefix, "--component", "server"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       text=True) for prefix in prefixes]
        for one in installing:
            said, _ = one.communicate(timeout=300)
            self.assertEqual(one.returncode, 0, said)
        for prefix in prefixes:
            with open(os.path.join(prefix, "lib/systemd/system/mydis.service")) as file:
                self.assertIn(f"ExecStart={prefix}/bin/mydis server", file.read())
            with open(os.path.join(prefix, "share/zsh/vendor-completions/_mydis")) as file:
                self.assertIn("#compdef mydis", file.read())

    def test_headers_compile_alone(self):
        self.assertTrue(self.headers)
        for header in self.headers:
            name = os.path.relpath(header, os.path.join(self.prefix, "include"))
            alone = os.path.join(self.folder, "alone.cc")
            with open(alone, "w") as file:
                file.write(f"#include <{name}>\n#include <{name}>\n")
            compilers = [["g++", "-std=c++23"]]
            if name == "mydis/c.h":
                compilers += [["gcc", "-xc", "-std=c99"], ["g++", "-std=c++17"]]
            for compiler in compilers:
                with self.subTest(header=name, compiler=compiler):
                    self.run_well(*compiler, *STRICT, f"-I{self.prefix}/include", alone)

    def test_headers_include_nothing_but_each_other_and_the_standard_library(self):
        for header in self.headers:
            with open(header) as file:
                included = re.findall(r'#include ([<"].*[>"])', file.read())
            for name in included:
                self.assertRegex(name, r'^("mydis/[\w/]+\.h"|<\w+>|<std\w+\.h>)$', header)

    def test_find_package(self):
        for kind in ("", "shared", "static"):
            with self.subTest(kind=kind):
                folder = self.new_folder()
                shutil.copytree(PROGRAM, os.path.join(folder, "source"))
                build = os.path.join(folder, "build")
                self.run_well("cmake", "-S", os.path.join(folder, "source"), "-B", build,
                              f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DKIND={kind}",
                              "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror -MD")
                self.run_well("cmake", "--build", build)
                self.check_dependencies(build)
                program = os.path.join(build, "embedded")
                self.check_program(program)
                self.assertEqual("libmydis.so.0" in self.run_well("ldd", program), kind != "static")

    def check_dependencies(self, build):
        """The compiler has looked at nothing of the source tree."""
        texts = []
        for path in glob.glob(os.path.join(build, "**", "*.d"), recursive=True):
            with open(path) as file:
                texts.append(file.read())
        self.assertIn(f"{self.prefix}/include/mydis/mydis.h", "".join(texts))
        self.assertNotIn(ROOT, "".join(texts))

    def test_an_unknown_component_is_not_found(self):
        done = subprocess.run(["cmake", "-S", PROGRAM, "-B", self.new_folder(), "-DKIND=cluster",
                               f"-DCMAKE_PREFIX_PATH={self.prefix}"], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cluster", done.stderr)

    def page_lines(self, language, start):
        """The lines of docs/install.md in blocks of the language that begin so."""
        with open(os.path.join(ROOT, "docs", "install.md")) as file:
            blocks = re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines() if line.startswith(start)]
        self.assertTrue(lines, start)
        return lines

    def test_what_the_page_says_without_cmake(self):
        folder = self.new_folder()
        shutil.copy(os.path.join(PROGRAM, "embedded.cc"), os.path.join(folder, "program.cc"))
        config = os.path.dirname(self.installed("lib/pkgconfig/mydis.pc"))
        shared, static = self.page_lines("console", "g++ ")
        for line, library_path in ((shared, f"{self.prefix}/lib"), (static, "")):
            with self.subTest(line):
                self.run_well("bash", "-c", f"cd {folder} && {line}", PKG_CONFIG_PATH=config)
                program = os.path.join(folder, "a.out")
                self.check_program(program, LD_LIBRARY_PATH=library_path)
        self.assertNotIn("libmydis", self.run_well("ldd", program))

    def test_what_the_page_says_with_cmake(self):
        (install,) = self.page_lines("console", "cmake --install ")
        prefix = os.path.join(self.new_folder(), "local")
        self.run_well("bash", "-c", install.replace("build/release", BUILD).replace("/usr/local", prefix))
        folder = self.new_folder()
        shutil.copy(os.path.join(PROGRAM, "embedded.cc"), os.path.join(folder, "program.cc"))
        with open(os.path.join(folder, "CMakeLists.txt"), "w") as file:
            find, link = self.page_lines("cmake", "")
            file.write("cmake_minimum_required(VERSION 3.25)\nproject(program CXX)\n"
                       f"{find}\nadd_executable(program program.cc)\n{link}\n")
        self.run_well("cmake", "-S", folder, "-B", f"{folder}/build", f"-DCMAKE_PREFIX_PATH={prefix}")
        self.run_well("cmake", "--build", f"{folder}/build")
        self.check_program(f"{folder}/build/program")

    def test_only_the_api_is_visible(self):
        for options, library in ((["-D"], "lib/libmydis.so"), (["-g"], "lib/libmydis.a")):
            lines = self.run_well("nm", *options, "--defined-only", self.installed(library)).splitlines()
            symbols = [line.split()[2].split("@")[0] for line in lines if len(line.split()) == 3]
            self.assertEqual([name for name in symbols if not API.fullmatch(name)], [], library)
            self.assertTrue(any("Instance" in name for name in symbols), library)

    def test_all_of_the_api_is_visible(self):
        """What the public classes leave to the library, by the archives that it is made of."""
        classes = set()
        for header in self.headers:
            with open(header) as file:
                classes |= set(re.findall(r"(?m)^(?:class|struct) (?:MYDIS_API )?(\w+)", file.read()))
        method = re.compile(rf"mydis::(?:detail::)?(?:{'|'.join(classes)})::[^:(]+\(")
        made = self.functions(os.path.join(BUILD, "libmydis_client.a"), os.path.join(BUILD, "libmydis_library.a"))
        wanted = {function for function in made if method.match(function)}
        self.assertTrue(any(function.startswith("mydis::Session::") for function in wanted))
        self.assertEqual(sorted(wanted - self.functions(self.installed("lib/libmydis.a"))), [])

    def functions(self, *archives):
        lines = self.run_well("nm", "-gC", "--defined-only", *archives).splitlines()
        return {line.split(" T ", 1)[1] for line in lines if " T " in line}

    def test_a_shared_library_can_be_loaded_while_a_program_runs(self):
        # Thread-local variables of the whole library have to fit into what was left free at the start.
        ctypes.CDLL(self.installed("lib/libmydis.so.0"))

    def test_nothing_else_is_needed_at_run_time(self):
        needed = re.findall(r"Shared library: \[(.*?)\.so",
                            self.run_well("readelf", "-d", self.installed("lib/libmydis.so.0")))
        self.assertLessEqual(set(needed), {"libprometheus-cpp-core", "libssl", "libcrypto", "libfmt",
                                           "libspdlog", "libstdc++", "libm", "libgcc_s", "libc",
                                           "ld-linux-x86-64"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
