#!/usr/bin/env python3
"""Do the stages of example/kind/up.sh come in order, go on where they stopped, and leave nothing behind?

kind, kubectl and helm are stand-ins that write down how they were called; kfm is real. No cluster is made.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import render
from overlays import Tally
from render import need, parse

# Writes its call down, keeps what it is to apply, and fails where $FAIL is part of the call.
STAND_IN = """#!/bin/sh
call="$(basename "$0") $*"
echo "$call" >>"$CALLS"
case $call in "kind get clusters") echo "$CLUSTERS" ;; *" apply "*/output.yaml) cp "${call##* }" "$APPLIED" ;; esac
[ -z "$FAIL" ] || case $call in *"$FAIL"*) exit 1 ;; esac
"""
STAGES = ["kind create cluster --name kubeflow", "cert-manager cert-manager --repo", "standard-install.yaml", "kgateway-crds ", "kgateway oci:",
          "istio-base base", "istiod istiod", "istio-cni cni", "ztunnel ztunnel", "istio-ingressgateway gateway", "/output.yaml",
          "crd/profiles.kubeflow.org", "/output.yaml", "deployment/dex", "deployment/oauth2-proxy", "wait --for=condition=Available", "gateway/default-gateway"]


def up(scratch, clusters="", fail="", without=None):
    """Runs the script: exit code, calls, output, and the objects that were applied."""
    bin_ = scratch / "bin"
    shutil.rmtree(bin_, ignore_errors=True)
    bin_.mkdir()
    for name in {"kind", "kubectl", "helm"} - {without}:
        (bin_ / name).write_text(STAND_IN)
        (bin_ / name).chmod(0o755)
    (bin_ / "kfm").symlink_to(Path(render.kfm()).resolve())
    for name in ("bash", "sh", "basename", "cat", "cp", "dirname", "grep", "mktemp", "rm"):
        (bin_ / name).symlink_to(shutil.which(name))
    calls, applied = scratch / "calls", scratch / "applied.yaml"
    calls.write_text("")
    applied.unlink(missing_ok=True)
    environment = {"PATH": str(bin_), "CALLS": str(calls), "APPLIED": str(applied), "CLUSTERS": clusters, "FAIL": fail}
    run = subprocess.run(["bash", str(scratch / "example/kind/up.sh")], capture_output=True, text=True, env=environment)
    need(not list(scratch.glob("kind-site.*")), "leaves its kustomization behind")
    return run, calls.read_text().splitlines(), parse(applied.read_text()) if applied.exists() else []


def in_order(calls, stages):
    rest = iter(calls)
    for stage in stages:
        need(any(stage in call for call in rest), f"`{stage}` does not come, or not in this order: {calls}")


def from_nothing(scratch):
    run, calls, objects = up(scratch)
    need(run.returncode == 0, run.stderr)
    in_order(calls, STAGES)
    need(all("kind-kubeflow" in call for call in calls if not call.startswith("kind ")), "every call names its cluster")
    need({"Gateway", "Certificate", "Profile"} <= {o["kind"] for o in objects}, "the platform with its own Gateway")
    need("port-forward" in run.stdout, "says how to reach the login page")


def once_more(scratch):
    run, calls, _ = up(scratch, clusters="other\nkubeflow")
    need(run.returncode == 0 and not any("create cluster" in call for call in calls), "the cluster is there already")
    in_order(calls, STAGES[1:])


def stopped(scratch):
    """A chart that does not install ends the script."""
    run, calls, _ = up(scratch, fail="ztunnel ztunnel")
    need(run.returncode != 0 and "ztunnel" in calls[-1], f"goes on after a failure: {calls[-1]}")


def missing(scratch):
    run, calls, _ = up(scratch, without="helm")
    need(run.returncode == 1 and "helm is not on the path" in run.stderr and not calls, run.stderr)


def main():
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch).resolve()
        for part in ("example", "overlays", "manifests"):
            shutil.copytree(render.ROOT / part, scratch / part)
        for test in (from_nothing, once_more, stopped, missing):
            tally.run(test.__name__, test, scratch)
    print(f"example/kind/up.sh: {tally.runs} checks, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
