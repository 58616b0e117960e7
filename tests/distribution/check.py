#!/usr/bin/env python3
"""Is what a directory builds to fit for a cluster?

    check.py DIRECTORY...          builds each with kfm and checks it
    check.py -                     checks a stream of objects on standard input

No id twice; every selector finds pods; every reference ends at an object of the same output, or at one that
outside.yaml expects of the cluster; pods pass the Pod Security Standard of their namespace; nothing hits a default of
the mesh or the gateway that Kubeflow does not get along with (mesh.py); custom resources hold to
their definitions, those of the same output and, where $KUBEFLOW_MANIFESTS is there, those of Istio and cert-manager in
it, and those in the directory $DEFINITIONS (Gateway API, kgateway, Kyverno, ...); and, where the Python package kubernetes-validate can be imported, every other object to the schema of Kubernetes.
Prints a line for each finding and exits 1 if there is one. `--schemas` makes a missing package a finding;
`--kubernetes 1.34` picks the version.
"""

import argparse
import fnmatch
import functools
import json
import os
import re
import sys
from pathlib import Path

import mesh
import render
import schema
from render import containers, group, label, meta, name_of, namespace_of, pod_of

BUILT_IN = re.compile(r"^$|^(apps|batch|autoscaling|policy|extensions)$|(^|\.)k8s\.io$")
CLUSTER_KINDS = {
    "Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "PriorityClass", "StorageClass",
    "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "PersistentVolume", "APIService", "RuntimeClass",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "GatewayClass", "IngressClass",
    # custom resources whose definitions may be outside
    "ClusterIssuer", "ClusterPolicy", "MutatingPolicy", "ValidatingPolicy", "Queue",
}


OWN = ("apiVersion", "kind", "metadata")
KUBERNETES = "1.34"
# Where kubeflow/manifests has the definitions of what the platform expects of the cluster.
DEFINITIONS = ("common/istio/istio-crds/base", "common/cert-manager/base")


class Platform:
    """The objects of one output with the indexes that the checks ask."""

    def __init__(self, objects):
        self.objects = objects
        self.outside = render.data("outside.yaml")
        self.findings = []
        self.notes = []
        self.index = {}
        self.pods = []
        for thing in objects:
            pod = pod_of(thing)
            if pod is not None:
                self.pods.append((namespace_of(thing), meta(pod).get("labels") or {}, pod, thing))
        self.definitions = by_kind(objects)
        for thing in objects:
            place = "" if self.of_cluster(thing) else namespace_of(thing)
            self.index.setdefault((thing.get("kind"), place, name_of(thing)), []).append(thing)

    def of_cluster(self, thing):
        """Whether an object is of the cluster, not of a namespace."""
        definition = self.definitions.get((group(thing), thing.get("kind")))
        if definition is not None:
            return definition["spec"]["scope"] == "Cluster"
        return thing.get("kind") in CLUSTER_KINDS

    def say(self, thing, message):
        self.findings.append(f"{label(thing)}: {message}")

    def get(self, kind, namespace, name, api=None):
        """An object; `api` is its group, where two groups have a kind of that name."""
        found = [thing for thing in self.index.get((kind, namespace, name), []) if api in (None, group(thing))]
        return found[0] if found else None

    def expected(self, kind, namespace, name, api=None):
        """The entry of outside.yaml for a reference, or None."""
        for entry in self.outside["objects"]:
            if (
                entry["kind"] == kind
                and (api is None or entry.get("group", "") == api)
                and fnmatch.fnmatchcase(namespace, entry.get("namespace", ""))
                and fnmatch.fnmatchcase(name, entry["name"])
            ):
                return entry
        return None

    def need(self, thing, kind, namespace, name, why, api=None):
        """The object a reference ends at; a finding when neither the output nor the cluster has it."""
        found = self.get(kind, namespace, name, api)
        if found is None and not self.expected(kind, namespace, name, api):
            place = f"{namespace}/" if namespace else ""
            self.say(thing, f"{why} names {kind} {place}{name}, which does not exist")
        return found

    def select(self, namespace, labels):
        return [
            (pod, owner)
            for place, have, pod, owner in self.pods
            if place == namespace and all(have.get(k) == v for k, v in labels.items())
        ]

    def selects_outside(self, namespace, labels):
        return any(
            entry["namespace"] == namespace and all(entry["labels"].get(k) == v for k, v in labels.items())
            for entry in self.outside["pods"]
        )

    def need_port(self, thing, namespace, service, port, why):
        """A Service and one of its ports, by number."""
        found = self.need(thing, "Service", namespace, service, why)
        ports = None
        if found is not None:
            ports = [entry.get("port") for entry in found["spec"].get("ports") or []]
        else:
            entry = self.expected("Service", namespace, service)
            ports = entry.get("ports") if entry else None
        if port is not None and ports is not None and port not in ports:
            self.say(thing, f"{why} names port {port} of Service {namespace}/{service}, which has {ports}")

    def need_host(self, thing, host, port, why):
        """A Service by the name the mesh knows it under; hosts outside the cluster are let through."""
        parts = host.split(".")
        if host.startswith("*") or (len(parts) > 1 and (len(parts) < 3 or parts[2] != "svc")):
            return
        self.need_port(thing, parts[1] if len(parts) > 1 else namespace_of(thing), parts[0], port, why)


