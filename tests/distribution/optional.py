#!/usr/bin/env python3
"""Do `example` and its commented lines work over kubeflow/manifests?

    optional.py     needs kubeflow/manifests 26.03 at $KUBEFLOW_MANIFESTS, skips with a reason otherwise

Builds `example` as it is, and with every commented line for kubeflow/manifests switched on. The output must pass
check.py, have the workloads of every part, and be what kustomize prints, byte for byte (`kustomize` and `kubectl
kustomize`, those that are on the path).

Pipelines and Trainer fetch bases from GitHub. They stay out unless $KUBEFLOW_REMOTES names a folder with a copy of these:
`git/ORG/REPO/`, the files of one tag; `tags.json`, which tag that is; `http/ORG/REPO/releases/download/...`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import check
import render
from overlays import Objects, Tally, ambient
from render import ROOT, need, parse, printed

# The other one of two choices.
LEFT_OUT = ("istio/istio-install/overlays/oauth2-proxy", "istio/istio-crds/", "istio/istio-namespace/", "in place of pipelines-sidecars")
REMOTE = ("applications/pipeline/", "applications/trainer/", "overlays/ambient/pipelines-sidecars")
# A workload of each part.
WORKLOADS = ("cert-manager", "istiod", "activator", "kserve-controller-manager", "katib-controller",
             "spark-operator-controller", "model-registry-deployment", "model-registry-ui")
REMOTE_WORKLOADS = ("ml-pipeline", "workflow-controller", "kubeflow-trainer-controller-manager", "jobset-controller-manager")


def with_optional_parts(text, remotes):
    lines = []
    for line in text.splitlines():
        found = re.match(r"# (- (?:\.\./manifests/|[a-z]|\.\./overlays/ambient/)\S*)", line)
        left_out = LEFT_OUT if remotes else LEFT_OUT + REMOTE
        if found and not any(part in line for part in left_out):
            line = found[1]
        # its links are for the core; upstream has those for its parts
        elif line == "- ../overlays/centraldashboard":
            line = f"# {line}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def serve(remotes, scratch):
    """Leads kfm and git from GitHub to the copies: gives the environment for that."""
    person = {f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for repository, tag in json.loads((remotes / "tags.json").read_text()).items():
        folder = scratch / "git" / f"{repository}.git"
        shutil.copytree(remotes / "git" / repository, folder)
        for command in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "x"], ["tag", tag]):
            subprocess.run(["git", "-C", str(folder), *command], check=True, env={**os.environ, **person, "GIT_CONFIG_GLOBAL": os.devnull})
    (scratch / "gitconfig").write_text(f'[url "file://{scratch}/git/"]\n\tinsteadOf = https://github.com/\n')
    (scratch / "config/kfm").mkdir(parents=True)
    mirrors = [
        f'[[mirror]]\nfrom = "https://github.com/{path}/"\nto = "file://{remotes}/http/{path}/"\n'
        for path in (folder.relative_to(remotes / "http") for folder in remotes.glob("http/*/*/releases/download"))
    ]
    (scratch / "config/kfm/config.toml").write_text("".join(mirrors))
    return {"GIT_CONFIG_GLOBAL": str(scratch / "gitconfig"), "XDG_CONFIG_HOME": str(scratch / "config")}


def vendor(tree, remotes):
    """Puts the files that are fetched by HTTP, which kustomize cannot be led away from, beside those that name them."""
    download = re.compile(r"https://github\.com/(\S+/releases/download/\S+)")
    for file in tree.rglob("kustomization.yaml"):
        text = file.read_text()
        for path in download.findall(text):
            name = path.replace("/", "-")
            shutil.copyfile(remotes / "http" / path, file.parent / name)
            text = text.replace(f"https://github.com/{path}", name)
        file.write_text(text)


def whole(directory, scratch, workloads):
    text = printed([render.kfm(), "build", "--quiet"], directory, scratch)
    objects = Objects(text)
    for name in workloads:
        need(objects.of("Deployment", name=name), f"Deployment {name} is missing")
    components = parse((scratch / directory / "kustomization.yaml").read_text())[0]["components"]
    ambient(objects, {}, [component.removeprefix("../overlays/") for component in components])
    platform = check.check(objects.all)
    check.kubernetes_schemas(platform)
    need(not platform.findings, "\n    ".join(["check.py finds", *platform.findings]))
    (scratch / f"{directory}.yaml").write_text(text)
    print(f"{directory}: {len(objects.all)} objects", flush=True)


def as_kustomize(directory, scratch, program):
    need((scratch / f"{directory}.yaml").exists(), "kfm printed nothing")
    need(printed(program, directory, scratch) == (scratch / f"{directory}.yaml").read_text(), "differs")


def main():
    tree = render.upstream()
    if not tree:
        print("skipped: $KUBEFLOW_MANIFESTS names no kubeflow/manifests")
        return 0
    remotes = os.environ.get("KUBEFLOW_REMOTES")
    remotes = Path(remotes).resolve() if remotes and Path(remotes, "tags.json").is_file() else None
    if not remotes:
        print("skipped: Pipelines and Trainer ($KUBEFLOW_REMOTES names no copy of their bases)")
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch).resolve()
        if remotes:
            os.environ.update(serve(remotes, scratch))
        (scratch / "manifests").symlink_to(tree)
        shutil.copytree(ROOT / "overlays", scratch / "overlays")
        for directory in ("example", "full"):
            shutil.copytree(ROOT / "example", scratch / directory)
        (scratch / "full/kustomization.yaml").write_text(with_optional_parts(render.EXAMPLE.read_text(), remotes))
        tally.run("example", whole, "example", scratch, ())
        tally.run("full", whole, "full", scratch, WORKLOADS + (REMOTE_WORKLOADS if remotes else ()))
        if remotes:
            (scratch / "manifests").unlink()
            shutil.copytree(tree, scratch / "manifests", ignore=shutil.ignore_patterns(".git"))
            vendor(scratch / "manifests", remotes)
        for program in render.kustomizes():
            for directory in ("example", "full"):
                tally.run(f"{directory}, {' '.join(program)}", as_kustomize, directory, scratch, program)
    names = " and ".join(f"`{' '.join(program)}`" for program in render.kustomizes())
    print(f"example and its optional parts over {tree.name}, {f'equal to {names}' if names else 'compared with no kustomize'}: {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
