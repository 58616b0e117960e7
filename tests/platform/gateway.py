"""Stands in for the Istio ingress gateway, driven by the rendered objects.

In Envoy's order: host of the HTTPRoute; AuthorizationPolicies CUSTOM (the extension provider's HTTP check, with the headers that
the Helm values of example/cluster name); RequestAuthentication (signature, issuer, audience, expiry; claims become headers, and
headers of these names from outside are removed); AuthorizationPolicies DENY; VirtualServices on kubeflow-gateway, the catch-all
last. Not modelled: TLS, mTLS, HBONE, ztunnel, WebSockets.
"""

import base64
import http.client
import json
import re
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

PODS = {"app": "istio-ingressgateway", "istio": "ingressgateway"}
HOP_BY_HOP = ("transfer-encoding", "connection", "content-length", "keep-alive")


def matches(pattern, value):
    if pattern == "*":
        return value not in (None, "")
    if value is None:
        return False
    if pattern.endswith("*"):
        return value.startswith(pattern[:-1])
    return value.endswith(pattern[1:]) if pattern.startswith("*") else pattern == value


def any_matches(patterns, value):
    return any(matches(pattern, value) for pattern in patterns)


def condition_holds(when, request):
    header = re.fullmatch(r"request\.headers\[(.*)\]", when["key"])
    if not header:
        raise ValueError(f"condition {when['key']}")
    value = request["headers"].get(header[1].lower())
    return any_matches(when.get("values", ["*"]), value) if "values" in when else not any_matches(when["notValues"], value)


def rule_matches(rule, request):
    sources = [source["source"] for source in rule.get("from", [])]
    operations = [to["operation"] for to in rule.get("to", [])]
    known = {"requestPrincipals", "notRequestPrincipals"}, {"paths", "notPaths"}
    if any(set(s) - known[0] for s in sources) or any(set(o) - known[1] for o in operations):
        raise ValueError(f"rule {rule}")
    principal, path = request["principal"], request["path"]
    from_ = not sources or any(
        any_matches(s["requestPrincipals"], principal) if "requestPrincipals" in s else not any_matches(s["notRequestPrincipals"], principal)
        for s in sources
    )
    to = not operations or any(any_matches(o["paths"], path) if "paths" in o else not any_matches(o["notPaths"], path) for o in operations)
    return from_ and to and all(condition_holds(when, request) for when in rule.get("when", []))


def selected(thing):
    wanted = (thing["spec"].get("selector") or {}).get("matchLabels") or {}
    return thing["metadata"]["namespace"] == "istio-system" and all(PODS.get(key) == value for key, value in wanted.items())


class Gateway:
    """What the rendered objects say about requests. `services` leads NAMESPACE/NAME to an address, `*` the rest."""

    def __init__(self, stream, provider, provider_address, services, host=None):
        self.provider, self.provider_address, self.services, self.host = provider, provider_address, services, host
        policies = [thing["spec"] for thing in stream.all("AuthorizationPolicy") if selected(thing)]
        self.policies = {action: [p for p in policies if p.get("action", "ALLOW") == action] for action in ("CUSTOM", "DENY", "ALLOW")}
        self.tokens = [rule for thing in stream.all("RequestAuthentication") if selected(thing) for rule in thing["spec"]["jwtRules"]]
        self.keys = {}
        routes = []
        for thing in stream.all("VirtualService"):
            namespace = thing["metadata"]["namespace"]
            gateways = {name if "/" in name else f"{namespace}/{name}" for name in thing["spec"].get("gateways", [])}
            for route in thing["spec"]["http"] if "kubeflow/kubeflow-gateway" in gateways else []:
                for match in route.get("match", [{"uri": {"prefix": "/"}}]):
                    routes.append((match["uri"]["prefix"], route))
        self.routes = sorted(routes, key=lambda entry: entry[0] == "/")

    def denied(self, action, request):
        return any(rule_matches(rule, request) for policy in self.policies[action] for rule in policy.get("rules") or [])

    def address(self, host):
        service = "/".join(reversed(host.split(".")[:2]))
        return self.services.get(service) or self.services["*"]

    def key_set(self, rule):
        uri = rule.get("jwksUri") or rule["issuer"].rstrip("/") + "/.well-known/openid-configuration"
        for _ in range(2):
            host, path = re.match(r"https?://([^/:]+)(?::\d+)?(/.*)", uri).groups()
            answer = json.load(urllib.request.urlopen(f"http://{self.address(host)}{path}", timeout=10))
            if "keys" in answer:
                return jwt.PyJWKSet.from_dict(answer)
            uri = answer["jwks_uri"]
        raise OSError(f"no keys at {uri}")

    def authenticate(self, token):
        """The claims of a bearer token and the rule that it fits, as Envoy's JWT filter reads them; PermissionError if it refuses."""
        try:
            issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
            rule = next(rule for rule in self.tokens if rule["issuer"] == issuer)
            if issuer not in self.keys:
                self.keys[issuer] = self.key_set(rule)
            wanted = jwt.get_unverified_header(token).get("kid")
            key = next(key for key in self.keys[issuer].keys if key.key_id == wanted)
            audiences = rule.get("audiences")
            options = {"verify_aud": bool(audiences)}
            return jwt.decode(token, key.key, algorithms=["RS256", "ES256"], audience=audiences, options=options), rule
        except StopIteration:
            raise PermissionError("no rule or key for this token") from None
        except (jwt.InvalidTokenError, KeyError) as error:
            raise PermissionError(str(error)) from None

    def serve(self, port):
        return ThreadingHTTPServer(("127.0.0.1", port), handler(self))


