"""Checks on what the mesh, the gateway in front and the kubelet do with the objects of an output.

Istio, kgateway and Pod Security have defaults of their own; each check here is about one that Kubeflow does not get along
with. check.py runs them, the faults that they find are planted in test.py.
"""

import ipaddress

import render
from render import containers, label, meta, name_of, namespace_of, pod_of

# Where the kubelet's probes come from in the ambient mesh: Istio's CNI puts these in place of the node's address.
PROBES = ("169.254.7.127", "fd16:9254:7127:1337:ffff:ffff:ffff:ffff")
DATAPLANE = "istio.io/dataplane-mode"
INJECT = "sidecar.istio.io/inject"


def labels_of(thing):
    return meta(thing).get("labels") or {}


def mode(platform, place, labels):
    """How a pod is in the mesh: `sidecar`, `ambient` or None. Istio injects nothing where the namespace says `disabled`."""
    namespace = labels_of(platform.get("Namespace", "", place) or {})
    injection = namespace.get("istio-injection")
    if labels.get(INJECT) != "false" and (injection == "enabled" or injection is None and labels.get(INJECT) == "true"):
        return "sidecar"
    if labels.get(DATAPLANE, namespace.get(DATAPLANE)) == "ambient":
        return "ambient"
    return None


def injection(platform):
    for place, labels, _, thing in platform.pods:
        namespace = labels_of(platform.get("Namespace", "", place) or {})
        if labels.get(INJECT) == "true" and namespace.get("istio-injection") == "disabled":
            platform.say(thing, f"asks for a sidecar, which namespace {place} refuses: istio-injection is disabled")
    for thing in platform.objects:
        labels = labels_of(thing)
        if thing.get("kind") == "Namespace" and labels.get("istio-injection") == "enabled" and labels.get(DATAPLANE) == "ambient":
            platform.say(thing, "has sidecars and is in the ambient mesh")


def profile_labels(platform):
    """The labels of the profiles' namespaces, or None."""
    for thing in platform.objects:
        if thing.get("kind") == "ConfigMap" and "namespace-labels-data" in name_of(thing):
            return render.parse(thing["data"]["namespace-labels.yaml"])[0]
    return None


def waypoints(platform):
    """Clients with sidecars never go through a waypoint: a policy that admits nobody else refuses them."""
    labels = profile_labels(platform) or {}
    if labels.get("istio-injection") != "enabled":
        return
    waypoint_accounts = {
        f"cluster.local/ns/{namespace_of(thing)}/sa/{name_of(thing)}"
        for thing in platform.objects
        if thing.get("kind") == "Gateway" and (thing.get("spec") or {}).get("gatewayClassName") == "istio-waypoint"
    }
    for thing in platform.objects:
        spec = thing.get("spec") or {}
        if thing.get("kind") != "AuthorizationPolicy" or spec.get("action", "ALLOW") != "ALLOW" or not spec.get("rules"):
            continue
        principals = {
            principal
            for rule in spec["rules"]
            for source in rule.get("from") or [{"source": {}}]
            for principal in source["source"].get("principals") or ["*"]
        }
        if principals <= waypoint_accounts:
            platform.say(thing, "admits the waypoint only, which profiles with sidecars do not go through")


def admitted(rule, address, port):
    """Whether a rule of a NetworkPolicy lets an address outside of the cluster's pods reach a port."""
    ports = rule.get("ports")
    if ports and port is not None and port not in [entry.get("port") for entry in ports]:
        return False
    peers = rule.get("from")
    if not peers:
        return True
    networks = [ipaddress.ip_network(peer["ipBlock"]["cidr"]) for peer in peers if "ipBlock" in peer]
    return any(ipaddress.ip_address(address) in network for network in networks)


def matches(selector, labels):
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for entry in selector.get("matchExpressions") or []:
        have, values = labels.get(entry["key"]), entry.get("values") or []
        holds = {"In": have in values, "NotIn": have not in values, "Exists": have is not None, "DoesNotExist": have is None}
        if not holds[entry["operator"]]:
            return False
    return True


