#!/usr/bin/env python3
"""Does each overlay fit both trees, and do what its README says?

    overlays.py [--upstream-only] [NAME...]     all overlays, or those whose line begins with NAME

Each line of CASES is built over the resources of `example`, once with this repository's `manifests` and once, where
$KUBEFLOW_MANIFESTS names kubeflow/manifests 26.03, with that in its place. As delivered, the output must pass check.py.
With every setting changed, the function of the overlay's name in this file must find what the overlay promises, and
what kfm prints must be what kustomize prints, byte for byte (left out with a note where there is none).
"""

import base64
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

import check
import render
from render import Failed, Loader, ROOT, need, parse

# Components in the order in which they are listed. The first names the check below.
CASES = [
    ["kgateway"],
    ["kgateway", "kgateway/cross-namespace"],
    ["kgateway", "kgateway/gateway"],
    ["kgateway", "kgateway/gateway", "kgateway/backend-tls"],
    ["kgateway", "kgateway/websockets"],
    ["kgateway", "kgateway/plain-http"],
    ["ambient"],
    ["ambient", "ambient/profile-sidecars"],
    ["ambient", "ambient/knative"],
    ["ambient", "ambient/pipelines"],
    ["ambient", "ambient/profile-sidecars", "ambient/pipelines-sidecars"],
    ["dex"],
    ["dex", "dex/keycloak"],
    ["dex", "dex/azure"],
    ["oauth2-proxy", "oauth2-proxy/dex-only"],
    ["oauth2-proxy", "oauth2-proxy/secrets"],
    ["oauth2-proxy", "oauth2-proxy/in-cluster-issuer"],
    ["oauth2-proxy", "oauth2-proxy/eks"],
    ["oauth2-proxy", "oauth2-proxy/dex-only", "oauth2-proxy/without-dex"],
    ["istio"],
    ["centraldashboard"],
    ["jupyter-enterprise-gateway"],
    ["jupyter-enterprise-gateway", "jupyter-enterprise-gateway/kyverno-legacy"],
    ["resources"],
    ["istio-system"],
    ["profiles"],
    ["insecure-cookies"],
    ["insecure-cookies", "insecure-cookies/kserve"],
    ["oauth2-proxy", "insecure-cookies"],
    ["prune-labels"],
    ["pod-disruption-budgets-off"],
    ["gpu-nodes"],
    ["monitoring"],
    ["argocd/sync-waves"],
]
# What an overlay is for, where kubeflow/manifests has it and it needs no network.
WITH = {
    "ambient/pipelines": ["applications/pipeline/upstream/base/installs/multi-user"],
    "ambient/knative": ["common/knative/knative-serving/overlays/gateways", "common/istio/cluster-local-gateway/base"],
    "pod-disruption-budgets-off": ["common/knative/knative-serving/overlays/gateways", "common/istio/cluster-local-gateway/base"],
    "ambient/pipelines-sidecars": ["applications/pipeline/upstream/base/installs/multi-user"],
    "insecure-cookies/kserve": ["applications/kserve/models-web-app/overlays/kubeflow"],
}
# `example` for trees of later releases, whose paths are others.
LATER = ROOT / "example/community-distribution/kustomization.yaml"
# The overlays that `example` has.
EXAMPLE = [path.removeprefix("../overlays/") for path in parse(render.EXAMPLE.read_text())[0]["components"]]
# Of these there is only a part without a network, which lacks what it refers to; optional.py has the whole.
PARTS = ["ambient/pipelines", "ambient/pipelines-sidecars"]
# Built by themselves.
ALONE = ["argocd", "argocd/applicationset", "gpu-nodes/workloads", "jupyter-enterprise-gateway",
         "jupyter-enterprise-gateway-per-profile", "kgateway", "istio", "istio-system", "profiles"]

# Beside what `example` has, each of these builds under --strict once the settings are changed.
STRICT = [
    [], ["kgateway/gateway"], ["kgateway/gateway", "kgateway/backend-tls"], ["kgateway/websockets"], ["kgateway/cross-namespace"],
    ["kgateway/plain-http", "insecure-cookies"], ["dex/keycloak"], ["oauth2-proxy/without-dex"], ["istio"], ["istio-system"], ["profiles"],
    ["jupyter-enterprise-gateway"], ["resources"], ["gpu-nodes"], ["monitoring"], ["prune-labels"], ["argocd/sync-waves"],
]