def by_kind(objects):
    """Definitions of custom resources by group and kind."""
    return {
        (thing["spec"]["group"], thing["spec"]["names"]["kind"]): thing
        for thing in objects
        if thing.get("kind") == "CustomResourceDefinition"
    }


@functools.cache
def definitions_of_upstream():
    tree = render.upstream()
    folders = [tree / folder for folder in DEFINITIONS if (tree / folder).is_dir()] if tree else []
    found = [thing for folder in folders for thing in render.build(folder)]
    more = os.environ.get("DEFINITIONS")
    for file in sorted(Path(more).rglob("*.yaml")) if more else []:
        found += render.parse(file.read_text())
    return by_kind(found)


def ids(platform):
    seen = {}
    for thing in platform.objects:
        key = (group(thing), thing.get("kind"), namespace_of(thing), name_of(thing))
        if not all((thing.get("apiVersion"), key[1], key[3])):
            platform.say(thing, "no apiVersion, kind or name")
        if key in seen:
            platform.say(thing, "the same id twice")
        seen[key] = thing


def namespaces(platform):
    for thing in platform.objects:
        place = namespace_of(thing)
        if platform.of_cluster(thing):
            if place:
                platform.notes.append(f"{label(thing)}: is of the cluster; the API server ignores its namespace")
            continue
        if not place:
            platform.say(thing, "has no namespace")
        if place and not platform.get("Namespace", "", place) and place not in platform.outside["namespaces"]:
            platform.say(thing, f"Namespace {place} does not exist")