def probed_ports(pod):
    """The ports that the kubelet probes over the network, by number; None for one whose name no port has."""
    for container in containers(pod):
        names = {entry.get("name"): entry["containerPort"] for entry in container.get("ports") or []}
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            probe = container.get(kind) or {}
            for how in ("httpGet", "tcpSocket", "grpc"):
                if how in probe:
                    port = probe[how].get("port")
                    yield names.get(port) if isinstance(port, str) else port


def probes(platform):
    """A pod of the ambient mesh behind a NetworkPolicy needs one that admits the kubelet's probes."""
    policies = [
        thing for thing in platform.objects
        if thing.get("kind") == "NetworkPolicy" and "Ingress" in thing["spec"].get("policyTypes", ["Ingress"])
    ]
    for place, labels, pod, thing in platform.pods:
        if mode(platform, place, labels) != "ambient":
            continue
        mine = [p for p in policies if namespace_of(p) == place and matches(p["spec"].get("podSelector") or {}, labels)]
        rules = [rule for policy in mine for rule in policy["spec"].get("ingress") or []]
        for port in sorted(set(probed_ports(pod)), key=str):
            closed = [a for a in PROBES if mine and not any(admitted(rule, a, port) for rule in rules)]
            if closed:
                platform.say(thing, f"no NetworkPolicy admits the probes of ambient mode ({', '.join(closed)}) on port {port}")


def tunnels(platform):
    """Traffic between pods of the mesh arrives on 15008, whatever the port of the Service: a rule that names ports for peers of
    the mesh needs that one, too."""
    meshed = {name_of(t) for t in platform.objects if t.get("kind") == "Namespace" and labels_of(t).get(DATAPLANE) == "ambient"}
    policies = [thing for thing in platform.objects if thing.get("kind") == "NetworkPolicy"]
    # where all pods of a namespace reach one another anyway
    neighbors = {
        namespace_of(thing) for thing in policies
        if not thing["spec"].get("podSelector") and {"from": [{"podSelector": {}}]} in (thing["spec"].get("ingress") or [])
    }
    for thing in policies:
        if namespace_of(thing) not in meshed:
            continue
        for rule in thing["spec"].get("ingress") or []:
            ports = [entry.get("port") for entry in rule.get("ports") or []]
            peers = [p for p in rule.get("from") or [] if "namespaceSelector" in p or namespace_of(thing) not in neighbors]
            if ports and 15008 not in ports and any(in_mesh(peer, meshed) for peer in peers):
                platform.say(thing, f"names ports {ports} for peers in the mesh, but not 15008 (HBONE)")


def in_mesh(peer, meshed):
    """Whether a peer of a NetworkPolicy is in the mesh: its namespace, an ambient one, that of the gateways, or of profiles."""
    selector = peer.get("namespaceSelector")
    if selector is None:
        return "podSelector" in peer
    labels = dict(selector.get("matchLabels") or {})
    for entry in selector.get("matchExpressions") or []:
        labels.update({entry["key"]: value for value in entry.get("values") or []})
    place = labels.get("kubernetes.io/metadata.name")
    return place in meshed | {"istio-system"} or labels.get("app.kubernetes.io/part-of") == "kubeflow-profile"


def routes_to_gateway(platform):
    """HTTPRoutes to Istio's ingress gateway: kgateway's defaults cut long answers off and serve plain HTTP as well."""
    for thing in platform.objects:
        if thing.get("kind") != "HTTPRoute":
            continue
        for rule in thing["spec"].get("rules") or []:
            backends = [backend["name"] for backend in rule.get("backendRefs") or []]
            if "istio-ingressgateway" not in backends:
                continue
            if (rule.get("timeouts") or {}).get("request") != "0s":
                platform.say(thing, "has no `timeouts.request: 0s`: the gateway cuts answers off after its own default")
            plain_http(platform, thing)


def plain_http(platform, route):
    for parent in route["spec"].get("parentRefs") or []:
        gateway = platform.get("Gateway", parent.get("namespace", namespace_of(route)), parent["name"], "gateway.networking.k8s.io")
        for listener in (gateway or {"spec": {"listeners": []}})["spec"]["listeners"]:
            if listener["protocol"] == "HTTP" and parent.get("sectionName") in (None, listener["name"]):
                platform.say(route, f"serves the login by plain HTTP at listener `{listener['name']}` of {label(gateway)}")


