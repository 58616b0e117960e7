#!/usr/bin/env python3
"""From an output to a notebook's pod, on a real API server: `walk.py STREAM PROGRAMS [APPLICATION]`.

Applied as docs/distribution.md says; then a profile's namespace by the profile controller and a notebook's StatefulSet by the
notebook controller, each with the token of its own ServiceAccount, the environment, arguments and files of its rendered pod;
the pod by Kubernetes' own StatefulSet controller, under the namespace's Pod Security. A controller that is not in PROGRAMS/bin
is emulated from the output's ConfigMaps. APPLICATION, an object of Argo CD, is held against its definition by dry run.

PROGRAMS is what install.sh filled. Needs root: runs in namespaces of its own, with loopback as the only network. Prints a line for each
check, and lines `row|WHAT|HOW|RESULT` for the table of run.sh.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

import notebook
from podsecurity import admitted
from rendered import LOADER, Stream
from server import PORT, Server

ROOT = Path(__file__).resolve().parents[2]
USER, BOOK = "user@example.com", "book"
failed = []


def check(name, holds, detail=""):
    print(f"{'ok  ' if holds else 'FAIL'} {name}" + (f": {str(detail)[:600]}" if not holds else ""), flush=True)
    if not holds:
        failed.append(name)
    return holds


def row(what, how, holds):
    print(f"row|{what}|{how}|{'holds' if holds else '**failed**'}", flush=True)


def isolate():
    """Starts this program again in namespaces of its own, which end with it and everything in them."""
    if os.environ.get("ISOLATED"):
        return
    own = ["--net", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child"]
    inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv]
    os.execvpe("unshare", ["unshare", *own, *inside], {**os.environ, "ISOLATED": "yes"})


class Pods:
    """Runs programs as containers of rendered Deployments would run."""

    def __init__(self, server, stream, programs):
        self.server, self.stream, self.programs = server, stream, programs

    def run(self, program, namespace, deployment, container, *more):
        """Starts a program of PROGRAMS/bin, with more arguments than its pod has; False if it is not there."""
        path = self.programs / "bin" / program
        if not path.exists():
            return False
        pod = self.stream.container(namespace, deployment, self.server.directory / program, container)
        account = self.server.directory / program / "account"
        account.mkdir(parents=True, exist_ok=True)
        token = self.server.kubectl("-n", namespace, "create", "token", pod["account"], "--duration", "2h")
        check(f"{program}: token of ServiceAccount {namespace}/{pod['account']}", token.returncode == 0, token.stderr)
        (account / "token").write_text(token.stdout.strip())
        (account / "namespace").write_text(namespace)
        shutil.copy(self.server.certificate, account / "ca.crt")
        mounts = {"/var/run/secrets/kubernetes.io/serviceaccount": str(account), **pod["mounts"]}
        script = "".join(f"mkdir -p '{there}' && mount --bind '{here}' '{there}' && " for there, here in mounts.items()) + 'exec "$@"'
        environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(PORT), **pod["env"]}
        script = f"mount -t tmpfs none /var/run && {script}"
        self.server.start(program, ["unshare", "--mount", "sh", "-c", script, "sh", str(path), *pod["args"], *more], environment)
        return True


def apply(server, programs):
    definitions = (programs / "definitions").resolve()
    if definitions.is_dir():
        run = server.kubectl("apply", "--server-side", "-R", "-f", str(definitions))
        row("definitions of Gateway API, Istio, cert-manager, Kyverno, Argo CD", "real", check("definitions", run.returncode == 0, run.stderr))
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{server.path}", "KUBECONFIG": str(server.kubeconfig)}
    run = subprocess.run([ROOT / "tests/distribution/apply.sh"], capture_output=True, text=True, env=environment)
    print(run.stdout, end="")
    row("apply as the README says", "API server real", check("apply", run.returncode == 0 and "skipped" not in run.stdout, run.stderr))
    # nothing answers their names here
    print("row|webhooks of PodDefaults and PVC viewers|—|not run: their programs are in no registry; taken away after applying")
    for kind in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"):
        server.kubectl("delete", kind, "--all")


def profile(server, stream, pods, name):
    real = pods.run("profile-controller", "kubeflow", "profiles-deployment", "manager")
    labels = {key: value for key, value in notebook.profile_labels(stream).items() if value}
    if not real:
        server.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}))
        server.kubectl("-n", name, "create", "serviceaccount", "default-editor")
    accounts = lambda: server.kubectl("-n", name, "get", "serviceaccount", "default-editor").returncode == 0
    server.wait(f"ServiceAccount {name}/default-editor", accounts)
    have = json.loads(server.kubectl("get", "namespace", name, "-o", "json").stdout)["metadata"]["labels"]
    holds = check("the namespace has the labels of namespace-labels-data", labels.items() <= have.items(), have)
    if real:
        bound = lambda: "namespaceAdmin" in server.kubectl("-n", name, "get", "rolebindings,authorizationpolicies", "-o", "name").stdout
        holds &= check("RoleBindings and AuthorizationPolicy of the profile", bool(server.wait("RoleBindings", bound)))
    row("Profile to namespace", "profile controller real, with its own rights" if real else "emulated: no profile-controller in $PROGRAMS/bin", holds)
    return holds


def statefulset(server, stream, pods, name):
    real = pods.run("notebook-controller", "kubeflow", "notebook-controller-deployment", "manager", "-metrics-addr=:8082", "-probe-addr=:8083")
    template = notebook.notebook(stream, BOOK)
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": f"{BOOK}-workspace", "namespace": name},
             "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    book = {"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": BOOK, "namespace": name},
            "spec": {"template": {"spec": template["spec"]}}}
    if not real:
        spec = {"replicas": 1, "serviceName": BOOK, "selector": {"matchLabels": {"statefulset": BOOK}}, "template": template}
        book = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": BOOK, "namespace": name}, "spec": spec}
    # as the Jupyter web app makes it, with its rights
    account = "system:serviceaccount:kubeflow:jupyter-web-app-service-account"
    for thing in (claim, book):
        rights = ("--as", account) if real or thing is claim else ()
        run = server.kubectl("create", "-f", "-", *rights, text=json.dumps(thing))
        check(f"{thing['kind']} with the rights of the Jupyter web app" if rights else f"{thing['kind']}", run.returncode == 0, run.stderr)
    get = lambda: server.kubectl("-n", name, "get", "statefulset", BOOK, "-o", "json").stdout
    found = json.loads(server.wait(f"StatefulSet {name}/{BOOK}", get))
    if real:
        route = lambda: server.kubectl("-n", name, "get", "virtualservice", f"notebook-{name}-{BOOK}").returncode == 0
        check("Service and VirtualService of the notebook", bool(server.wait("VirtualService", route)))
    pod = lambda: server.kubectl("-n", name, "get", "pod", f"{BOOK}-0").returncode == 0
    holds = check("the StatefulSet's pod is admitted", bool(server.wait(f"pod {name}/{BOOK}-0", pod)))
    row("Notebook to StatefulSet and pod", ("notebook controller real, with its own rights" if real else
        "emulated: no notebook-controller in $PROGRAMS/bin") + "; StatefulSet controller and Pod Security real", holds)
    return found["spec"]["template"]


def sidecars(server, name, template):
    os.environ.update(KUBECONFIG=str(server.kubeconfig), PATH=server.path)
    values = yaml.load(notebook.VALUES.read_text(), LOADER)
    taken = check("with the sidecar of example/cluster it is admitted", *admitted("sidecar", name, notebook.injected(template, values)))
    values["pilot"]["cni"]["enabled"] = False
    off, said = admitted("init", name, notebook.injected(template, values))
    refused = check("with Istio's CNI off it is refused", not off and "NET_ADMIN" in said, said)
    row("the same pod with a sidecar", "sidecar emulated; Pod Security real", taken and refused)


def kfam(server, pods, name):
    if not pods.run("kfam", "kubeflow", "profiles-deployment", "kfam"):
        print("row|contributors by KFAM|—|skipped: no kfam in $PROGRAMS/bin")
        return

    def ask(method, path, user=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", 8081, timeout=60)
        connection.request(method, path, json.dumps(body) if body else None, {"kubeflow-userid": user} if user else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def answers():
        try:
            return ask("GET", "/metrics")[0] == 200
        except OSError:
            return False

    server.wait("KFAM", answers)
    binding = {"user": {"kind": "User", "name": "mallory@example.com"}, "referredNamespace": name,
               "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}}
    status, text = ask("POST", "/kfam/v1/bindings", body=binding)
    holds = check("a request without a user adds no contributor", status == 403, (status, text))
    holds &= check("nor is it the administrator's", ask("GET", "/kfam/v1/role/clusteradmin?user=")[1].strip() == "false")
    status, text = ask("POST", "/kfam/v1/bindings", USER, binding)
    holds &= check("the owner adds one", status == 200, (status, text))
    row("contributors by KFAM", "KFAM real, with its own rights", holds)


def main():
    isolate()
    stream, programs = Stream(sys.argv[1]), Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory(prefix="walk-") as directory:
        server = Server(directory, programs)
        try:
            apply(server, programs)
            if len(sys.argv) > 3:
                server.kubectl("create", "namespace", "argocd")
                run = server.kubectl("apply", "--dry-run=server", "-f", sys.argv[3])
                real = (programs / "definitions/argo-cd").is_dir()
                row("Application of `kfm init --layout gitops`", "API server and Argo CD's definition real" if real else "definition minimal",
                    check("Argo CD's definition takes the Application", run.returncode == 0, run.stderr))
            pods = Pods(server, stream, programs)
            name = stream.all("Profile")[0]["metadata"]["name"]
            profile(server, stream, pods, name)
            sidecars(server, name, statefulset(server, stream, pods, name))
            kfam(server, pods, name)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            check("the walk", False, error)
            print(error)
        finally:
            server.stack.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
