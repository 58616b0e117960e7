#!/usr/bin/env python3
"""Does the repository that `kfm init --layout gitops` writes hold what Argo CD, kustomize and Terraform need?

Written to an empty git repository, its overlay must build without findings of check.py, have the objects of `example` (but for
the sync waves and the profiles asked for), and be what kustomize prints. The Application must hold to Argo CD's definition, where
$ARGOCD names a checkout of argo-cd; Terraform's files must be HCL, where the Python package python-hcl2 is there, and valid,
where `terraform` is on the path and can have its providers.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import check
import render
import schema
from overlays import Tally
from render import need, parse, printed

PROFILES = "- {name: kubeflow-user-example-com, owner: user@example.com, quota: {requests.cpu: 8}}\n- {name: team, owner: ada@test}\n"


def written(scratch, *flags):
    """The repository with these flags."""
    directory = scratch / "".join(re.findall(r"\w", "".join(flags)) or ["plain"])
    subprocess.run(["git", "init", "-q", str(directory)], check=True)
    (directory / "list.yaml").write_text(PROFILES)
    command = [render.kfm(), "init", "--layout", "gitops", "--profiles", str(directory / "list.yaml"), *flags, str(directory)]
    run = subprocess.run(command, capture_output=True, text=True)
    need(run.returncode == 0, run.stderr)
    return directory


def identities(objects):
    return {(render.group(o), o["kind"], render.namespace_of(o), render.name_of(o)) for o in objects if o["kind"] != "Profile"}


def overlay(scratch):
    text = printed([render.kfm(), "build", "--quiet"], "kubeflow/overlays/default", written(scratch))
    objects = parse(text)
    example = parse(printed([render.kfm(), "build", "--quiet"], "example", render.ROOT))
    need(identities(objects) == identities(example), f"not the objects of example: {identities(objects) ^ identities(example)}")
    profiles = {render.name_of(o): o["spec"] for o in objects if o["kind"] == "Profile"}
    need(set(profiles) == {"kubeflow-user-example-com", "team"}, f"profiles {set(profiles)}")
    need(profiles["kubeflow-user-example-com"]["resourceQuotaSpec"] == {"hard": {"requests.cpu": "8"}}, "quota")
    platform = check.check(objects)
    check.kubernetes_schemas(platform)
    need(not platform.findings, "\n    ".join(["check.py finds", *platform.findings]))


def settings(scratch):
    directory = written(scratch, "--repo", "https://git.test/x.git", "--host", "ml.test")
    hosts = [h for o in parse(printed([render.kfm(), "build", "--quiet"], "kubeflow/overlays/default", directory))
             if o["kind"] == "HTTPRoute" for h in o["spec"]["hostnames"]]
    need(hosts == ["ml.test", "ml.test"], f"hosts {hosts}")
    application = parse((directory / "apps/kubeflow.yaml").read_text())[0]
    need(application["spec"]["source"]["repoURL"] == "https://git.test/x.git", "repository")
    need((directory / application["spec"]["source"]["path"] / "kustomization.yaml").is_file(), "path of the Application")


def as_kustomize(scratch, program):
    directory = scratch / "plain"
    for path in ("kubeflow/overlays/default", "kubeflow/profiles"):
        ours = printed([render.kfm(), "build", "--quiet"], path, directory)
        need(printed(program, path, directory) == ours, f"{path} differs")


def upstream(scratch):
    directory = written(scratch, "--upstream", "26.03")
    entries = parse((directory / "kubeflow/base/kustomization.yaml").read_text())[0]["resources"]
    need(entries and all(e.startswith("https://github.com/kubeflow/manifests//") and e.endswith("?ref=26.03") for e in entries), f"base {entries}")
    need(not (directory / "manifests").exists(), "manifests of our own beside upstream's")
    tree = render.upstream()
    for entry in entries if tree else []:
        path = re.fullmatch(r"https://github.com/kubeflow/manifests//(.*)\?ref=.*", entry)[1]
        need((tree / path).is_dir(), f"{path} is not in kubeflow/manifests")


def definition(scratch, tree):
    crd = parse((Path(tree) / "manifests/crds/application-crd.yaml").read_text())[0]
    text = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    application = parse((scratch / "plain/apps/kubeflow.yaml").read_text())[0]
    body = {key: value for key, value in application.items() if key not in check.OWN}
    text = {**text, "required": [key for key in text.get("required", []) if key not in check.OWN]}
    problems = schema.validate(body, text)
    need(not problems, f"Argo CD's definition: {problems}")


def terraform(scratch):
    directory = scratch / "plain/terraform"
    files = sorted(directory.glob("*.tf"))
    try:
        import hcl2
    except ImportError:
        print("skipped: Terraform's files as HCL (no package python-hcl2)")
    else:
        found = {}
        for file in files:
            with file.open() as text:
                for block, entries in hcl2.load(text).items():
                    found.setdefault(block, []).extend(entries)
        kinds = {name.strip('"') for entry in found["resource"] for name in entry}
        need({"github_repository_file", "kubernetes_manifest", "dns_a_record_set"} <= kinds, f"resources {kinds}")
        declared = {name.strip('"') for entry in found["variable"] for name in entry}
        used = set(re.findall(r"\bvar\.(\w+)", "".join(file.read_text() for file in files)))
        need(used == declared, f"variables used and declared: {used ^ declared}")
    if not shutil.which("terraform"):
        print("skipped: terraform validate (no terraform on the path)")
        return
    run = subprocess.run(["terraform", f"-chdir={directory}", "fmt", "-check", "-diff"], capture_output=True, text=True)
    need(run.returncode == 0, f"terraform fmt: {run.stdout}{run.stderr}")
    run = subprocess.run(["terraform", f"-chdir={directory}", "init", "-backend=false", "-input=false"], capture_output=True, text=True)
    if run.returncode:
        print("skipped: terraform validate (its providers cannot be had)")
        return
    run = subprocess.run(["terraform", f"-chdir={directory}", "validate"], capture_output=True, text=True)
    need(run.returncode == 0, run.stdout + run.stderr)


def main():
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch).resolve()
        tally.run("overlay", overlay, scratch)
        tally.run("settings", settings, scratch)
        tally.run("upstream", upstream, scratch)
        for program in render.kustomizes():
            tally.run(" ".join(program), as_kustomize, scratch, program)
        if os.environ.get("ARGOCD"):
            tally.run("Argo CD's definition", definition, scratch, os.environ["ARGOCD"])
        tally.run("terraform", terraform, scratch)
    print(f"init --layout gitops: {tally.runs} checks, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