# What users edit: every setting gets a value of its own here, which must come out and leave none of the old behind.
SETTINGS = {
    "kgateway/settings.env": {
        "HOST": "ml.test", "GATEWAY_NAME": "edge", "GATEWAY_NAMESPACE": "edge-system", "INGRESS_NAMESPACE": "mesh",
        "HTTPS_LISTENER": "tls", "HTTP_LISTENER": "plain",
    },
    "kgateway/gateway/settings.env": {"ISSUER_KIND": "ClusterIssuer", "ISSUER_NAME": "public"},
    "jupyter-enterprise-gateway-per-profile/settings.env": {"PROFILE": "team-a"},
    "oauth2-proxy/without-dex/settings.env": {"HOST": "ml.test", "ISSUER": "https://id.test/realms/ml", "CLIENT_ID": "platform"},
    "dex/settings.env": {
        "EMAIL": "ada@test", "USERNAME": "ada", "USER_ID": "42", "PASSWORD_HASH": "$2y$12$" + "a" * 53,
        "ADMIN": "root@test",
    },
    "dex/external-issuer/settings.env": {"HOST": "ml.test"},
    "dex/keycloak/settings.env": {"REALM_URL": "https://id.test/realms/ml"},
    "dex/azure/settings.env": {"TENANT_ID": "1234-tenant"},
    "oauth2-proxy/settings.env": {"OAUTH2_PROXY_COOKIE_NAME": "ml", "OAUTH2_PROXY_COOKIE_EXPIRE": "1h", "FORCE_HTTPS": "maybe"},
    "oauth2-proxy/secrets/secrets.env": {"client-secret": "client-test", "cookie-secret": "cookie-test-1234"},
    "oauth2-proxy/in-cluster-issuer/settings.env": {"ISSUER": "https://issuer.test"},
    "oauth2-proxy/eks/settings.env": {"REGION": "mars-north-1", "CLUSTER_ID": "ABC"},
    "istio/settings.env": {"NAMESPACE": "own", "FRONTEND": "front", "BACKEND": "back", "TRAINING_HOST": "back.own.svc.cluster.local"},
    "monitoring/settings.env": {"PROMETHEUS_NAMESPACE": "watch", "PROMETHEUS_SERVICE_ACCOUNT": "watcher"},
    "argocd/settings.env": {"REPO_URL": "https://git.test/x.git", "TARGET_REVISION": "v9", "REPO_PATH": "site"},
    "argocd/applicationset/settings.env": {"REPO_URL": "https://git.test/x.git", "TARGET_REVISION": "v9"},
}
# Names of 26.03 and of later releases.
CORE = {
    "centraldashboard", "dashboard", "poddefaults-webhook-deployment", "notebook-controller-deployment", "jupyter-web-app-deployment", "profiles-deployment",
    "volumes-web-app-deployment", "tensorboards-web-app-deployment", "tensorboard-controller-deployment",
    "admission-webhook-deployment",
}


class Objects:
    def __init__(self, text):
        self.text = text
        self.all = parse(text)

    def of(self, *kinds, name=None, namespace=None):
        return [o for o in self.all if o["kind"] in kinds
                and (name is None or re.fullmatch(name, o["metadata"]["name"]))
                and (namespace is None or o["metadata"].get("namespace") == namespace)]

    def one(self, kind, name, namespace=None):
        found = self.of(kind, name=name, namespace=namespace)
        need(len(found) == 1, f"{len(found)} objects {kind} {name}")
        return found[0]

    def templates(self):
        return [(o, o["spec"]["template"]) for o in self.of("Deployment", "StatefulSet", "DaemonSet")]


def env(deployment, container):
    for c in deployment["spec"]["template"]["spec"]["containers"]:
        if c["name"] == container:
            return {e["name"]: e.get("value") for e in c.get("env", [])}
    raise Failed(f"no container {container}")


