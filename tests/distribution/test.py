#!/usr/bin/env python3
"""Tests of the distribution: `python3 tests/distribution/test.py`.

Needs PyYAML and kfm (in target/, on the path, or named by $KFM). Two things more when they are there: the package
kubernetes-validate, and kubeflow/manifests 26.03 unpacked at $KUBEFLOW_MANIFESTS for the comparison.
overlays.py tests the overlays, optional.py what `example` has as comments, apply.sh a real API server.
"""

import copy
import os
import re
import subprocess
import sys
import tempfile
import unittest

import check
import mesh
import overlays
import render
import schema

LISTED = render.data("components.yaml")["components"]
RENDERED = {}


def rendered(path):
    if path not in RENDERED:
        RENDERED[path] = render.build(render.ROOT / "manifests" / path)
    return RENDERED[path]


def platform():
    """The objects of all components, to be changed freely."""
    return copy.deepcopy([thing for component in LISTED for thing in rendered(component["path"])])


def script(name, *arguments):
    return subprocess.run([sys.executable, str(render.HERE / name), *arguments], capture_output=True, text=True)


class Manifests(unittest.TestCase):
    def test_the_components_together_have_no_findings(self):
        self.assertEqual(check.check(platform()).findings, [])

    def test_every_object_holds_to_the_schema_of_kubernetes(self):
        whole = check.check(platform())
        if check.kubernetes_schemas(whole) is None:
            self.skipTest("no package kubernetes-validate")
        self.assertEqual(whole.findings, [])

    def test_every_container_requests_cpu_and_memory(self):
        for thing in platform():
            for container in render.containers(render.pod_of(thing) or {}):
                requests = (container.get("resources") or {}).get("requests") or {}
                self.assertEqual(set(requests) & {"cpu", "memory"}, {"cpu", "memory"}, render.label(thing))

    def test_every_container_of_a_deployment_is_probed(self):
        for thing in platform():
            for container in render.containers(render.pod_of(thing) or {}):
                if "kube-rbac-proxy" not in container["image"]:
                    self.assertTrue({"livenessProbe", "readinessProbe"} <= set(container), render.label(thing))

    def test_every_kustomization_below_manifests_builds(self):
        for file in sorted((render.ROOT / "manifests").rglob("kustomization.yaml")):
            if render.parse(file.read_text())[0]["kind"] == "Kustomization":
                with self.subTest(str(file.parent)):
                    self.assertTrue(render.build(file.parent))

    def test_no_kustomization_uses_a_deprecated_field(self):
        old = {"bases", "commonLabels", "imageTags", "patchesJson6902", "patchesStrategicMerge", "vars"}
        for file in sorted((render.ROOT / "manifests").rglob("kustomization.yaml")):
            self.assertEqual(set(render.parse(file.read_text())[0]) & old, set(), str(file))

    def test_the_three_places_of_the_issuer_agree(self):
        found = {(thing["kind"], render.name_of(thing).rsplit("-", 1)[0]): thing for thing in platform()}
        issuer = render.parse(found["ConfigMap", "dex"]["data"]["config.yaml"])[0]["issuer"]
        self.assertIn(f'oidc_issuer_url = "{issuer}"', found["ConfigMap", "oauth2-proxy"]["data"]["oauth2_proxy.cfg"])
        self.assertEqual(found["RequestAuthentication", "dex"]["spec"]["jwtRules"][0]["issuer"], issuer)

    def test_labels_of_profiles_grow_by_one_with_pod_security(self):
        folder = render.ROOT / "manifests/applications/profiles"
        base = render.parse((folder / "upstream/base/namespace-labels.yaml").read_text())[0]
        secured = render.parse((folder / "pss/namespace-labels.yaml").read_text())[0]
        self.assertEqual(secured, {**base, "pod-security.kubernetes.io/enforce": "baseline"})

    def test_the_table_of_the_readme_is_current(self):
        run = script("table.py", "--check")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_the_comparison_with_upstream_is_current(self):
        tree = render.upstream()
        if not tree:
            self.skipTest("no kubeflow/manifests at $KUBEFLOW_MANIFESTS")
        run = script("compare.py", str(tree), "--check")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