def workloads(platform):
    for place, labels, pod, thing in platform.pods:
        wanted = ((thing.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        if any(labels.get(k) != v for k, v in wanted.items()):
            platform.say(thing, f"selector {wanted} does not match its own pods {labels}")
        if thing["kind"] in ("Deployment", "StatefulSet", "DaemonSet") and not wanted and not thing["spec"].get("selector"):
            platform.say(thing, "no selector")
        spec = pod.get("spec") or {}
        account = spec.get("serviceAccountName", "default")
        if account != "default":
            platform.need(thing, "ServiceAccount", place, account, "serviceAccountName")
        if spec.get("priorityClassName"):
            platform.need(thing, "PriorityClass", "", spec["priorityClassName"], "priorityClassName")
        for entry in spec.get("imagePullSecrets") or []:
            secret(platform, thing, place, entry["name"], "imagePullSecrets")
        volumes = {entry["name"]: entry for entry in spec.get("volumes") or []}
        for entry in volumes.values():
            volume(platform, thing, place, entry)
        for claim in (thing.get("spec") or {}).get("volumeClaimTemplates") or []:
            volumes[name_of(claim)] = {}
        for container in containers(pod):
            one_container(platform, thing, place, container, volumes)
        if thing["kind"] == "StatefulSet" and thing["spec"].get("serviceName"):
            platform.need(thing, "Service", place, thing["spec"]["serviceName"], "serviceName")


def keys_of(found):
    return set(found.get("data") or {}) | set(found.get("stringData") or {}) | set(found.get("binaryData") or {})


def secret(platform, thing, place, name, why):
    """A Secret, which may be one that cert-manager writes."""
    for other in platform.objects:
        if other.get("kind") == "Certificate" and namespace_of(other) == place and other["spec"].get("secretName") == name:
            return None
    return platform.need(thing, "Secret", place, name, why)


def keyed(platform, thing, place, kind, source, why):
    """A reference to a key of a ConfigMap or Secret."""
    if source.get("optional"):
        return
    find = secret if kind == "Secret" else lambda p, t, n, name, w: p.need(t, kind, n, name, w)
    found = find(platform, thing, place, source.get("name") or source.get("secretName"), why)
    if found is None:
        return
    wanted = [source["key"]] if "key" in source else [item["key"] for item in source.get("items") or []]
    for key in wanted:
        if key not in keys_of(found):
            platform.say(thing, f"{why} names key `{key}` of {label(found)}, which has {sorted(keys_of(found))}")


def volume(platform, thing, place, entry):
    why = f"volume `{entry['name']}`"
    if "configMap" in entry:
        keyed(platform, thing, place, "ConfigMap", entry["configMap"], why)
    if "secret" in entry:
        keyed(platform, thing, place, "Secret", entry["secret"], why)
    if "persistentVolumeClaim" in entry:
        platform.need(thing, "PersistentVolumeClaim", place, entry["persistentVolumeClaim"]["claimName"], why)
    for source in (entry.get("projected") or {}).get("sources") or []:
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if field in source:
                keyed(platform, thing, place, kind, source[field], why)


def one_container(platform, thing, place, container, volumes):
    known = set()
    closed = True
    for entry in container.get("envFrom") or []:
        for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if field in entry:
                keyed(platform, thing, place, kind, entry[field], f"envFrom of `{container['name']}`")
                found = platform.get(kind, place, entry[field]["name"])
                known |= {entry.get("prefix", "") + key for key in keys_of(found)} if found else set()
                closed = closed and found is not None
    for entry in container.get("env") or []:
        known.add(entry["name"])
        source = entry.get("valueFrom") or {}
        if source and entry.get("value"):
            platform.say(thing, f"env `{entry['name']}` has both `value` and `valueFrom`")
        for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
            if field in source:
                keyed(platform, thing, place, kind, source[field], f"env `{entry['name']}`")
    names = [entry["name"] for entry in container.get("env") or []]
    for name in sorted({name for name in names if names.count(name) > 1}):
        platform.say(thing, f"env `{name}` twice in `{container['name']}`")
    for text in (container.get("command") or []) + (container.get("args") or []):
        for name in re.findall(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)", str(text)):
            if closed and name not in known:
                platform.say(thing, f"`{container['name']}` uses $({name}), which its environment has not")
    for mount in container.get("volumeMounts") or []:
        if mount["name"] not in volumes:
            platform.say(thing, f"volumeMount `{mount['name']}` of `{container['name']}` is no volume")
        source = volumes.get(mount["name"], {}).get("configMap")
        found = source and platform.get("ConfigMap", place, source["name"])
        if found and mount.get("subPath") and not source.get("items") and mount["subPath"] not in keys_of(found):
            platform.say(thing, f"subPath `{mount['subPath']}` is no key of {label(found)}")


def services(platform):
    for thing in platform.objects:
        if thing.get("kind") != "Service" or group(thing):
            continue
        spec, place = thing["spec"], namespace_of(thing)
        if not spec.get("selector"):
            continue
        found = platform.select(place, spec["selector"])
        if not found:
            if not platform.selects_outside(place, spec["selector"]):
                platform.say(thing, f"selects no pod: {spec['selector']}")
            continue
        for entry in spec.get("ports") or []:
            target = entry.get("targetPort")
            if isinstance(target, str):
                names = {p.get("name") for pod, _ in found for c in containers(pod) for p in c.get("ports") or []}
                if target not in names:
                    platform.say(thing, f"targetPort `{target}` is no port of its pods: {sorted(filter(None, names))}")


def rbac(platform):
    for thing in platform.objects:
        if thing.get("kind") not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        role = thing["roleRef"]
        platform.need(thing, role["kind"], namespace_of(thing) if role["kind"] == "Role" else "", role["name"], "roleRef")
        for subject in thing.get("subjects") or []:
            if subject["kind"] == "ServiceAccount":
                # in a RoleBinding its own namespace is meant when none is given
                place = subject.get("namespace") or namespace_of(thing)
                if not place:
                    platform.say(thing, f"subject ServiceAccount {subject['name']} has no namespace")
                elif subject["name"] != "default":
                    platform.need(thing, "ServiceAccount", place, subject["name"], "subject")


def webhooks(platform):
    for thing in platform.objects:
        clients = []
        if thing.get("kind") in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
            clients = [(hook["name"], hook["clientConfig"]) for hook in thing.get("webhooks") or []]
        elif thing.get("kind") == "CustomResourceDefinition":
            client = ((thing["spec"].get("conversion") or {}).get("webhook") or {}).get("clientConfig")
            clients = [("conversion", client)] if client else []
        annotations = meta(thing).get("annotations") or {}
        source = annotations.get("cert-manager.io/inject-ca-from")
        own = "cert-manager.io/inject-ca-from-secret" in annotations or any(
            fnmatch.fnmatchcase(name_of(thing), entry["name"]) for entry in platform.outside["webhooks"]
        )
        certificate = None
        if source:
            certificate = platform.need(thing, "Certificate", *source.split("/", 1), "inject-ca-from")
        for name, client in clients:
            service = client.get("service")
            if not service:
                continue
            platform.need_port(thing, service["namespace"], service["name"], service.get("port", 443), f"webhook `{name}`")
            if not source and not own and not client.get("caBundle"):
                platform.say(thing, f"webhook `{name}` has neither a caBundle nor cert-manager's annotation")
            host = f"{service['name']}.{service['namespace']}.svc"
            if certificate and not own and host not in certificate["spec"].get("dnsNames", []):
                platform.say(thing, f"webhook `{name}` calls {host}, which {label(certificate)} is not for")


def certificates(platform):
    for thing in platform.objects:
        if thing.get("kind") == "Certificate" and group(thing) == "cert-manager.io":
            issuer = thing["spec"]["issuerRef"]
            kind = issuer.get("kind", "Issuer")
            platform.need(thing, kind, namespace_of(thing) if kind == "Issuer" else "", issuer["name"], "issuerRef")


def routes(platform):
    for thing in platform.objects:
        kind, place, spec = thing.get("kind"), namespace_of(thing), thing.get("spec") or {}
        if kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"):
            for parent in spec.get("parentRefs") or []:
                api = parent.get("group", "gateway.networking.k8s.io")
                platform.need(thing, parent.get("kind", "Gateway"), parent.get("namespace", place), parent["name"], "parentRefs", api)
            for rule in spec.get("rules") or []:
                for backend in rule.get("backendRefs") or []:
                    if backend.get("kind", "Service") != "Service":
                        continue
                    target = backend.get("namespace", place)
                    platform.need_port(thing, target, backend["name"], backend.get("port"), "backendRefs")
                    if target != place and not granted(platform, kind, place, target):
                        platform.say(thing, f"backend in namespace {target} without a ReferenceGrant there")
        if kind == "VirtualService":
            for gateway in spec.get("gateways") or []:
                if gateway != "mesh":
                    where, name = gateway.split("/", 1) if "/" in gateway else (place, gateway)
                    platform.need(thing, "Gateway", where, name, "gateways", "networking.istio.io")
            for rule in (spec.get("http") or []) + (spec.get("tcp") or []) + (spec.get("tls") or []):
                for route in rule.get("route") or []:
                    target = route["destination"]
                    platform.need_host(thing, target["host"], (target.get("port") or {}).get("number"), "destination")
        if kind == "DestinationRule":
            platform.need_host(thing, spec["host"], None, "host")
        if kind == "Ingress":
            for rule in spec.get("rules") or []:
                for path in (rule.get("http") or {}).get("paths") or []:
                    backend = path["backend"].get("service")
                    if backend:
                        platform.need_port(thing, place, backend["name"], (backend.get("port") or {}).get("number"), "backend")


def granted(platform, kind, source, target):
    return any(
        other.get("kind") == "ReferenceGrant"
        and namespace_of(other) == target
        and any(entry.get("kind") == kind and entry.get("namespace") == source for entry in other["spec"]["from"])
        and any(entry.get("kind") == "Service" for entry in other["spec"]["to"])
        for other in platform.objects
    )


def policies(platform):
    for thing in platform.objects:
        kind, place, spec = thing.get("kind"), namespace_of(thing), thing.get("spec") or {}
        labels = None
        if group(thing) == "security.istio.io" or kind == "PodDisruptionBudget":
            labels = (spec.get("selector") or {}).get("matchLabels")
        if labels and not platform.select(place, labels) and not platform.selects_outside(place, labels):
            platform.say(thing, f"selects no pod: {labels}")
        if kind == "AuthorizationPolicy":
            for rule in spec.get("rules") or []:
                for source in rule.get("from") or []:
                    for principal in source["source"].get("principals") or []:
                        match = re.fullmatch(r"cluster\.local/ns/([^/*]+)/sa/([^/*]+)", principal)
                        if match:
                            platform.need(thing, "ServiceAccount", *match.groups(), "principal")
            for target in spec.get("targetRefs") or []:
                platform.need(thing, target["kind"], place, target["name"], "targetRefs", target.get("group", ""))
        if kind == "HorizontalPodAutoscaler":
            target = spec["scaleTargetRef"]
            platform.need(thing, target["kind"], place, target["name"], "scaleTargetRef")


def pod_security(platform):
    """Pods of namespaces that enforce the restricted Pod Security Standard, where the API server would turn them away."""
    restricted = {
        name_of(thing)
        for thing in platform.objects
        if thing.get("kind") == "Namespace" and (meta(thing).get("labels") or {}).get("pod-security.kubernetes.io/enforce") == "restricted"
    }
    allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
    for place, _, pod, thing in platform.pods:
        if place not in restricted:
            continue
        spec = pod.get("spec") or {}
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(field):
                platform.say(thing, f"`{field}` in restricted namespace {place}")
        for entry in spec.get("volumes") or []:
            if not set(entry) - {"name"} <= allowed:
                platform.say(thing, f"volume `{entry['name']}` is of a kind that restricted namespace {place} refuses")
        for container in containers(pod):
            for problem in unrestricted({**(spec.get("securityContext") or {}), **(container.get("securityContext") or {})}):
                platform.say(thing, f"`{container['name']}` {problem}, in restricted namespace {place}")


def unrestricted(security):
    capabilities = security.get("capabilities") or {}
    if security.get("runAsNonRoot") is not True:
        yield "may run as root"
    if security.get("runAsUser") == 0:
        yield "runs as root"
    if security.get("privileged"):
        yield "is privileged"
    if security.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if "ALL" not in (capabilities.get("drop") or []) or set(capabilities.get("add") or []) - {"NET_BIND_SERVICE"}:
        yield "keeps capabilities"
    if (security.get("seccompProfile") or {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "has no seccomp profile"


def images(platform):
    for _, _, pod, thing in platform.pods:
        for container in containers(pod):
            image = container.get("image", "")
            tag = image.rsplit("/", 1)[-1].partition(":")[2]
            if "@" not in image and tag in ("", "latest"):
                platform.say(thing, f"image `{image}` of `{container['name']}` is not pinned to a version")


def custom_resources(platform):
    for definition in platform.definitions.values():
        for version in definition["spec"]["versions"]:
            text = (version.get("schema") or {}).get("openAPIV3Schema")
            for problem in schema.structural(text) if text else ["no schema"]:
                platform.say(definition, f"version {version['name']}: {problem}")
        if sum(1 for version in definition["spec"]["versions"] if version.get("storage")) != 1:
            platform.say(definition, "not exactly one version is stored")
    for thing in platform.objects:
        key = (group(thing), thing.get("kind"))
        definition = platform.definitions.get(key) or definitions_of_upstream().get(key)
        if definition is None:
            place = group(thing)
            if not BUILT_IN.search(place) and place not in platform.outside["groups"]:
                platform.say(thing, f"no definition of {thing.get('kind')} in {place}, here or expected of the cluster")
            continue
        version = thing["apiVersion"].split("/")[1]
        found = [entry for entry in definition["spec"]["versions"] if entry["name"] == version and entry.get("served")]
        if not found:
            platform.say(thing, f"version {version} is not served")
            continue
        # the API server looks after the three itself
        body = {key: value for key, value in thing.items() if key not in OWN}
        text = found[0]["schema"]["openAPIV3Schema"]
        text = {**text, "required": [key for key in text.get("required", []) if key not in OWN]}
        for problem in schema.validate(body, text):
            platform.say(thing, problem)


def kubernetes_schemas(platform, version=KUBERNETES):
    """Adds the findings of kubernetes-validate, gives the number of objects that it looked at; None when it is not there."""
    try:
        import kubernetes_validate  # noqa: F401
    except ImportError:
        return None
    count = 0
    for thing in platform.objects:
        if (group(thing), thing.get("kind")) in platform.definitions or group(thing) in platform.outside["groups"]:
            continue
        count += 1
        problem = against_kubernetes(json.dumps(thing), version)
        if problem:
            platform.say(thing, problem)
    return count


@functools.cache
def against_kubernetes(thing, version):
    """What kubernetes-validate says about an object, as JSON for many builds have it in common."""
    import kubernetes_validate

    try:
        kubernetes_validate.validate(json.loads(thing), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(str(part) for part in error.path)}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError:
        return "Kubernetes has no such kind"
    return None


CHECKS = (ids, namespaces, workloads, services, rbac, webhooks, certificates, routes, policies, pod_security, images, custom_resources, *mesh.CHECKS)


def check(objects):
    """All findings but those of kubernetes-validate."""
    platform = Platform(objects)
    for one in CHECKS:
        one(platform)
    return platform


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("directories", nargs="+", metavar="DIRECTORY")
    options.add_argument("--schemas", action="store_true", help="fail when kubernetes-validate is missing")
    options.add_argument("--kubernetes", default=KUBERNETES, help="version of the Kubernetes schemas (default %(default)s)")
    given = options.parse_args()
    failed = False
    for directory in given.directories:
        objects = render.parse(sys.stdin.read()) if directory == "-" else render.build(directory)
        platform = check(objects)
        validated = kubernetes_schemas(platform, given.kubernetes)
        note = f"{validated} against the schemas of Kubernetes {given.kubernetes}"
        if validated is None:
            note = "Kubernetes schemas not checked: `pip install kubernetes-validate`"
            failed = failed or given.schemas
        for line in platform.notes:
            print(f"{directory}: note: {line}")
        for finding in platform.findings:
            print(f"{directory}: {finding}")
        print(f"{directory}: {len(objects)} objects, {note}, {len(platform.findings)} findings")
        failed = failed or bool(platform.findings)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