def kgateway(o, set_, case):
    s = set_["kgateway/settings.env"]
    route = o.one("HTTPRoute", "kubeflow-route")
    home = "kubeflow" if "kgateway/cross-namespace" in case else s["INGRESS_NAMESPACE"]
    need(route["metadata"]["namespace"] == home, "namespace of the route")
    need(route["spec"]["hostnames"] == [s["HOST"]], "host of the route")
    parent = route["spec"]["parentRefs"][0]
    need((parent["namespace"], parent["name"]) == (s["GATEWAY_NAMESPACE"], s["GATEWAY_NAME"]), "gateway of the route")
    backend = route["spec"]["rules"][0]["backendRefs"][0]
    need((backend["namespace"], backend["name"]) == (s["INGRESS_NAMESPACE"], "istio-ingressgateway"), "backend")
    policy = o.one("NetworkPolicy", "allow-kgateway", s["INGRESS_NAMESPACE"])
    peer = policy["spec"]["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"]
    need(peer == {"kubernetes.io/metadata.name": s["GATEWAY_NAMESPACE"]}, "peer of the policy")
    port = 8443 if "kgateway/backend-tls" in case else 8080
    need([p["port"] for p in policy["spec"]["ingress"][0]["ports"]] == [port], "the pod's port, not the Service's")
    grants = o.of("ReferenceGrant")
    need(len(grants) == (home == "kubeflow"), "a grant exactly where the backend is elsewhere")
    for grant in grants:
        need(grant["apiVersion"].endswith("/v1beta1"), "version of the grant")
        need(grant["metadata"]["namespace"] == s["INGRESS_NAMESPACE"], "the grant stands beside the Service")
        need(grant["spec"]["from"][0]["namespace"] == home, "the grant names the route's namespace")
    need(route["spec"]["rules"][0]["timeouts"] == {"request": "0s"}, "no time limit")
    redirects = o.of("HTTPRoute", name="kubeflow-redirect", namespace=home)
    if "kgateway/plain-http" in case:
        need("sectionName" not in parent and not redirects, "every listener, no redirect")
    else:
        need(parent["sectionName"] == s["HTTPS_LISTENER"], "the route binds to the TLS listener")
        other = redirects[0]["spec"]
        need(other["parentRefs"][0] == {**parent, "sectionName": s["HTTP_LISTENER"]}, "the redirect binds to the other one")
        need(other["hostnames"] == [s["HOST"]], "host of the redirect")
        need(other["rules"][0]["filters"][0]["requestRedirect"]["scheme"] == "https", "it leads to HTTPS")
    if "kgateway/websockets" in case:
        upgrades = o.one("HTTPListenerPolicy", "kubeflow-websockets", s["GATEWAY_NAMESPACE"])["spec"]
        need(upgrades["targetRefs"][0]["name"] == s["GATEWAY_NAME"] and upgrades["upgradeConfig"]["enabledUpgrades"] == ["websocket"], "WebSockets")
    if "kgateway/backend-tls" in case:
        host = f"istio-ingressgateway.{s['INGRESS_NAMESPACE']}.svc.cluster.local"
        need(backend["port"] == 443, "port of the backend")
        tls = o.one("BackendTLSPolicy", "istio-ingressgateway", s["INGRESS_NAMESPACE"])["spec"]["validation"]
        need(tls["hostname"] == host, "name that kgateway verifies")
        certificate = o.one("Certificate", "istio-ingressgateway-tls", s["INGRESS_NAMESPACE"])["spec"]
        need(certificate["dnsNames"] == [host] and certificate["secretName"] == tls["caCertificateRefs"][0]["name"], "certificate")
        server = o.one("Gateway", "kubeflow-gateway", "kubeflow")["spec"]["servers"][1]
        need((server["port"]["number"], server["tls"]["credentialName"]) == (443, certificate["secretName"]), "server of the ingress gateway")
    if "kgateway/gateway" in case:
        gateway = o.one("Gateway", s["GATEWAY_NAME"], s["GATEWAY_NAMESPACE"])
        need([x["name"] for x in gateway["spec"]["listeners"]] == [s["HTTP_LISTENER"], s["HTTPS_LISTENER"]], "names of the listeners")
        certificate = o.one("Certificate", "kubeflow-tls", s["GATEWAY_NAMESPACE"])["spec"]
        need(certificate["dnsNames"] == [s["HOST"]], "host of the certificate")
        issuer = set_["kgateway/gateway/settings.env"]
        need((certificate["issuerRef"]["kind"], certificate["issuerRef"]["name"]) == tuple(issuer.values()), "issuer")
        for listener in gateway["spec"]["listeners"]:
            need(listener["hostname"] == s["HOST"], "host of the listener")
            allowed = listener["allowedRoutes"]["namespaces"]["selector"]["matchLabels"]
            need(allowed == {"kubernetes.io/metadata.name": home}, "the listener lets the route in")


def ambient(o, set_, case):
    ours = {"kubeflow", "kubeflow-system", "auth", "oauth2-proxy"}
    for namespace in o.of("Namespace"):
        labels = namespace["metadata"].get("labels", {})
        need(not (labels.get("istio-injection") == "enabled" and labels.get("istio.io/dataplane-mode") == "ambient"),
             f"namespace {namespace['metadata']['name']} has sidecars and is ambient")
        if namespace["metadata"]["name"] in ours:
            need(labels.get("istio.io/dataplane-mode") == "ambient", f"{namespace['metadata']['name']} is not ambient")
            mixed = "ambient/pipelines-sidecars" in case and namespace["metadata"]["name"] == "kubeflow"
            need(labels.get("istio-injection") == (None if mixed else "disabled"), f"{namespace['metadata']['name']} may inject")
    sidecars = {"ml-pipeline", "ml-pipeline-ui"} if "ambient/pipelines-sidecars" in case else set()
    for thing, template in o.templates():
        if thing["metadata"].get("namespace") in ours:
            name, labels = thing["metadata"]["name"], template["metadata"]["labels"]
            need(labels.get("sidecar.istio.io/inject") == str(name in sidecars).lower(), f"{name} injects, or should")
            need((labels.get("istio.io/dataplane-mode") == "none") == (name in sidecars), f"{name}: sidecar or ambient")
    config = o.one("ConfigMap", r"(profiles-)?namespace-labels-data-\w+", "kubeflow")
    need(config["metadata"]["name"] in o.text.replace(f"name: {config['metadata']['name']}\n", "", 1), "hash is followed")
    labels = yaml.load(config["data"]["namespace-labels.yaml"], Loader)
    sidecars = "ambient/profile-sidecars" in case
    need(labels["istio.io/dataplane-mode"] == ("" if sidecars else "ambient"), "mode of profiles")
    need(labels["istio-injection"] == ("enabled" if sidecars else ""), "injection in profiles")
    policy = o.one("NetworkPolicy", "tensorboards-web-app", "kubeflow")
    need(15008 in [p["port"] for p in policy["spec"]["ingress"][0]["ports"]], "HBONE reaches tensorboards-web-app")
    for policy in o.of("AuthorizationPolicy", name="ml-pipeline|ml-pipeline-ui"):
        need("selector" in policy["spec"] or "ambient/pipelines" in case, f"{policy['metadata']['name']} keeps its pods")
        if "ambient/pipelines" in case:
            need("selector" not in policy["spec"] and policy["spec"]["targetRefs"][0]["name"] == policy["metadata"]["name"], "policy at the waypoint")
            service = o.one("Service", policy["metadata"]["name"])
            need(service["metadata"]["labels"]["istio.io/use-waypoint"] == "kubeflow-waypoint", "Service uses the waypoint")
    for policy in o.of("NetworkPolicy", name="allow-istio-gateways-to-activator"):
        need(15008 in [p["port"] for p in policy["spec"]["ingress"][0]["ports"]], "HBONE reaches the activator")
    for policy in o.of("NetworkPolicy", name="poddefaults|pvcviewer-webhook"):
        need(15008 not in [p["port"] for p in policy["spec"]["ingress"][0]["ports"]], "webhooks keep their ports")


