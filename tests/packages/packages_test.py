#!/usr/bin/env python3
"""Builds the Debian packages, checks them with lintian, and uses them in a Debian of their own (inside.bash).

  packages_test.py BIN

That Debian has the packages' dependencies and nothing else of this project; it has no network and its own processes.
It comes from where this machine gets its packages. Making it needs root and namespaces; without, the test is skipped.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Beside the dependencies: what systemd's checks and the calls of inside.bash need, and a server for the six services.
OTHERS = ["systemd", "postgresql", "openssl", "curl", "jq", "ca-certificates", "bash-completion", "man-db"]


def run(*command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{result.stdout}")
    return result.stdout


def dependencies(packages):
    """What the packages need of Debian, by their own fields: the first of each alternative."""
    needed = set()
    for package in packages:
        for entry in run("dpkg-deb", "-f", package, "Depends").split(","):
            name = re.split(r"[ (|]", entry.strip())[0]
            if name and not name.startswith("countersign"):
                needed.add(name)
    return sorted(needed)


def sources():
    """The files that say where this machine's packages come from."""
    found = ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*.sources"))]
    return [path for path in found if os.path.exists(path) and os.path.getsize(path) > 0]


def main():
    namespaces = ["unshare", "--mount", "--net", "--pid", "--fork"]
    if os.geteuid() != 0 or subprocess.run([*namespaces, "true"], check=False, capture_output=True).returncode != 0:
        print("skipped: making a root needs root and namespaces")
        sys.exit(77)
    binaries = os.path.abspath(sys.argv[1])
    work = tempfile.mkdtemp(prefix="countersign-packages-")
    try:
        for version in ("0.1.0", "0.1.1"):
            run(os.path.join(ROOT, "scripts/package"), f"{work}/{version}", "--bin", binaries, "--version", version,
                "--maintainer", "Countersign <packages@example.org>")
        packages = sorted(glob.glob(f"{work}/0.1.0/*.deb"))
        assert len(packages) == 9, packages
        print(run("lintian", "--allow-root", "--fail-on", "error,warning", *packages))
        root = f"{work}/root"
        run("mmdebstrap", "--mode=root", "--variant=minbase", "--skip=output/dev",
            "--include=" + ",".join([*dependencies(packages), *OTHERS]),
            "--essential-hook=mkdir -p \"$1/etc/postgresql-common\" && "
            "echo 'create_main_cluster = false' >\"$1/etc/postgresql-common/createcluster.conf\"", "bookworm", root,
            *sources())
        for version in ("0.1.0", "0.1.1"):
            shutil.copytree(f"{work}/{version}", f"{root}/packages/{version}")
        shutil.copy(os.path.join(HERE, "inside.bash"), f"{root}/packages/")
        # Everything that is started there ends with the namespace.
        inside = (f"mount -t proc proc {root}/proc && mount --rbind /dev {root}/dev && ip link set lo up && "
                  f"exec chroot {root} bash /packages/inside.bash")
        print(run(*namespaces, "--kill-child", "sh", "-c", inside,
                  env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}))
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
