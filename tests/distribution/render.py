"""What the scripts of this directory share: building a directory, reading the output, walking pods.

Two variables name what is not part of the repository: $KFM the program, $KUBEFLOW_MANIFESTS an unpacked
kubeflow/manifests 26.03. Without the latter what needs it is skipped.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

try:
    import yaml
except ImportError:
    sys.exit("needs PyYAML: Debian's python3-yaml, or `pip install pyyaml`")

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


EXAMPLE = ROOT / "example/kustomization.yaml"


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads dates as the strings they are to Kubernetes."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def kfm():
    """The program: $KFM, a build of this repository, or the one on the path."""
    if os.environ.get("KFM"):
        return os.environ["KFM"]
    for profile in ("release", "debug"):
        built = ROOT / "target" / profile / "kfm"
        if built.exists():
            return str(built)
    found = shutil.which("kfm")
    if not found:
        sys.exit("needs kfm: build it (`cargo build --release`), or name it in $KFM")
    return found


def upstream():
    """kubeflow/manifests 26.03, or None."""
    tree = os.environ.get("KUBEFLOW_MANIFESTS")
    return Path(tree).resolve() if tree and Path(tree, "applications").is_dir() else None


def kustomizes():
    """The commands at hand that build as kfm must."""
    found = [["kustomize", "build"]] if shutil.which("kustomize") else []
    if shutil.which("kubectl") and subprocess.run(["kubectl", "kustomize", "--help"], capture_output=True).returncode == 0:
        found.append(["kubectl", "kustomize"])
    return found


class Failed(Exception):
    """Something does not build, or its output is not what it should be."""


def need(condition, message):
    if not condition:
        raise Failed(message)


def printed(program, directory, folder=None):
    """What a program prints for a directory, named from a folder."""
    run = subprocess.run([*program, str(directory)], capture_output=True, text=True, cwd=folder)
    need(run.returncode == 0, f"{' '.join(program)} {directory}: exit {run.returncode}\n{run.stderr.strip()}")
    return run.stdout


def build(directory):
    """The objects `kfm build DIRECTORY` prints."""
    try:
        return parse(printed([kfm(), "build"], directory))
    except Failed as failed:
        sys.exit(str(failed))


def parse(text):
    return [document for document in yaml.load_all(text, Loader) if document]


def data(name):
    """A data file of this directory."""
    return yaml.load((HERE / name).read_text(), Loader)


def group(thing):
    version = thing.get("apiVersion", "")
    return version.split("/")[0] if "/" in version else ""


def meta(thing):
    return thing.get("metadata") or {}


def name_of(thing):
    return meta(thing).get("name", "")


def namespace_of(thing):
    return meta(thing).get("namespace", "")


def label(thing):
    """How messages name an object."""
    place = f"{namespace_of(thing)}/" if namespace_of(thing) else ""
    return f"{thing.get('kind')} {place}{name_of(thing)}"


POD_PATHS = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def pod_of(thing):
    """The pod or pod template of a workload, or None."""
    if thing.get("kind") not in POD_PATHS or group(thing) not in ("", "apps", "batch"):
        return None
    for key in POD_PATHS[thing["kind"]]:
        thing = thing.get(key) or {}
    return thing


def containers(pod):
    spec = pod.get("spec") or {}
    return (spec.get("initContainers") or []) + (spec.get("containers") or [])
