"""A Kubernetes API server with etcd and the controllers that need no nodes, on loopback."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

CONTROLLERS = ("namespace-controller", "serviceaccount-controller", "clusterrole-aggregation-controller", "garbage-collector-controller",
               "deployment-controller", "replicaset-controller", "statefulset-controller", "root-ca-certificate-publisher-controller")
PORT, ETCD, PEERS = 26443, 23790, 23791


class Server:
    """Runs until `stack` is closed. Certificate and key serve the API and, at the same address, webhooks."""

    def __init__(self, directory, programs):
        self.directory, self.stack = Path(directory), contextlib.ExitStack()
        self.path = f"{os.environ['PATH']}:{programs}/bin"
        self.kubeconfig = self.directory / "kubeconfig"
        self.certificate, self.key = self.directory / "tls.crt", self.directory / "tls.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=kfm-test", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True)
        (self.directory / "tokens.csv").write_text('local,admin,1,"system:masters"\n')
        self.kubeconfig.write_text(
            "apiVersion: v1\nkind: Config\n"
            f"clusters: [{{name: local, cluster: {{server: 'https://127.0.0.1:{PORT}', certificate-authority: '{self.certificate}'}}}}]\n"
            "users: [{name: local, user: {token: local}}]\ncontexts: [{name: local, context: {cluster: local, user: local}}]\n"
            "current-context: local\n")
        peers = f"http://127.0.0.1:{PEERS}"
        self.start("etcd", ["etcd", "--data-dir", str(self.directory / "etcd"), "--listen-client-urls", f"http://127.0.0.1:{ETCD}",
                            "--advertise-client-urls", f"http://127.0.0.1:{ETCD}", "--listen-peer-urls", peers,
                            "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}"])
        self.start("kube-apiserver", [
            "kube-apiserver", "--etcd-servers", f"http://127.0.0.1:{ETCD}", "--secure-port", str(PORT), "--bind-address", "127.0.0.1",
            "--advertise-address", "127.0.0.1", "--cert-dir", str(self.directory / "certs"), "--tls-cert-file", str(self.certificate),
            "--tls-private-key-file", str(self.key), "--service-account-key-file", str(self.key), "--service-account-signing-key-file",
            str(self.key), "--service-account-issuer", "https://kubernetes.default.svc.cluster.local", "--service-cluster-ip-range",
            "10.0.0.0/24", "--token-auth-file", str(self.directory / "tokens.csv"), "--authorization-mode", "RBAC",
            "--endpoint-reconciler-type", "none"])
        self.wait("the API server", lambda: self.kubectl("get", "--raw", "/readyz").returncode == 0, 300)
        self.start("kube-controller-manager", [
            "kube-controller-manager", "--kubeconfig", str(self.kubeconfig), "--root-ca-file", str(self.certificate), "--leader-elect=false",
            "--bind-address", "127.0.0.1", "--controllers", ",".join(CONTROLLERS)])

    def start(self, name, command, environment=None):
        log = self.stack.enter_context((self.directory / f"{name}.log").open("w"))
        environment = {**os.environ, "PATH": self.path, **(environment or {})}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)

    def kubectl(self, *arguments, text=None):
        environment = {**os.environ, "PATH": self.path, "KUBECONFIG": str(self.kubeconfig)}
        return subprocess.run(["kubectl", *arguments], input=text, capture_output=True, text=True, env=environment, timeout=300)

    def wait(self, what, question, seconds=180):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = question()
            if answer:
                return answer
            time.sleep(0.5)
        raise RuntimeError(f"{what} does not come; the logs end with\n{self.logs()}")

    def logs(self):
        return "\n".join(f"--- {log.name}\n{log.read_text()[-1500:]}" for log in sorted(self.directory.glob("*.log")))