def dex(o, set_, case):
    s = set_["dex/settings.env"]
    config = yaml.load(o.one("ConfigMap", "dex", "auth")["data"]["config.yaml"], Loader)
    issuer = "http://dex.auth.svc.cluster.local:5556/dex"
    if len(case) == 1:
        user = config["staticPasswords"][0]
        need((user["email"], user["username"], user["userID"]) == (s["EMAIL"], s["USERNAME"], s["USER_ID"]), f"user {user}")
        need(config["enablePasswordDB"], "the static user may log in")
        need(o.one("RequestAuthentication", "dex-jwt")["spec"]["jwtRules"][0]["issuer"] == issuer, "issuer in Istio")
    else:
        issuer = "https://ml.test/dex"
        connector = config["connectors"][0]
        need(connector["config"]["redirectURI"] == issuer + "/callback", "redirect")
        want = "https://id.test/realms/ml" if "dex/keycloak" in case else "https://login.microsoftonline.com/1234-tenant/v2.0"
        need(connector["config"]["issuer"] == want, f"issuer of the provider: {connector['config']['issuer']}")
        need(connector["config"]["clientSecret"].startswith("$"), "the secret comes from the environment")
        need(not config["enablePasswordDB"], "the static user is off")
        rule = o.one("RequestAuthentication", "dex-jwt")["spec"]["jwtRules"][0]
        need(rule["issuer"] == issuer and ".svc.cluster.local:5556/dex/keys" in rule["jwksUri"], "issuer in Istio")
        proxy = env(o.one("Deployment", "oauth2-proxy"), "oauth2-proxy")
        need(proxy["OAUTH2_PROXY_OIDC_ISSUER_URL"] == issuer, "issuer in oauth2-proxy")
    need(config["issuer"] == issuer, "issuer in Dex")
    need(o.one("Secret", "dex-passwords", "auth")["stringData"] == {"DEX_USER_PASSWORD": s["PASSWORD_HASH"]}, "hash")
    need(o.one("Profile", "kubeflow-user-example-com")["spec"]["owner"]["name"] == s["EMAIL"], "owner of the profile")
    need(o.one("ConfigMap", r"profiles-config-\w+", "kubeflow")["data"]["ADMIN"] == s["ADMIN"], "administrator")


def oauth2_proxy(o, set_, case):
    s = dict(set_["oauth2-proxy/settings.env"])
    parameters = o.one("ConfigMap", r"oauth2-proxy-parameters-\w+")["data"]
    if "insecure-cookies" in case:
        s["FORCE_HTTPS"] = "false"
        insecure_cookies(o, set_, case)
    if "oauth2-proxy/eks" in case:
        s["FORCE_HTTPS"] = "true"
    need(parameters["FORCE_HTTPS"] == s["FORCE_HTTPS"], "secure cookies")
    session = o.one("ConfigMap", r"oauth2-proxy-session-\w+", "oauth2-proxy")
    need(session["data"]["OAUTH2_PROXY_COOKIE_NAME"] == s["OAUTH2_PROXY_COOKIE_NAME"], "cookie's name")
    container = o.one("Deployment", "oauth2-proxy")["spec"]["template"]["spec"]["containers"][0]
    need({"configMapRef": {"name": session["metadata"]["name"]}} in container["envFrom"], "session reaches the pod")
    if "oauth2-proxy/without-dex" in case:
        return without_dex(o, set_["oauth2-proxy/without-dex/settings.env"], parameters, container)
    if "oauth2-proxy/secrets" in case:
        want = set_["oauth2-proxy/secrets/secrets.env"]
        proxy = o.one("Secret", r"oauth2-proxy-\w+", "oauth2-proxy")["data"]
        client = o.one("Secret", "dex-oidc-client", "auth")["data"]
        need(base64.b64decode(proxy["client-secret"]).decode() == want["client-secret"], "client secret of oauth2-proxy")
        need(base64.b64decode(client["OIDC_CLIENT_SECRET"]).decode() == want["client-secret"], "client secret of Dex")
        need(base64.b64decode(proxy["cookie-secret"]).decode() == want["cookie-secret"], "cookie secret")
    issuers = [r["issuer"] for a in o.of("RequestAuthentication", name="m2m-token-issuer") for r in a["spec"]["jwtRules"]]
    want = []
    if "oauth2-proxy/in-cluster-issuer" in case:
        want = ["https://issuer.test"]
    if "oauth2-proxy/eks" in case:
        want = ["https://oidc.eks.mars-north-1.amazonaws.com/id/ABC"]
    need(issuers == want, f"issuers of tokens: {issuers}")