# What to break, where, and what check.py is to say about it.
FAULTS = [
    ("Service", "dex", lambda o: o["spec"]["selector"].update(app="dax"), "selects no pod"),
    ("Service", "oauth2-proxy", lambda o: o["spec"]["ports"][0].update(targetPort="web"), "targetPort `web`"),
    ("Deployment", "dex", lambda o: spec(o).update(serviceAccountName="dax"), "ServiceAccount auth/dax"),
    ("Deployment", "dex", lambda o: spec(o)["volumes"][0]["configMap"].update(name="dax"), "ConfigMap auth/dax"),
    ("Deployment", "dex", lambda o: spec(o)["volumes"][0]["configMap"]["items"][0].update(key="x"), "key `x`"),
    ("Deployment", "dex", lambda o: spec(o)["volumes"].clear(), "volumeMount `config`"),
    ("Deployment", "dex", lambda o: spec(o)["containers"][0]["envFrom"][0]["secretRef"].update(name="dax"), "Secret auth/dax"),
    ("Deployment", "dex", lambda o: spec(o)["containers"][0].pop("securityContext"), "may run as root"),
    ("Deployment", "dex", lambda o: spec(o)["containers"][0].update(image="ghcr.io/dexidp/dex"), "not pinned"),
    ("Deployment", "dex", lambda o: spec(o)["volumes"].append({"name": "x", "persistentVolumeClaim": {"claimName": "x"}}), "PersistentVolumeClaim auth/x"),
    ("Deployment", "profiles-deployment", lambda o: spec(o)["containers"][0]["args"].append("$(NOBODY)"), "uses $(NOBODY)"),
    ("Deployment", "admission-webhook-deployment", lambda o: spec(o)["volumes"][0]["secret"].update(secretName="x"), "Secret kubeflow/x"),
    ("ClusterRoleBinding", "dex", lambda o: o["roleRef"].update(name="dax"), "ClusterRole dax"),
    ("ClusterRoleBinding", "dex", lambda o: o["subjects"][0].update(namespace="kubeflow"), "ServiceAccount kubeflow/dex"),
    ("MutatingWebhookConfiguration", "pvcviewer-", lambda o: hook(o)["service"].update(name="x"), "Service kubeflow/x"),
    ("MutatingWebhookConfiguration", "pvcviewer-", lambda o: hook(o)["service"].update(port=9443), "names port 9443"),
    ("MutatingWebhookConfiguration", "pvcviewer-", lambda o: o["metadata"].pop("annotations"), "neither a caBundle"),
    ("Certificate", "pvcviewer-", lambda o: o["spec"]["dnsNames"].clear(), "is not for"),
    ("Certificate", "pvcviewer-", lambda o: o["spec"]["issuerRef"].update(name="x"), "Issuer kubeflow/x"),
    ("VirtualService", "dex", lambda o: o["spec"]["gateways"].append("kubeflow/x"), "Gateway kubeflow/x"),
    ("VirtualService", "dex", lambda o: o["spec"]["http"][0]["route"][0]["destination"]["port"].update(number=80), "names port 80"),
    ("DestinationRule", "volumes-web-app", lambda o: o["spec"].update(host="x.kubeflow.svc.cluster.local"), "Service kubeflow/x"),
    ("AuthorizationPolicy", "profiles-kfam", lambda o: o["spec"]["selector"]["matchLabels"].update(a="b"), "selects no pod"),
    ("Namespace", "auth", lambda o: o["metadata"].update(name="x"), "Namespace auth does not exist"),
    ("Profile", "kubeflow-user", lambda o: o["spec"].pop("owner") and o["spec"].update(owner={"kind": "User"}), "`name` is missing"),
    ("Profile", "kubeflow-user", lambda o: o["spec"].update(owners=[]), "unknown field `owners`"),
    ("Profile", "kubeflow-user", lambda o: o.update(apiVersion="kubeflow.org/v2"), "version v2 is not served"),
    ("CustomResourceDefinition", "profiles", lambda o: o["spec"]["names"].update(kind="Other"), "no definition of Profile"),
]


def spec(thing):
    return render.pod_of(thing)["spec"]


def hook(thing):
    return thing["webhooks"][0]["clientConfig"]


class Examples(unittest.TestCase):
    def test_the_one_for_later_releases_has_the_same_components(self):
        first, later = (render.parse((render.ROOT / path / "kustomization.yaml").read_text())[0] for path in ("example", "example/community-distribution"))
        self.assertEqual([path.replace("../../", "../") for path in later["components"]], first["components"])
        self.assertEqual(later["sortOptions"], first["sortOptions"])


class Check(unittest.TestCase):
    """A check that finds nothing has to be seen finding something."""

    def test_each_planted_fault_is_found(self):
        for kind, start, break_it, expected in FAULTS:
            with self.subTest(f"{kind} {start}: {expected}"):
                objects = platform()
                found = next(o for o in objects if o["kind"] == kind and render.name_of(o).startswith(start))
                break_it(found)
                findings = check.check(objects).findings
                self.assertTrue(any(expected in finding for finding in findings), findings)

    def test_an_id_twice_is_found(self):
        objects = platform()
        self.assertIn("the same id twice", " ".join(check.check(objects + objects[:1]).findings))

    def test_a_route_to_another_namespace_needs_a_grant(self):
        text = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: kubeflow-route, namespace: kubeflow}
