"""A container that boots systemd on this machine's own files and lets nothing of it out.

The files are an overlay over /, whose upper part is in memory, in a mount namespace that ends with the
container. So a package can be installed, its service started and stopped by the real systemd, without
the network and without a trace. Takes root.
"""

import os
import subprocess

UNIT = """[Unit]
Description=The test inside the container
SuccessAction=exit
FailureAction=exit
FailureActionExitStatus=1

[Service]
Type=oneshot
ExecStart=/bin/bash {script}
StandardOutput=file:{output}
StandardError=inherit
"""

# What the script says first.
BOOTED = "--- booted ---"

# $1: a folder with the script and the unit; it is seen in the container too, through the overlay.
BOOT = """set -e
mount -t tmpfs -o size=2g tmpfs "$1/layers"
mkdir "$1/layers/upper" "$1/layers/work" "$1/layers/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/layers/upper,workdir=$1/layers/work" "$1/layers/root"
root=$1/layers/root
rm -f "$root/usr/sbin/policy-rc.d"
cp "$1/mydis-test.service" "$root/etc/systemd/system/"
: >"$root$1/output"
status=0
systemd-nspawn --quiet --register=no --keep-unit --private-network --directory="$root" --boot \
  systemd.unit=mydis-test.service systemd.show_status=0 </dev/null >"$1/console" 2>&1 || status=$?
cat "$root$1/output"
exit $status
"""


def run(folder, script, limit=240):
    """Runs a bash script as root in a booted container. Gives (exit status, what it printed), the status
    None if no container boots on this machine."""
    os.makedirs(os.path.join(folder, "layers"))
    paths = {name: os.path.join(folder, name) for name in ("script", "output")}
    with open(paths["script"], "w") as file:
        file.write(f"echo {BOOTED}\n{script}")
    with open(os.path.join(folder, "mydis-test.service"), "w") as file:
        file.write(UNIT.format(**paths))
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", BOOT, "boot",
                           folder], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=limit)
    console = os.path.join(folder, "console")
    output = done.stdout + done.stderr
    if os.path.exists(console):
        with open(console, errors="replace") as file:
            output += file.read()
    return (done.returncode if BOOTED in output else None), output