def listeners(platform):
    """A Secret that a TLS listener names is in the output, or a Certificate writes it."""
    for thing in platform.objects:
        if thing.get("kind") != "Gateway" or not thing["apiVersion"].startswith("gateway.networking.k8s.io/"):
            continue
        for listener in thing["spec"].get("listeners") or []:
            for ref in (listener.get("tls") or {}).get("certificateRefs") or []:
                place = ref.get("namespace", namespace_of(thing))
                if not certificate(platform, place, ref["name"]):
                    platform.need(thing, "Secret", place, ref["name"], f"listener `{listener['name']}`")


def certificate(platform, place, secret):
    """The Certificate that writes a Secret, or None."""
    for thing in platform.objects:
        if thing.get("kind") == "Certificate" and namespace_of(thing) == place and thing["spec"].get("secretName") == secret:
            return thing
    return None


def hop(platform):
    """From the gateway in front to the ingress gateway: encrypted where a BackendTLSPolicy says so, and then all the way."""
    routes = [
        (thing, backend) for thing in platform.objects if thing.get("kind") == "HTTPRoute"
        for rule in thing["spec"].get("rules") or [] for backend in rule.get("backendRefs") or []
    ]
    policies = [thing for thing in platform.objects if thing.get("kind") == "BackendTLSPolicy"]
    secured = {(namespace_of(p), ref["name"]) for p in policies for ref in p["spec"]["targetRefs"]}
    for route, backend in routes:
        service = (backend.get("namespace", namespace_of(route)), backend["name"])
        if backend["name"] == "istio-ingressgateway" and service not in secured:
            platform.notes.append(f"{label(route)}: the hop to {'/'.join(service)} is plain text: kgateway/backend-tls encrypts it")
    for policy in policies:
        validation, place = policy["spec"]["validation"], namespace_of(policy)
        served = {
            server["port"]["number"]: certificate(platform, place, server["tls"].get("credentialName"))
            for thing in platform.objects if thing.get("kind") == "Gateway" and thing["apiVersion"].startswith("networking.istio.io/")
            for server in thing["spec"]["servers"] if "tls" in server
        }
        ports = {port for port, made in served.items() if made and validation["hostname"] in made["spec"]["dnsNames"]}
        if not ports:
            platform.say(policy, f"no TLS server of the ingress gateway has a certificate for {validation['hostname']}")
        for ref in validation["caCertificateRefs"]:
            if not certificate(platform, place, ref["name"]):
                platform.need(policy, ref["kind"], place, ref["name"], "caCertificateRefs")
        for route, backend in routes:
            service = (backend.get("namespace", namespace_of(route)), backend["name"])
            if ports and service in {(place, ref["name"]) for ref in policy["spec"]["targetRefs"]} and backend["port"] not in ports:
                platform.say(route, f"goes to port {backend['port']}, which {label(policy)} does not encrypt")


def administrator(platform):
    """KFAM takes a request without a user for the administrator, if that is nobody."""
    for place, _, pod, thing in platform.pods:
        for container in containers(pod):
            args = (container.get("command") or []) + (container.get("args") or [])
            if "-cluster-admin" not in args:
                continue
            value = args[args.index("-cluster-admin") + 1]
            for source in container.get("envFrom") or []:
                data = (platform.get("ConfigMap", place, (source.get("configMapRef") or {}).get("name", "")) or {}).get("data") or {}
                for key in data:
                    value = value.replace(f"$({key})", data[key] or "")
            if not value:
                platform.say(thing, "KFAM's administrator is empty: every request without a user is his")