def without_dex(o, s, parameters, container):
    need(not o.of(".*", namespace="auth") and "Namespace auth" not in [f"{x['kind']} {x['metadata']['name']}" for x in o.all], "Dex is gone")
    need(parameters["ALLOW_SELF_SIGNED_ISSUER"] == "false", "the provider's certificate is checked")
    entries = {e["name"]: e for e in container["env"]}
    for name, value in ("CLIENT_ID", s["CLIENT_ID"]), ("OIDC_ISSUER_URL", s["ISSUER"]), ("REDIRECT_URL", f"https://{s['HOST']}/oauth2/callback"):
        need(entries[f"OAUTH2_PROXY_{name}"] == {"name": f"OAUTH2_PROXY_{name}", "value": value}, name)
    need(entries["OAUTH2_PROXY_CLIENT_SECRET"]["valueFrom"]["secretKeyRef"]["name"] == "oauth2-proxy-client", "the secret is not in a file")
    rule = o.one("RequestAuthentication", "dex-jwt")["spec"]["jwtRules"][0]
    need((rule["issuer"], rule["audiences"]) == (s["ISSUER"], [s["CLIENT_ID"]]), "issuer and audience in Istio")
    for policy in o.of("AuthorizationPolicy", namespace="istio-system"):
        paths = policy["spec"]["rules"][0]["to"][0]["operation"]["notPaths"]
        need(not any(path.startswith("/dex") for path in paths), f"{policy['metadata']['name']} leaves /dex/ open")


def istio_system(o, set_, case):
    policies = {p["metadata"]["name"]: p["spec"] for p in o.of("NetworkPolicy", namespace="istio-system")}
    need(policies["default-allow-same-namespace"]["podSelector"] == {}, "closed by default")
    need([p["port"] for p in policies["allow-istiod"]["ingress"][0]["ports"]] == [15012, 15017], "istiod")


def profiles(o, set_, case):
    for profile in o.of("Profile", name="team-.*"):
        need("requests.cpu" in profile["spec"]["resourceQuotaSpec"]["hard"], "quota")


def istio(o, set_, case):
    back = o.one("AuthorizationPolicy", "platform-backend-callers", "own")
    need(back["spec"]["selector"]["matchLabels"] == {"app": "back"}, "selects the back end")
    need("cluster.local/ns/own/sa/front" in back["spec"]["rules"][0]["from"][0]["source"]["principals"], "front end may call")
    route = o.one("VirtualService", "training-jobs", "own")
    need(route["spec"]["gateways"] == ["kubeflow/kubeflow-gateway"], "behind the Kubeflow gateway")
    need(route["spec"]["http"][0]["route"][0]["destination"]["host"] == "back.own.svc.cluster.local", "host")


def centraldashboard(o, set_, case):
    config = o.one("ConfigMap", "centraldashboard-config|dashboard-config", "kubeflow")
    links = yaml.load(config["data"]["links"], Loader)
    have = {m["uri"]["prefix"] for v in o.of("VirtualService") for h in v["spec"]["http"] for m in h.get("match", []) if "prefix" in m.get("uri", {})}
    for link in links["menuLinks"] + links["quickLinks"]:
        need(any(link["link"].startswith(p) for p in have - {"/"}), f"{link['link']} leads nowhere")
    need("settings" in config["data"], "the other key stays")


