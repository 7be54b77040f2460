#!/usr/bin/python3
"""The Debian packages: what is in them, and what they do on a machine with systemd.

MYDIS_BUILD_DIR is the build folder that CPack takes them from.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)

import container  # noqa: E402

ROOT = os.path.realpath(os.path.join(HERE, "..", ".."))
BUILD = os.path.realpath(os.environ.get("MYDIS_BUILD_DIR") or os.path.join(ROOT, "build", "release"))
# What `systemd-analyze security` may give the service at most, of 100. 0 would have no network.
MOST_EXPOSED = 12

LIFE = r"""
set -euo pipefail
fail() { echo "FAILED: $*"; systemctl status mydis --no-pager -l || true; exit 1; }
# until_true WHAT COMMAND…
until_true() {
  local what=$1 i
  shift
  for ((i = 0; i < 300; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
  fail "$what never came"
}
pid() { systemctl show -p MainPID --value mydis; }
export DEBIAN_FRONTEND=noninteractive

dpkg -i PACKAGES || fail "dpkg -i"
systemctl is-active --quiet mydis || fail "the service is not active once it is installed"
systemctl is-enabled --quiet mydis || fail "the service is not enabled"
# Type=notify: an active service has said that it serves.
[ "$(mydis cli SET greeting hello)" = OK ] || fail "SET"
[ "$(systemctl show -p StatusText --value mydis)" = "serving" ] || fail "its status text"
[ "$(stat -c %U:%G:%a /var/lib/mydis)" = mydis:mydis:750 ] || fail "the data directory"
[ "$(stat -c %U:%G:%a /etc/mydis/mydis.conf)" = root:mydis:640 ] || fail "the configuration"
[ "$(ps -o user= -p "$(pid)")" = mydis ] || fail "the user"
grep -q '^NoNewPrivs:.1$' "/proc/$(pid)/status" || fail "new privileges"
grep -q '^Seccomp:.2$' "/proc/$(pid)/status" || fail "the filter of system calls"
grep -q '^CapBnd:.0*$' "/proc/$(pid)/status" || fail "capabilities"
# What needs memory that was written to and is then run, threads, or files, works inside the fence.
[ "$(mydis cli EVAL 'return redis.call("INCRBY", KEYS[1], ARGV[1])' 1 n 7)" = 7 ] || fail "EVAL"
mydis cli BGSAVE >/dev/null || fail "BGSAVE"
curl -fsS http://127.0.0.1:2380/readyz >/dev/null || fail "/readyz"

before=$(pid)
systemctl reload mydis || fail "reload"
[ "$(pid)" = "$before" ] || fail "reload ended the process"
kill -9 "$before"
until_true "a new process after kill -9" \
  bash -c "[ \$(systemctl show -p MainPID --value mydis) -ne $before ] && systemctl is-active --quiet mydis"
[ "$(mydis cli GET greeting)" = hello ] || fail "the data after kill -9"
SECONDS=0
systemctl restart mydis || fail "restart"
[ "$(systemctl show -p Result --value mydis)" = success ] || fail "the result of the stop"
[ "$(mydis cli GET greeting)" = hello ] || fail "the data after a restart"

echo 'log-level = "debug"' >>/etc/mydis/mydis.conf
before=$(pid)
dpkg -i --force-confold PACKAGES || fail "dpkg -i over it"
[ "$(pid)" != "$before" ] || fail "an upgrade leaves the old program running"
grep -q '^log-level' /etc/mydis/mydis.conf || fail "an upgrade changed the configuration"
[ "$(stat -c %U:%G:%a /etc/mydis/mydis.conf)" = root:mydis:640 ] || fail "the configuration's mode"
[ "$(mydis cli GET greeting)" = hello ] || fail "the data after an upgrade"

before=$(pid)
dpkg -r mydis || fail "dpkg -r"
[ ! -e "/proc/$before" ] || fail "it runs on after dpkg -r"
[ -d /var/lib/mydis/log ] || fail "dpkg -r took the data"
[ -e /etc/mydis/mydis.conf ] || fail "dpkg -r took the configuration"
purged=$(dpkg -P mydis 2>&1) || fail "dpkg -P"
[[ $purged == *"stays in /var/lib/mydis"* ]] || fail "dpkg -P does not say where the data is"
[ ! -e /etc/mydis ] || fail "dpkg -P left the configuration"
[ -d /var/lib/mydis/log ] || fail "dpkg -P took the data"
[ ! -e /etc/systemd/system/multi-user.target.wants/mydis.service ] || fail "dpkg -P left the service enabled"

dpkg -i PACKAGES || fail "dpkg -i again"
[ "$(mydis cli GET greeting)" = hello ] || fail "the data after a purge"
echo "THE WHOLE LIFE"
"""


def run(*arguments, **more):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300, **more)


class Deb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mydis-deb-", dir="/var/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        made = run("cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", cls.folder,
                   cwd=cls.folder)
        if made.returncode != 0:
            raise RuntimeError(f"cpack: {made.stdout}{made.stderr}")
        cls.packages = sorted(glob.glob(os.path.join(cls.folder, "*.deb")))

    def package(self, name):
        found = [path for path in self.packages if os.path.basename(path).startswith(name + "_")]
        self.assertEqual(len(found), 1, self.packages)
        return found[0]

    def names(self, package):
        """Every file's name in the package, with its mode and owner."""
        listed = run("dpkg-deb", "--contents", self.package(package)).stdout.splitlines()
        return {line.split()[5][1:]: line.split()[:2] for line in listed}

    def unpacked(self, package):
        folder = tempfile.mkdtemp(dir=self.folder)
        self.assertEqual(run("dpkg-deb", "--extract", self.package(package), folder).returncode, 0)
        return folder

    def test_lintian_finds_no_error(self):
        checked = run("lintian", "--no-cfg", "--allow-root", "--fail-on", "error", *self.packages)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertNotRegex(checked.stdout, r"(?m)^E:")

    def test_the_program_has_what_a_server_needs(self):
        names = self.names("mydis")
        for name in ("/usr/bin/mydis", "/lib/systemd/system/mydis.service", "/etc/mydis/mydis.conf",
                     "/usr/share/doc/mydis/copyright", "/usr/share/doc/mydis/changelog.Debian.gz",
                     "/usr/share/man/man1/mydis.1.gz", "/usr/share/man/man1/mydis-server.1.gz",
                     "/usr/share/bash-completion/completions/mydis",
                     "/usr/share/zsh/vendor-completions/_mydis",
                     "/usr/share/fish/vendor_completions.d/mydis.fish"):
            self.assertTrue(name in names or "/usr" + name in names, name)
        self.assertEqual({owner for _, owner in names.values()}, {"root/root"})
        fields = run("dpkg-deb", "--field", self.package("mydis")).stdout
        for needed in ("adduser", "libjemalloc2", "libssl3", "libc6 (>= "):
            self.assertRegex(fields, rf"(?m)^Depends:.*{re.escape(needed)}")

    def test_the_library_is_in_two(self):
        self.assertIn("/usr/lib/libmydis.so.0", self.names("libmydis0"))
        names = self.names("libmydis-dev")
        for name in ("/usr/lib/libmydis.so", "/usr/lib/libmydis.a", "/usr/include/mydis/mydis.h",
                     "/usr/lib/pkgconfig/mydis.pc", "/usr/lib/cmake/mydis/mydisConfig.cmake"):
            self.assertIn(name, names)
        fields = run("dpkg-deb", "--field", self.package("libmydis-dev")).stdout
        self.assertRegex(fields, r"(?m)^Depends: libmydis0 \(= ")

    def test_what_the_configuration_names_are_options(self):
        folder = self.unpacked("mydis")
        options = run(os.path.join(folder, "usr/bin/mydis"), "server", "--help").stdout
        with open(os.path.join(folder, "etc/mydis/mydis.conf")) as file:
            names = re.findall(r"(?m)^(?:# )?([a-z-]+) = ", file.read())
        self.assertGreater(len(names), 10)
        self.assertEqual([name for name in names if f"--{name} " not in options], [])

    def test_the_service_is_well_formed_and_confined(self):
        # The program itself is looked for at its place.
        folder = self.unpacked("mydis")
        for unit in glob.glob(os.path.join(folder, "usr/lib/systemd/system/*.service")):
            with open(unit) as file:
                text = file.read().replace("/usr/bin/mydis", os.path.join(folder, "usr/bin/mydis"))
            with open(unit, "w") as file:
                file.write(text)
            checked = run("systemd-analyze", "verify", "--man=no", unit)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""))
            rated = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                        f"--threshold={MOST_EXPOSED}", unit)
            self.assertEqual(rated.returncode, 0, rated.stdout)

    def test_installed_used_upgraded_removed(self):
        if os.getuid() != 0:
            self.skipTest("a container takes root")
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            status, output = container.run(
                folder, LIFE.replace("PACKAGES", self.package("mydis")))
        if status is None:
            self.skipTest(f"no container boots here: {output[-500:]}")
        self.assertEqual(status, 0, output)
        self.assertIn("THE WHOLE LIFE", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