spec:
  parentRefs: [{name: gateway, namespace: kgateway-system}]
  rules: [{timeouts: {request: 0s}, backendRefs: [{name: istio-ingressgateway, namespace: istio-system, port: 80}]}]
"""
        route = render.parse(text)
        self.assertIn("without a ReferenceGrant", " ".join(check.check(platform() + route).findings))
        route += render.parse("""
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: kubeflow, namespace: istio-system}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: kubeflow}]
  to: [{group: "", kind: Service}]
""")
        self.assertEqual(check.check(platform() + route).findings, [])
        route[0]["spec"]["rules"][0]["backendRefs"][0]["port"] = 8080
        self.assertIn("names port 8080", " ".join(check.check(platform() + route).findings))


def without(objects, kind, name, namespace=None):
    objects[:] = [o for o in objects if (o["kind"], render.name_of(o)) != (kind, name) or namespace not in (None, render.namespace_of(o))]


def thing(objects, kind, start):
    return next(o for o in objects if o["kind"] == kind and render.name_of(o).startswith(start))


def hit_plain_http(objects):
    gateway = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "default-gateway", "namespace": "default"},
               "spec": {"gatewayClassName": "kgateway", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}}
    del thing(objects, "HTTPRoute", "kubeflow-route")["spec"]["parentRefs"][0]["sectionName"]
    objects.append(gateway)


def hit_certificate(objects):
    objects += render.parse("""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: default-gateway, namespace: default}
spec: {gatewayClassName: kgateway, listeners: [{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: kubeflow-tls}]}}]}
""")


def hit_waypoint(objects):
    objects += render.parse("""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kubeflow-waypoint, namespace: kubeflow}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ml-pipeline-from-waypoint, namespace: kubeflow}
