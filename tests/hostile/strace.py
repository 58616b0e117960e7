#!/usr/bin/env python3
"""strace.py KFM DIR...: what system calls does an untrusted run make?

Runs the script `cmd` of every directory in and directly below each DIR in a copy of that directory, with `KFM_UNTRUSTED=1` and
each call of `kfm` traced, and fails for a call that succeeded and should not have: a socket, another program, an open of
a file outside of the copy that is not a library of the program or read by its runtime before anything else, or a write
outside of it. A `cmd` that has arguments alone, as those below `tests/cases`, is run as `kfm ARGUMENTS`.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

OPENS = "open,openat,openat2,creat"
CALLS = f"{OPENS},execve,execveat,socket,socketpair,connect,bind,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,symlink,symlinkat,link,linkat"
LIBRARIES = ("/lib/", "/lib64/", "/usr/lib/", "/etc/ld.so.")
RUNTIME = ("/proc/self/maps", "/proc/sys/vm/overcommit_memory", "/sys/kernel/mm/transparent_hugepage/enabled", "/dev/null", "/dev/urandom", "/proc/self/cgroup")
LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (\d+)")
PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')


def faults(log, top):
    """The calls of a trace that an untrusted run should not make."""
    programs = 0
    for line in open(log, encoding="utf-8", errors="replace"):
        match = LINE.match(line)
        if not match:
            continue
        call, arguments, _ = match.groups()
        if call in ("execve", "execveat"):
            programs += 1
            if programs > 1:
                yield line
            continue
        if call in ("socket", "socketpair", "connect", "bind"):
            yield line
            continue
        paths = [path for path in PATH.findall(arguments) if path]
        if call in OPENS.split(",") and "O_PATH" in arguments:
            continue
        for path in paths:
            if not path.startswith("/"):
                # Relative to the directory of the script, which is in the copy; `..` is judged by the kernel's view.
                path = os.path.normpath(os.path.join(top, path))
            if path == top or path.startswith(top + "/") or path.startswith(LIBRARIES) or path in RUNTIME:
                continue
            yield line
            break


def script(directory):
    """The shell script of a directory."""
    text = open(os.path.join(directory, "cmd"), encoding="utf-8").read()
    lines = text.splitlines()
    first = lines[0].split(" ")[0] if lines else ""
    if not os.path.isdir(os.path.join(directory, "input")) or first in ("kfm", "PATH=."):
        return text, ""
    where = [line[4:] for line in lines[1:] if line.startswith("cwd ")]
    variables = [line[4:] for line in lines[1:] if line.startswith("env ")]
    words = " ".join(f"'{v}'" for v in variables)
    return f"exec env {words} kfm {lines[0]}", where[0] if where else "."


def run(kfm, directory, scratch):
    top = os.path.realpath(tempfile.mkdtemp(prefix="untrusted-", dir=scratch))
    tree, programs, log = (os.path.join(top, name) for name in ("tree", "bin", "log"))
    text, where = script(directory)
    source = os.path.join(directory, "input") if where else directory
    shutil.copytree(source, tree, symlinks=True)
    os.mkdir(programs)
    with open(os.path.join(programs, "kfm"), "w", encoding="utf-8") as wrapper:
        wrapper.write(f"#!/bin/sh\nexec strace -f --seccomp-bpf -qq -s 4096 -e trace={CALLS} -o '{log}'.$$ '{kfm}' \"$@\"\n")
    os.chmod(os.path.join(programs, "kfm"), 0o755)
    for root, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(root, name)
            try:
                with open(path, encoding="utf-8", newline="") as file:
                    old = file.read()
            except (UnicodeDecodeError, OSError):
                continue
            new = old
            for place in ("attacks", "lab", "repository", "root", "bin"):
                new = new.replace("{%s}" % place, tree)
            if new != old and not os.path.islink(path):
                with open(path, "w", encoding="utf-8", newline="") as file:
                    file.write(new)
    if os.path.exists(os.path.join(tree, "make.py")):
        subprocess.run([sys.executable, "make.py"], cwd=tree, capture_output=True, timeout=120, check=False)
    for place in ("attacks", "lab", "repository", "root", "bin"):
        text = text.replace("{%s}" % place, tree)
    environment = {"PATH": programs + ":" + os.environ["PATH"], "HOME": tree, "TMPDIR": tree, "LC_ALL": "C.UTF-8", "KFM_UNTRUSTED": "1"}
    # What the kernel lets a run do is another matter than how long it takes.
    try:
        subprocess.run(["bash", "-c", text], cwd=os.path.join(tree, where), env=environment, stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        print(f"{directory}: takes longer than 60 s under strace", flush=True)
    logs = [os.path.join(top, name) for name in os.listdir(top) if name.startswith("log.")]
    found = [fault for log in logs for fault in faults(log, tree)] if logs else None
    shutil.rmtree(top, ignore_errors=True)
    return found


def main():
    kfm = os.path.abspath(sys.argv[1])
    clean, silent, wrong = 0, 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        for top in sys.argv[2:]:
            names = [top] + [os.path.join(top, name) for name in sorted(os.listdir(top))]
            for directory in names:
                if not os.path.isfile(os.path.join(directory, "cmd")):
                    continue
                found = run(kfm, directory, scratch)
                if found is None:
                    silent += 1
                elif found:
                    wrong += 1
                    print(f"{directory}:\n  " + "  ".join(found[:5]), flush=True)
                else:
                    clean += 1
    print(f"{clean} clean, {wrong} not, {silent} did not start kfm")
    return 1 if wrong or not clean else 0


sys.exit(main())