def kyverno(platform):
    """Variables for notebooks belong on their pods alone: on the StatefulSet the notebook controller takes them out again."""
    for thing in platform.objects:
        spec = thing.get("spec") or {}
        if thing.get("kind") == "MutatingPolicy":
            pods = any("pods" in rule["resources"] for rule in spec["matchConstraints"]["resourceRules"])
            if pods and ((spec.get("autogen") or {}).get("podControllers") or {}).get("controllers") != []:
                platform.say(thing, "Kyverno applies it to the controllers of pods as well: set autogen.podControllers.controllers to []")
        if thing.get("kind") == "ClusterPolicy":
            if (meta(thing).get("annotations") or {}).get("pod-policies.kyverno.io/autogen-controllers") != "none":
                platform.say(thing, "Kyverno applies it to the controllers of pods as well: set the autogen-controllers annotation to none")


def kernels(platform):
    """Whoever reaches an Enterprise Gateway can attach to all of its kernels: one in a profile's namespace admits that profile only,
    and one for all says so."""
    for place, labels, pod, thing in platform.pods:
        if not any("/enterprise-gateway:" in container.get("image", "") for container in containers(pod)):
            continue
        policies = [
            other for other in platform.objects
            if other.get("kind") == "NetworkPolicy" and namespace_of(other) == place and matches(other["spec"].get("podSelector") or {}, labels)
        ]
        peers = [peer for policy in policies for rule in policy["spec"].get("ingress") or [] for peer in rule.get("from") or [{"namespaceSelector": {}}]]
        if not policies:
            platform.say(thing, "everybody in the cluster reaches it, and the kernels of all its users: no NetworkPolicy")
        elif any("namespaceSelector" in peer for peer in peers):
            if platform.get("Namespace", "", place):
                platform.notes.append(f"{label(thing)}: its users can attach to one another's kernels: jupyter-enterprise-gateway-per-profile keeps them apart")
            else:
                platform.say(thing, f"admits pods from outside of profile {place}, who reach all kernels")


def delivered_values():
    """The Helm values of example/cluster: those of istiod and those of the ingress gateway."""
    return [render.parse((render.ROOT / "example/cluster" / name).read_text())[0] for name in ("istiod.yaml", "ingressgateway.yaml")]


def values(platform, istiod, ingress):
    """Findings about Helm values, held against an output: what it needs of Istio and its ingress gateway."""
    found = []
    profiles = profile_labels(platform) or {}
    if profiles.get("istio-injection") == "enabled" and profiles.get("pod-security.kubernetes.io/enforce") in ("baseline", "restricted"):
        if not ((istiod.get("pilot") or {}).get("cni") or {}).get("enabled"):
            found.append("istiod: sidecars of the profiles want NET_ADMIN, which their Pod Security refuses: enable pilot.cni")
    for path in (("global", "proxy"), ("gateways",)):
        there = istiod
        for key in path:
            there = there.get(key) or {}
        if (there.get("seccompProfile") or {}).get("type") != "RuntimeDefault":
            found.append(f"istiod: {'.'.join(path)}.seccompProfile is not RuntimeDefault, which namespaces that enforce `restricted` want")
    providers = {provider["name"] for provider in istiod["meshConfig"]["extensionProviders"]}
    ports = {port["port"]: port for port in ingress["service"]["ports"]}
    websockets = any(thing.get("kind") == "HTTPListenerPolicy" for thing in platform.objects)
    for thing in platform.objects:
        spec = thing.get("spec") or {}
        if thing.get("kind") == "AuthorizationPolicy" and spec.get("action") == "CUSTOM" and spec["provider"]["name"] not in providers:
            found.append(f"istiod: no extension provider {spec['provider']['name']} for {label(thing)}")
        if thing.get("kind") == "HTTPRoute":
            for rule in spec["rules"]:
                for backend in rule.get("backendRefs") or []:
                    if backend["name"] == "istio-ingressgateway" and not websockets and ports[backend["port"]].get("appProtocol") != "kubernetes.io/ws":
                        found.append(f"ingressgateway: kgateway lets no WebSocket through to port {backend['port']}")
    if "numTrustedProxies" not in (ingress.get("podAnnotations") or {}).get("proxy.istio.io/config", ""):
        found.append("ingressgateway: does not trust the gateway in front of it to say that a request came by HTTPS")
    return found


CHECKS = (injection, waypoints, probes, tunnels, routes_to_gateway, listeners, hop, administrator, kyverno, kernels)