spec: {selector: {matchLabels: {app: ml-pipeline}}, rules: [{from: [{source: {principals: [cluster.local/ns/kubeflow/sa/kubeflow-waypoint]}}]}]}
""")


def hit_kyverno(objects):
    objects += render.build(render.ROOT / "overlays/jupyter-enterprise-gateway")
    del thing(objects, "MutatingPolicy", "notebook")["spec"]["autogen"]


# What to break in the output of `example`, and what mesh.py is to say about it.
MESH_FAULTS = [
    (lambda o: without(o, "NetworkPolicy", "allow-ambient-probes", "auth"), "admits the probes of ambient mode"),
    (lambda o: thing(o, "HTTPRoute", "kubeflow-route")["spec"]["rules"][0].pop("timeouts"), "cuts answers off"),
    (lambda o: thing(o, "NetworkPolicy", "tensorboards-web-app")["spec"]["ingress"][0]["ports"].pop(), "but not 15008"),
    (hit_plain_http, "serves the login by plain HTTP"),
    (hit_certificate, "Secret default/kubeflow-tls, which does not exist"),
    (hit_waypoint, "admits the waypoint only"),
    (lambda o: thing(o, "ConfigMap", "profiles-config")["data"].update(ADMIN=""), "administrator is empty"),
    (lambda o: render.pod_of(thing(o, "Deployment", "dex"))["metadata"]["labels"].update({"sidecar.istio.io/inject": "true"}), "asks for a sidecar"),
    (lambda o: thing(o, "Namespace", "auth")["metadata"]["labels"].update({"istio-injection": "enabled"}), "has sidecars and is in the ambient mesh"),
    (hit_kyverno, "Kyverno applies it to the controllers"),
]
# The same with the hop to the ingress gateway encrypted.
HOP_FAULTS = [
    (lambda o: without(o, "Certificate", "istio-ingressgateway-tls"), "no TLS server of the ingress gateway"),
    (lambda o: without(o, "Certificate", "istio-ingressgateway-tls"), "caCertificateRefs names Secret istio-system/istio-ingressgateway-tls"),
    (lambda o: thing(o, "Gateway", "kubeflow-gateway")["spec"]["servers"].pop(), "no TLS server of the ingress gateway"),
    (lambda o: thing(o, "BackendTLSPolicy", "istio")["spec"]["validation"].update(hostname="kubeflow.example.com"), "has a certificate for kubeflow.example.com"),
    (lambda o: thing(o, "HTTPRoute", "kubeflow-route")["spec"]["rules"][0]["backendRefs"][0].update(port=80), "goes to port 80"),
]
# And with an Enterprise Gateway in a profile's namespace.
KERNEL_FAULTS = [
    (lambda o: o.__setitem__(slice(None), [x for x in o if x["kind"] != "NetworkPolicy"]), "everybody in the cluster reaches it"),
    (lambda o: thing(o, "NetworkPolicy", "enterprise-gateway-notebooks")["spec"]["ingress"][0]["from"][0].update(namespaceSelector={}), "from outside of profile"),
    (lambda o: thing(o, "NetworkPolicy", "enterprise-gateway-notebooks")["spec"]["ingress"][0].pop("from"), "from outside of profile"),
]
# The same for the Helm values of istiod (0) and of the ingress gateway (1).
VALUE_FAULTS = [
    (0, lambda v: v["pilot"]["cni"].update(enabled=False), "want NET_ADMIN"),
    (0, lambda v: v.pop("pilot"), "want NET_ADMIN"),
    (0, lambda v: v.pop("global"), "global.proxy.seccompProfile"),
    (0, lambda v: v.pop("gateways"), "gateways.seccompProfile"),
    (0, lambda v: v["meshConfig"]["extensionProviders"][0].update(name="x"), "no extension provider oauth2-proxy"),
    (1, lambda v: v["service"]["ports"][1].pop("appProtocol"), "no WebSocket through to port 80"),
    (1, lambda v: v.pop("podAnnotations"), "does not trust the gateway"),
]


def example_with(*overlays):
    """The objects of `example` with further overlays."""
    with tempfile.TemporaryDirectory() as directory:
        directory = os.path.realpath(directory)
        root = os.path.relpath(render.ROOT, directory)
        text = f"resources: [{root}/example]\ncomponents: [{', '.join(f'{root}/overlays/{name}' for name in overlays)}]\n"
        (render.Path(directory) / "kustomization.yaml").write_text(text)
        return render.build(directory)


class Mesh(unittest.TestCase):
    """Defaults of Istio, kgateway and Pod Security that Kubeflow does not get along with."""

    @classmethod
    def setUpClass(cls):
        cls.example = render.build(render.ROOT / "example")

    def each_is_found(self, faults, delivered):
        for break_it, expected in faults:
            with self.subTest(expected):
                objects = copy.deepcopy(delivered)
                break_it(objects)
                findings = check.check(objects).findings
                self.assertTrue(any(expected in finding for finding in findings), findings)

    def test_the_example_hits_none(self):
        self.assertEqual(check.check(self.example).findings, [])

    def test_each_is_found_when_it_is_planted(self):
        self.each_is_found(MESH_FAULTS, self.example)

    def test_the_hop_to_the_ingress_gateway_is_encrypted_as_a_whole_or_said_to_be_plain(self):
        self.assertIn("is plain text", " ".join(check.check(self.example).notes))
        secured = example_with("kgateway/gateway", "kgateway/backend-tls")
        platform = check.check(secured)
        self.assertEqual((platform.findings, platform.notes), ([], []))
        self.each_is_found(HOP_FAULTS, secured)

    def test_kernels_are_kept_within_a_profile_or_said_to_be_shared(self):
        shared = render.build(render.ROOT / "overlays/jupyter-enterprise-gateway")
        self.assertIn("attach to one another's kernels", " ".join(check.check(shared).notes))
        own = self.example + render.build(render.ROOT / "overlays/jupyter-enterprise-gateway-per-profile")
        self.assertNotIn("kernels", " ".join(check.check(own).notes + check.check(own).findings).replace("-kernelspecs", ""))
        self.each_is_found(KERNEL_FAULTS, own)

    def test_the_helm_values_are_what_the_example_needs(self):
        platform = check.Platform(self.example)
        self.assertEqual(mesh.values(platform, *mesh.delivered_values()), [])
        for which, break_it, expected in VALUE_FAULTS:
            with self.subTest(expected):
                values = mesh.delivered_values()
                break_it(values[which])
                self.assertTrue(any(expected in finding for finding in mesh.values(platform, *values)))


class Documents(unittest.TestCase):
    """What only a page can say is there, and names what exists."""

    def test_links_of_the_distribution_end_somewhere(self):
        pages = [*render.ROOT.glob("docs/distribution*.md"), *render.ROOT.glob("overlays/*/README.md"), render.ROOT / "manifests/README.md"]
        for page in pages:
            for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
                self.assertTrue((page.parent / link).exists(), f"{page}: {link}")

    def test_platforms_name_overlays_that_exist_and_the_version_that_was_checked(self):
        text = (render.ROOT / "docs/distribution.md").read_text()
        self.assertIn(f"tried with Kubernetes {check.KUBERNETES}", text)
        rows = dict(re.findall(r"^\| ([^|]+) \| (.+) \|$", text.split("| platform |")[1].split("\n\n")[0], flags=re.M))
        for platform in ("GKE", "EKS", "AKS", "K3s", "OpenShift", "kind"):
            self.assertIn(platform, rows)
        for row in rows.values():
            for name in re.findall(r"`([a-z0-9-]+(?:/[a-z-]+)?)`", row.split("|", 1)[-1]):
                self.assertTrue(name == "istio-system" or (render.ROOT / "overlays" / name).is_dir(), name)

    def test_the_overlays_marked_as_standing_alone_are_those_that_do(self):
        table = (render.ROOT / "docs/distribution.md").read_text().split("| overlay |")[1].split("\n\n")[0]
        marked = set(re.findall(r"^\| \[([a-z-]+)\]\([^)]*\) \* \|", table, flags=re.M))
        self.assertEqual(marked, {name for name in overlays.ALONE if "/" not in name})

    def test_logging_out_at_the_provider_is_set_where_the_page_says(self):
        """What the dashboard opens, and the file whose settings become oauth2-proxy's environment."""
        page = (render.ROOT / "overlays/dex/README.md").read_text()
        objects = render.build(render.ROOT / "example")
        dashboard = render.pod_of(thing(objects, "Deployment", "centraldashboard"))["spec"]["containers"][0]
        self.assertIn({"name": "LOGOUT_URL", "value": "/oauth2/sign_out"}, dashboard["env"])
        self.assertIn("`LOGOUT_URL` to\n`/oauth2/sign_out?rd=", page)
        self.assertIn("`OAUTH2_PROXY_WHITELIST_DOMAINS` in `oauth2-proxy/settings.env`", page)
        proxy = render.pod_of(thing(objects, "Deployment", "oauth2-proxy"))["spec"]["containers"][0]
        sources = {source["configMapRef"]["name"] for source in proxy["envFrom"] if "configMapRef" in source}
        self.assertIn(render.name_of(thing(objects, "ConfigMap", "oauth2-proxy-session")), sources)

    def test_a_password_that_dex_reads_at_its_start_is_changed_with_a_restart(self):
        """Nothing in the Deployment changes with the password, so no rollout begins by itself: the page has to say it."""
        objects = platform()
        secret = thing(objects, "Secret", "dex-passwords")
        dex = str(thing(objects, "Deployment", "dex"))
        self.assertIn(f"'name': '{render.name_of(secret)}'", dex)
        value = next(iter(secret["stringData"].values()))
        self.assertNotIn(value, dex)
        self.assertIn("rollout restart deployment/dex", (render.ROOT / "overlays/dex/README.md").read_text())