def jupyter_enterprise_gateway(o, set_, case):
    service = o.one("Service", "enterprise-gateway", "enterprise-gateway")
    need(service["spec"]["ports"][0]["port"] == 8888, "port")
    specs = o.one("ConfigMap", r"enterprise-gateway-kernelspecs-\w+")["data"]
    allowed = yaml.load(o.one("ConfigMap", r"enterprise-gateway-settings-\w+")["data"]["EG_ALLOWED_KERNELS"], Loader)
    need({n.removesuffix(".json") for n in specs if n.endswith(".json")} == set(allowed), "kernels and those allowed")
    legacy = len(case) > 1
    need(len(o.of("ClusterPolicy")) == legacy and len(o.of("MutatingPolicy")) == (not legacy), "one policy")
    need(f"http://enterprise-gateway.enterprise-gateway.svc.cluster.local:8888" in o.text, "the policy's address")
    queues = {q["metadata"]["name"] for q in o.of("Queue")}
    template = specs["kernel-pod.yaml.j2"]
    need(re.search(r"kai.scheduler/queue: (\S+)", template)[1] in queues, "the queue of kernels exists")
    need("schedulerName: kai-scheduler" in template, "scheduler")
    for share in re.findall(r'"python_gpu_\w+": "([^"]+)"', template):
        need(0 < float(share) < 1, f"share {share}")
    try:
        import jinja2
    except ImportError:
        return
    for kernel in allowed:
        pod = yaml.load(jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(template).render(
            kernel_name=kernel, kernel_pod_name='a"\nhostNetwork: true', kernel_namespace="n", kernel_id="i", kernel_image="x"), Loader)
        share = pod["metadata"].get("annotations", {}).get("gpu-fraction")
        gpus = pod["spec"]["containers"][0]["resources"]["limits"].get("nvidia.com/gpu")
        need(share is None or isinstance(share, str), "a share is text")
        need([share, gpus].count(None) == (2 if kernel == "python_cpu" else 1), f"{kernel}: a share or a GPU, never both")
        need("hostNetwork" not in pod, "values of users stay values")


def resources(o, set_, case):
    total = dict.fromkeys(["requests.cpu", "requests.memory", "limits.cpu", "limits.memory"], 0)
    for thing in o.of("Deployment", namespace="kubeflow"):
        if thing["metadata"]["name"] in CORE:
            for c in thing["spec"]["template"]["spec"]["containers"]:
                for side in "requests", "limits":
                    cpu, memory = c["resources"][side]["cpu"], c["resources"][side]["memory"]
                    total[side + ".cpu"] += int(cpu[:-1])
                    total[side + ".memory"] += int(memory[:-2])
    need(list(total.values()) == [800, 2048, 4000, 4096], f"together {total}")


def insecure_cookies(o, set_, case):
    for app in "jupyter-web-app", "volumes-web-app", "tensorboards-web-app":
        need(env(o.one("Deployment", app + "-deployment"), app)["APP_SECURE_COOKIES"] == "false", app)
    for app in o.of("Deployment", name="kserve-models-web-app") if "insecure-cookies/kserve" in case else []:
        need(env(app, "kserve-models-web-app")["APP_SECURE_COOKIES"] == "false", "kserve-models-web-app")
    need(o.one("ConfigMap", r"oauth2-proxy-parameters-\w+")["data"]["FORCE_HTTPS"] == "false", "oauth2-proxy")


def prune_labels(o, set_, case):
    for thing in o.all:
        need(thing["metadata"].get("labels", {}).get("platform.kubeflow.org/set") == "kubeflow", thing["metadata"]["name"])
        need("platform.kubeflow.org/set" not in yaml.dump(thing.get("spec", {})), f"in the spec of {thing['metadata']['name']}")


def pod_disruption_budgets_off(o, set_, case):
    for budget in o.of("PodDisruptionBudget"):
        need(budget["spec"].get("minAvailable") == 0 and "maxUnavailable" not in budget["spec"], budget["metadata"]["name"])


