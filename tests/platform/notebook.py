#!/usr/bin/env python3
"""Does a notebook's pod pass the Pod Security Standard of its profile's namespace?

    notebook.py STREAM

The pod is made as the notebook controller and Jupyter web app make it from the form's defaults in the output, and gets the containers
that Istio injects under the values of example/cluster, both emulated. The same with Istio's CNI off must be refused, or this
check would find nothing.
"""

import copy
import sys
from pathlib import Path

import yaml

from rendered import LOADER, Stream

VALUES = Path(__file__).resolve().parents[2] / "example/cluster/istiod.yaml"
# What the standard `baseline` lets a container add.
CAPABILITIES = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
                "SETPCAP", "SETUID", "SYS_CHROOT"}


def generated(stream, kind, end):
    """The data of a generated ConfigMap by the end of its name without hash."""
    for thing in stream.all(kind):
        if thing["metadata"]["name"].rsplit("-", 1)[0].endswith(end):
            return thing["data"]
    raise KeyError(f"no {kind} {end}")


def profile_labels(stream):
    return yaml.load(generated(stream, "ConfigMap", "namespace-labels-data")["namespace-labels.yaml"], LOADER)


def notebook(stream, name="book"):
    """The pod template of the StatefulSet."""
    form = yaml.load(generated(stream, "ConfigMap", "jupyter-web-app-config")["spawner_ui_config.yaml"], LOADER)["spawnerFormDefaults"]
    limits = {"cpu": str(form["cpu"]["value"]), "memory": str(form["memory"]["value"])}
    return {
        "metadata": {"labels": {"statefulset": name, "notebook-name": name, "app": name}},
        "spec": {
            "serviceAccountName": "default-editor",
            "securityContext": {"fsGroup": 100},
            "containers": [{
                "name": name,
                "image": form["image"]["value"],
                "env": [{"name": "NB_PREFIX", "value": f"/notebook/profile/{name}"}],
                "ports": [{"name": "notebook-port", "containerPort": 8888}],
                "resources": {"requests": limits},
                "volumeMounts": [{"name": "workspace", "mountPath": "/home/jovyan"}, {"name": "dshm", "mountPath": "/dev/shm"}],
            }],
            "volumes": [
                {"name": "workspace", "persistentVolumeClaim": {"claimName": f"{name}-workspace"}},
                {"name": "dshm", "emptyDir": {"medium": "Memory"}},
            ],
        },
    }


def injected(template, values):
    """What Istio's sidecar template adds."""
    pod = copy.deepcopy(template)
    profile = values["global"]["proxy"].get("seccompProfile")
    common = {"allowPrivilegeEscalation": False, "privileged": False, **({"seccompProfile": profile} if profile else {})}
    proxy = {**common, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True, "runAsNonRoot": True, "runAsUser": 1337, "runAsGroup": 1337}
    if values["pilot"]["cni"]["enabled"]:
        first = {"name": "istio-validation", "securityContext": proxy}
    else:
        capabilities = {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}
        first = {"name": "istio-init", "securityContext": {**common, "capabilities": capabilities, "runAsNonRoot": False, "runAsUser": 0}}
    pod["spec"]["initContainers"] = [first]
    pod["spec"]["containers"].append({"name": "istio-proxy", "securityContext": proxy})
    return pod


def refused(pod):
    """Why a namespace that enforces `baseline` would refuse a pod."""
    spec = pod["spec"]
    reasons = [field for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    reasons += [f"volume {volume['name']}" for volume in spec.get("volumes", []) if "hostPath" in volume]
    reasons += [f"sysctl {entry['name']}" for entry in spec.get("securityContext", {}).get("sysctls", [])]
    for container in spec.get("initContainers", []) + spec["containers"]:
        security = container.get("securityContext", {})
        added = set((security.get("capabilities") or {}).get("add", [])) - CAPABILITIES
        reasons += [f"{container['name']} adds {capability}" for capability in sorted(added)]
        reasons += [f"{container['name']} is privileged"] if security.get("privileged") else []
        reasons += [f"{container['name']} has a host port" for port in container.get("ports", []) if port.get("hostPort")]
        reasons += [f"{container['name']} is unconfined"] if (security.get("seccompProfile") or {}).get("type") == "Unconfined" else []
    return reasons


def main():
    stream = Stream(sys.argv[1])
    labels = profile_labels(stream)
    values = yaml.load(VALUES.read_text(), LOADER)
    off = copy.deepcopy(values)
    off["pilot"]["cni"]["enabled"] = False
    pod = notebook(stream)
    with_sidecar = labels.get("istio-injection") == "enabled"
    cases = [
        ("the profile's namespace enforces baseline", labels.get("pod-security.kubernetes.io/enforce") == "baseline"),
        ("the pod as the controller makes it is admitted", not refused(pod)),
        ("with the sidecar of example/cluster it is admitted", not with_sidecar or not refused(injected(pod, values))),
        ("with Istio's CNI off it would be refused", refused(injected(pod, off)) == ["istio-init adds NET_ADMIN", "istio-init adds NET_RAW"]),
    ]
    for name, holds in cases:
        print(f"{'ok  ' if holds else 'FAIL'} {name}")
    return 1 if not all(holds for _, holds in cases) else 0


if __name__ == "__main__":
    sys.exit(main())