class Schema(unittest.TestCase):
    def definition(self, kind):
        found = next(o for o in platform() if o["kind"] == "CustomResourceDefinition" and o["spec"]["names"]["kind"] == kind)
        return found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]

    def test_a_notebook_keeps_its_pod_and_needs_an_image(self):
        server = {"name": "server", "image": "x:1", "env": [{"name": "A", "value": "b"}]}
        book = {"spec": {"template": {"spec": {"containers": [server], "tolerations": [{"key": "gpu"}]}}}}
        self.assertEqual(schema.validate(book, self.definition("Notebook")), [])
        del server["image"]
        self.assertEqual(schema.validate(book, self.definition("Notebook")), [".spec.template.spec.containers[0]: `image` is missing"])
        book["spec"]["template"]["spec"]["containers"] = []
        self.assertIn("minItems", schema.validate(book, self.definition("Notebook"))[0])

    def test_a_pod_default_needs_a_selector(self):
        default = {"spec": {"selector": {"matchLabels": {"a": "b"}}, "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]}}
        self.assertEqual(schema.validate(default, self.definition("PodDefault")), [])
        self.assertEqual(schema.validate({"spec": {}}, self.definition("PodDefault")), [".spec: `selector` is missing"])

    def test_quotas_may_be_numbers_or_strings(self):
        quota = {"spec": {"owner": {"kind": "User", "name": "a"}, "resourceQuotaSpec": {"hard": {"cpu": 2, "memory": "2Gi"}}}}
        self.assertEqual(schema.validate(quota, self.definition("Profile")), [])
        quota["spec"]["resourceQuotaSpec"]["hard"]["cpu"] = [2]
        self.assertEqual(len(schema.validate(quota, self.definition("Profile"))), 1)


if __name__ == "__main__":
    unittest.main()