def gpu_nodes(o, set_, case):
    for thing, template in o.templates():
        rules = template["spec"]["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
        need(rules[0]["preference"]["matchExpressions"][0]["operator"] == "NotIn", thing["metadata"]["name"])


def monitoring(o, set_, case):
    for monitor in o.of("ServiceMonitor"):
        want = monitor["spec"]["selector"]["matchLabels"].items()
        ports = [p.get("name") for s in o.of("Service", namespace=monitor["metadata"]["namespace"])
                 if want <= s["metadata"].get("labels", {}).items() for p in s["spec"]["ports"]]
        need(monitor["spec"]["endpoints"][0]["port"] in ports, f"{monitor['metadata']['name']} finds no port")
    for monitor in o.of("PodMonitor"):
        want = monitor["spec"]["selector"]["matchLabels"].items()
        ports = [p.get("name") for t, template in o.templates() if t["metadata"].get("namespace") == monitor["metadata"]["namespace"]
                 and want <= template["metadata"]["labels"].items()
                 for c in template["spec"]["containers"] for p in c.get("ports", [])]
        need(monitor["spec"]["podMetricsEndpoints"][0]["port"] in ports, f"{monitor['metadata']['name']} finds no port")
    dashboard = o.one("ConfigMap", "kubeflow-dashboard", "watch")
    need(yaml.load(dashboard["data"]["kubeflow.json"], Loader)["title"] == "Kubeflow", "dashboard")
    subject = o.one("ClusterRoleBinding", "kubeflow-metrics-reader")["subjects"][0]
    need((subject["namespace"], subject["name"]) == ("watch", "watcher"), "service account of Prometheus")


def argocd_sync_waves(o, set_, case):
    wave = lambda thing: int(thing["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", 0))
    need(all(wave(x) == -2 for x in o.of("Namespace", "CustomResourceDefinition")), "definitions first")
    need(all(wave(x) == -1 for x in o.of("Issuer", "Certificate")), "certificates before pods")
    need(all(wave(x) == 1 for x in o.of("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")), "webhooks after pods")
    need(all(wave(x) == 2 for x in o.of("Profile")), "custom resources last")


def alone(o, set_, name):
    if name == "argocd":
        source = o.one("Application", "kubeflow")["spec"]["source"]
        need(source == {"repoURL": "https://git.test/x.git", "targetRevision": "v9", "path": "site"}, f"source {source}")
    if name == "argocd/applicationset":
        source = o.one("ApplicationSet", "kubeflow")["spec"]["template"]["spec"]["source"]
        need((source["repoURL"], source["targetRevision"]) == ("https://git.test/x.git", "v9"), f"source {source}")
    if name == "jupyter-enterprise-gateway-per-profile":
        for thing in o.all:
            need(thing["kind"] in ("Queue", "MutatingPolicy") or thing["metadata"]["namespace"] == "team-a", f"{thing['metadata']['name']} is elsewhere")
        need(o.one("RoleBinding", "enterprise-gateway")["subjects"][0]["namespace"] == "team-a", "account of the gateway")
        need(o.one("ConfigMap", r"enterprise-gateway-settings-\w+")["data"]["EG_NAMESPACE"] == "team-a", "kernels run there")
        selector = o.one("MutatingPolicy", "notebook-enterprise-gateway.team-a")["spec"]["matchConstraints"]["namespaceSelector"]
        need(selector == {"matchLabels": {"kubernetes.io/metadata.name": "team-a"}}, "notebooks of this profile only")
        for policy in o.of("NetworkPolicy"):
            need(policy["spec"]["podSelector"], f"{policy['metadata']['name']} is about the gateway, not about the whole namespace")
            need("namespaceSelector" not in yaml.dump(policy), f"{policy['metadata']['name']} admits nobody from elsewhere")
    if name == "gpu-nodes/workloads":
        need(o.one("PodDefault", "gpu-node")["metadata"]["namespace"] == "kubeflow-user-example-com", "namespace")


# Delivered values that are names of their own elsewhere as well; the cookie's name stays in oauth2-proxy's file, which
# the environment comes before.
COMMON = {"istio-system", "kubeflow-gateway-self-signed", "monitoring", "https://kubernetes.default.svc.cluster.local", "oauth2_proxy_kubeflow"}


def edit(overlays):
    """Gives every setting the value of SETTINGS; a setting that is not there, or one that is not listed, is an error.
    Gives the values that were delivered, by file, as far as they are like nothing else."""
    found = {str(path.relative_to(overlays)) for path in overlays.rglob("*.env")} - {"jupyter-enterprise-gateway/settings.env"}
    need(found == set(SETTINGS), f"settings files and those of this test: {found ^ set(SETTINGS)}")
    old = {}
    for name, values in SETTINGS.items():
        path = overlays / name
        text = path.read_text()
        for key, value in values.items():
            delivered_values = re.findall(rf"^{key}=(.*)$", text, flags=re.M)
            need(len(delivered_values) == 1, f"{name}: {len(delivered_values)} lines for {key}")
            old.setdefault(name, set()).update(v for v in delivered_values if len(v) > 7 and v not in COMMON)
            text = text.replace(f"{key}={delivered_values[0]}", f"{key}={value}")
        path.write_text(text)
    return old


def without(values, objects):
    """Nothing of the output has one of these values, in Secrets neither."""
    secrets = [base64.b64decode(value) for thing in objects.of("Secret") for value in (thing.get("data") or {}).values()]
    text = objects.text + b"\n".join(secrets).decode(errors="replace")
    left = sorted(value for value in values if value in text)
    need(not left, f"settings that were changed are still there: {left}")


def promises(case):
    """The function of an overlay's name."""
    return globals()[re.sub(r"\W", "_", case[0])]


def example_for(tree):
    """The kustomization of `example` that fits a tree."""
    return LATER if (tree / "applications/dashboard").is_dir() else render.EXAMPLE


def lay_out(scratch, tree):
    """A folder with a tree as `manifests`, the overlays, and a kustomization for each case."""
    (scratch / "manifests").symlink_to(tree)
    for part in ("overlays", "example"):
        shutil.copytree(ROOT / part, scratch / part)
    resources = parse(example_for(tree).read_text())[0]["resources"]
    resources = [path.replace("../../", "../") for path in resources]
    write(scratch / "bare", {"resources": resources})
    for number, case in enumerate(CASES):
        # what an overlay is for is not part of the built-in manifests
        extra = [f"../manifests/{path}" for name in case for path in WITH.get(name, []) if (tree / path).is_dir()]
        if extra:
            whole = {"resources": extra}
            if {"ambient/pipelines", "ambient/pipelines-sidecars"} & set(case):
                # Pipelines leave the namespace to who lists them
                whole["namespace"] = "kubeflow"
            write(scratch / f"with{number}", whole)
            extra = [f"../with{number}"]
        write(scratch / f"case{number}", {"resources": resources + extra, "components": [f"../overlays/{name}" for name in case]})


def write(folder, kustomization):
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(yaml.dump(kustomization))


def found(folder, scratch):
    """What check.py says about what a folder builds."""
    platform = check.check(parse(render.printed(KFM, folder, scratch)))
    check.kubernetes_schemas(platform)
    return platform.findings


def delivered(folder, scratch, known):
    """An overlay adds nothing to what check.py says about the resources of `example` alone."""
    findings = [finding for finding in found(folder, scratch) if finding not in known]
    need(not findings, "\n    ".join(["check.py finds", *findings]))


def strict(extra, scratch):
    """`example` with further overlays has no warning; as delivered, only that its password and secrets are known."""
    directory = scratch / f"strict{STRICT.index(extra)}"
    write(directory, {"resources": ["../example"], "components": [f"../overlays/{name}" for name in extra]})
    render.printed([render.kfm(), "build", "--strict"], directory, scratch)


def directories():
    """Every overlay, those below another included."""
    return sorted(str(file.parent.relative_to(ROOT / "overlays")) for file in (ROOT / "overlays").rglob("kustomization.yaml"))


def by_itself(overlay):
    """An overlay built by itself is whole, or the build says where it belongs, as a warning or with the error."""
    run = subprocess.run([render.kfm(), "build", str(ROOT / "overlays" / overlay)], capture_output=True, text=True)
    says = "list components under `components`" in run.stderr
    if overlay in ALONE:
        need(run.returncode == 0 and run.stdout and not says, f"exit {run.returncode}, {run.stderr}")
    else:
        need(says, f"exit {run.returncode}, {run.stderr}")


def changed(folder, scratch, other, keeps):
    """The promises of an overlay, with settings that are not those delivered."""
    text = render.printed(KFM, folder, scratch)
    if other:
        need(render.printed(other, folder, scratch) == text, f"differs from {' '.join(other)}")
    objects = Objects(text)
    for thing, template in objects.templates():
        for container in template["spec"]["containers"]:
            need(container.get("image"), f"container {container['name']} of {thing['metadata']['name']} has no image")
    keeps(objects)


class Tally:
    def __init__(self):
        self.runs = self.failed = 0

    def run(self, name, test, *arguments):
        self.runs += 1
        try:
            test(*arguments)
        except (Failed, LookupError, TypeError, yaml.YAMLError) as error:
            self.failed += 1
            print(f"FAILED {name}: {'' if isinstance(error, Failed) else type(error).__name__ + ': '}{error}", flush=True)


KFM = [render.kfm(), "build", "--quiet"]


def main():
    wanted = [name for name in sys.argv[1:] if name != "--upstream-only"]
    chosen = [(f"case{number}", case) for number, case in enumerate(CASES) if not wanted or case[0] in wanted]
    trees = {"manifests": ROOT / "manifests"}
    if render.upstream():
        trees["kubeflow/manifests"] = render.upstream()
    else:
        print("skipped: kubeflow/manifests ($KUBEFLOW_MANIFESTS names no tree)")
    if "--upstream-only" in sys.argv[1:]:
        del trees["manifests"]
    other = next(iter(render.kustomizes()), None)
    if not other:
        print("skipped: comparison with kustomize (neither kustomize nor kubectl on the path)")
    tally = Tally()
    for name, tree in trees.items():
        with tempfile.TemporaryDirectory() as scratch:
            scratch = Path(scratch).resolve()
            lay_out(scratch, tree)
            # kubeflow/manifests has one that the overlay `dex` mends
            known = found("bare", scratch) if tree == render.upstream() else []
            for folder, case in chosen:
                if tree != render.upstream() or case[-1] not in PARTS:
                    tally.run(f"{name}: {' '.join(case)} as delivered", delivered, folder, scratch, known)
            old = edit(scratch / "overlays")
            gone = lambda names: {value for name in names for file in old for value in old[file] if str(Path(file).parent) == name}
            for folder, case in chosen:
                keeps = lambda objects: (promises(case)(objects, SETTINGS, case), without(gone(case), objects))
                tally.run(f"{name}: {' '.join(case)}", changed, folder, scratch, other, keeps)
            if not wanted or "example" in wanted:
                keeps = lambda objects: without(gone(EXAMPLE), objects)
                directory = str(example_for(tree).parent.relative_to(ROOT))
                tally.run(f"{name}: {directory}", changed, directory, scratch, other, keeps)
            for extra in STRICT if name == "manifests" and not wanted else []:
                tally.run(f"--strict: example {' '.join(extra)}", strict, extra, scratch)
            for overlay in directories() if name == "manifests" and not wanted else []:
                tally.run(f"by itself: {overlay}", by_itself, overlay)
            for overlay in ALONE if name == "manifests" else []:
                if not wanted or overlay in wanted:
                    keeps = lambda objects: (alone(objects, SETTINGS, overlay), without(gone([overlay]), objects))
                    tally.run(f"alone: {overlay}", changed, f"overlays/{overlay}", scratch, other, keeps)
    by = f", equal to `{' '.join(other)}`" if other else ""
    print(f"{tally.runs} builds over {' and '.join(trees)}{by}, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