def claim(value):
    return value if isinstance(value, str) else base64.b64encode(json.dumps(value).encode()).decode()


def handler(gateway):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def answer(self, status, headers, body=b""):
            self.send_response_only(status)
            for key, value in headers:
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def ask(self, address, path, headers, body=b""):
            connection = http.client.HTTPConnection(address, timeout=60)
            connection.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
            for key, value in headers.items():
                if key not in HOP_BY_HOP:
                    connection.putheader(key, value)
            connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()

        def checked(self, request):
            """Asks the extension provider; its answer for the browser, or None with the headers it adds."""
            sent = {name: request["headers"][name] for name in gateway.provider["includeRequestHeadersInCheck"] if name in request["headers"]}
            sent |= {"host": request["headers"].get("host", ""), "x-forwarded-proto": "http"}
            status, headers, body = self.ask(gateway.provider_address, self.path, sent)
            if status == 200:
                allowed = gateway.provider["headersToUpstreamOnAllow"]
                request["headers"].update({key.lower(): value for key, value in headers if key.lower() in allowed})
                return None
            keep = set(gateway.provider["headersToDownstreamOnDeny"]) | {"location", "www-authenticate"}
            return status, [(key, value) for key, value in headers if key.lower() in keep], body

        def handle_request(self):
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length) if length else b""
            headers = {key.lower(): value for key, value in self.headers.items()}
            if gateway.host and headers.get("host", "").split(":")[0] != gateway.host:
                return self.answer(404, [])
            request = {"path": self.path.split("?")[0], "headers": headers, "principal": None}
            if gateway.denied("CUSTOM", request):
                refused = self.checked(request)
                if refused:
                    return self.answer(*refused)
            for rule in gateway.tokens:
                for header in rule.get("outputClaimToHeaders", []):
                    headers.pop(header["header"].lower(), None)
            if headers.get("authorization", "").startswith("Bearer "):
                try:
                    claims, rule = gateway.authenticate(headers["authorization"][7:])
                except PermissionError as error:
                    return self.answer(401, [("www-authenticate", "Bearer")], str(error).encode())
                request["principal"] = f"{claims['iss']}/{claims['sub']}"
                for header in rule.get("outputClaimToHeaders", []):
                    if header["claim"] in claims:
                        headers[header["header"].lower()] = claim(claims[header["claim"]])
            if gateway.denied("DENY", request):
                return self.answer(403, [], b"RBAC: access denied")
            prefix, route = next((entry for entry in gateway.routes if request["path"].startswith(entry[0])), (None, None))
            if route is None:
                return self.answer(404, [])
            path = self.path
            if "uri" in route.get("rewrite", {}):
                path = route["rewrite"]["uri"] + path[len(prefix):]
            return self.answer(*self.ask(gateway.address(route["route"][0]["destination"]["host"]), path, headers, body))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_request

    return Handler
