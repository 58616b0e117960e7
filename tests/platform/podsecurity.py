#!/usr/bin/env python3
"""Would the API server of $KUBECONFIG take the pods of an output, and those of a notebook?

    podsecurity.py STREAM

Asks by dry run, in the namespaces of the output, which must be there; a notebook's pod in a namespace that is made for it with the
labels that the profile controller would give it, and removed.
"""

import json
import subprocess
import sys
import time

import yaml

import notebook
from rendered import LOADER, Stream

PROFILE = "podsecurity-profile"


def kubectl(*arguments, text=None):
    return subprocess.run(["kubectl", *arguments], input=text, capture_output=True, text=True)


def admitted(name, namespace, template):
    metadata = {key: value for key, value in template.get("metadata", {}).items() if key in ("labels", "annotations")}
    spec = {**template["spec"]}
    for container in spec.get("initContainers", []) + spec["containers"]:
        container.setdefault("image", "registry.example.com/none:1")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, **metadata}, "spec": spec}
    run = kubectl("create", "--dry-run=server", "-f", "-", text=json.dumps(pod))
    return run.returncode == 0, run.stderr.strip()


def main():
    stream = Stream(sys.argv[1])
    bad = 0

    def check(name, holds, detail=""):
        nonlocal bad
        bad += not holds
        print(f"{'ok  ' if holds else 'FAIL'} {name}" + ("" if holds else f": {detail}"))

    for thing in stream.all("Deployment", "StatefulSet", "DaemonSet", "Job"):
        name, namespace = thing["metadata"]["name"], thing["metadata"]["namespace"]
        check(f"{namespace}/{name}", *admitted(name, namespace, thing["spec"]["template"]))
    labels = {key: value for key, value in notebook.profile_labels(stream).items() if value}
    kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PROFILE, "labels": labels}}))
    time.sleep(2)
    values = yaml.load(notebook.VALUES.read_text(), LOADER)
    pod = notebook.notebook(stream)
    check("a notebook", *admitted("notebook", PROFILE, pod))
    check("a notebook with a sidecar", *admitted("sidecar", PROFILE, notebook.injected(pod, values)))
    values["pilot"]["cni"]["enabled"] = False
    taken, said = admitted("init", PROFILE, notebook.injected(pod, values))
    check("a notebook with a sidecar and Istio's CNI off is refused", not taken and "NET_ADMIN" in said, said)
    kubectl("delete", "namespace", PROFILE, "--wait=false")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
