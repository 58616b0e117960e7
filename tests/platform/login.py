#!/usr/bin/env python3
"""Logs in through real Dex and oauth2-proxy, which the output of a build configures, behind a stand-in for the ingress gateway.

    login.py STREAM [--dex PROGRAM] [--oauth2-proxy PROGRAM] [--chromium PROGRAM --pictures DIR] [--scheme http --host localhost:PORT]

Changed in the rendered configuration: Dex's storage (memory), and the addresses on which both listen. Names inside the cluster lead
to loopback by a private /etc/hosts (unshare -m, so root). Behind the gateway a page stands in for the dashboard that shows the
request's headers. Prints a line for each check; exit code 1 if one fails.
"""

import argparse
import contextlib
import html
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from browser import Browser, Chromium
from gateway import Gateway
from rendered import Stream

VALUES = Path(__file__).resolve().parents[2] / "example/cluster/istiod.yaml"
INSIDE = "127.0.0.1 localhost dex.auth.svc.cluster.local oauth2-proxy.oauth2-proxy.svc.cluster.local\n"
failed = []


def check(name, holds, detail=""):
    print(f"{'ok  ' if holds else 'FAIL'} {name}" + (f": {detail}" if not holds and detail != "" else ""), flush=True)
    if not holds:
        failed.append(name)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait(port, path="/", seconds=120):
    for _ in range(seconds * 5):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"nothing answers on {port}")


class Headers(BaseHTTPRequestHandler):
    """A page that shows the request's headers, as JSON or, to a browser, as a page."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        found = {key.lower(): value for key, value in self.headers.items()}
        text, kind = json.dumps({"path": self.path, "headers": found}), "application/json"
        if "text/html" in found.get("accept", "") and "HeadlessChrome" in found.get("user-agent", ""):
            shown = {key: value[:60] for key, value in found.items() if key.startswith(("kubeflow", "x-auth", "authorization"))}
            text, kind = f"<h1>Behind the gateway</h1><pre>{html.escape(json.dumps(shown, indent=2))}</pre>", "text/html"
        body = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


class Programs:
    """Dex and oauth2-proxy as the output configures them, and the stand-in for the ingress gateway."""

    def __init__(self, stream, options, work):
        self.work, self.stack = work, contextlib.ExitStack()
        (work / "hosts").write_text(INSIDE)
        self.dex(stream, options)
        self.oauth2_proxy(stream, options)
        page = self.serve(ThreadingHTTPServer(("127.0.0.1", 0), Headers))
        provider = yaml.safe_load(VALUES.read_text())["meshConfig"]["extensionProviders"][0]["envoyExtAuthzHttp"]
        services = {"auth/dex": "127.0.0.1:5556", "oauth2-proxy/oauth2-proxy": f"127.0.0.1:{self.proxy}", "*": f"127.0.0.1:{page}"}
        gateway = Gateway(stream, provider, f"127.0.0.1:{self.proxy}", services)
        self.gateway = self.serve(gateway.serve(options.port))

    def serve(self, server):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.stack.callback(server.shutdown)
        return server.server_port

    def start(self, name, command, environment):
        log = self.stack.enter_context((self.work / f"{name}.log").open("w"))
        inside = ["unshare", "-m", "sh", "-c", f'mount --bind {self.work}/hosts /etc/hosts && exec "$@"', "sh", *command]
        process = subprocess.Popen(inside, env={"PATH": os.environ["PATH"], "HOME": str(self.work), **environment}, stdout=log, stderr=log)
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)

    def dex(self, stream, options):
        pod = stream.container("auth", "dex", self.work / "dex")
        self.config = yaml.safe_load(Path(pod["mounts"]["/etc/dex/cfg"], "config.yaml").read_text())
        config = {**self.config, "storage": {"type": "memory"}, "web": {"http": "127.0.0.1:5556"}}
        (self.work / "dex.yaml").write_text(yaml.safe_dump(config))
        check("Dex is started as its pod starts it", pod["command"][:2] == ["dex", "serve"], pod["command"])
        self.start("dex", [options.dex, "serve", str(self.work / "dex.yaml")], pod["env"])
        wait(5556, "/dex/healthz")

    def oauth2_proxy(self, stream, options):
        pod = stream.container("oauth2-proxy", "oauth2-proxy", self.work / "oauth2-proxy")
        self.environment, self.proxy = pod["env"], free_port()
        replaced = {"0.0.0.0:4180": f"127.0.0.1:{self.proxy}", "0.0.0.0:44180": f"127.0.0.1:{free_port()}", **pod["mounts"]}

        def local(text):
            for old, new in replaced.items():
                text = text.replace(old, new)
            return text

        file = Path(pod["mounts"]["/etc/oauth2_proxy/oauth2_proxy.cfg"])
        file.write_text(local(file.read_text()))
        self.start("oauth2-proxy", [options.oauth2_proxy, *map(local, pod["args"])], pod["env"])
        check("oauth2-proxy answers its probes", (wait(self.proxy, "/ping"), wait(self.proxy, "/ready")) == (200, 200))

    def logs(self):
        return "\n".join(f"--- {log.name}\n{log.read_text()[-1500:]}" for log in self.work.glob("*.log"))


def issuers(programs, stream):
    issuer = programs.config["issuer"]
    connection = http.client.HTTPConnection("127.0.0.1", 5556)
    connection.request("GET", "/dex/.well-known/openid-configuration")
    found = json.loads(connection.getresponse().read())["issuer"]
    rules = stream.get("RequestAuthentication", "istio-system", "dex-jwt")["spec"]["jwtRules"]
    proxy = programs.environment.get("OAUTH2_PROXY_OIDC_ISSUER_URL")
    text = (programs.work / "oauth2-proxy/etc/oauth2_proxy/oauth2_proxy.cfg").read_text()
    proxy = proxy or re.search(r'oidc_issuer_url = "(.*)"', text)[1]
    check("one issuer in Dex, its discovery, oauth2-proxy and Istio", {issuer, found, proxy, rules[0]["issuer"]} == {issuer}, (issuer, found, proxy, rules))


def form_of(browser, answer):
    """From the sign-in page to Dex's form, and where that is posted to."""
    check("without a session: the sign-in page", answer.status == 403 and "/oauth2/start" in answer.text, (answer.status, answer.text[:200]))
    answer = browser.follow(browser.request("GET", "/oauth2/start?rd=%2F%3Fns%3Dx"))
    form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
    check("Dex's login form", answer.status == 200 and form and 'name="password"' in answer.text, answer.text[:200])
    return urllib.parse.urljoin(answer.path, html.unescape(form[1])) if form else "/"


def walk(programs, options, host):
    browser = Browser(programs.gateway, options.scheme, host)
    user = programs.config["staticPasswords"][0]["email"]
    answer = browser.request("GET", "/api/x", headers={"Accept": "application/json"})
    check("a request in the background: 401", answer.status == 401, answer.status)
    action = form_of(browser, browser.request("GET", "/"))
    post = lambda password: browser.request("POST", action, urllib.parse.urlencode({"login": user, "password": password}))
    refused = post("wrong")
    check("a wrong password is refused", refused.status in (200, 401) and 'name="password"' in refused.text, refused.status)
    answer = browser.follow(post(options.password))
    check("no page in between asks for approval", "Grant Access" not in answer.text)
    check("back at the page asked for", (answer.status, answer.path) == (200, "/?ns=x"), (answer.status, answer.path, answer.text[:200]))
    session = {name: cookie for name, cookie in browser.jar.items() if name.startswith(programs.environment["OAUTH2_PROXY_COOKIE_NAME"])}
    secure = programs.environment["OAUTH2_PROXY_COOKIE_SECURE"] == "true"
    check("the session's cookie: HttpOnly, and Secure as FORCE_HTTPS says",
          bool(session) and all("httponly" in c["attributes"] and ("secure" in c["attributes"]) == secure for c in session.values()), session)
    headers = json.loads(answer.text)["headers"] if answer.status == 200 else {}
    check("the user arrives", headers.get("kubeflow-userid") == user, headers)
    forged = browser.request("GET", "/", headers={"kubeflow-userid": "admin@evil", "kubeflow-groups": "system:masters"})
    seen = json.loads(forged.text)["headers"]
    check("headers from outside do not get through", seen["kubeflow-userid"] == user and seen.get("kubeflow-groups") != "system:masters", seen)
    tokens(Browser(programs.gateway, options.scheme, host), headers.get("authorization", ""), user)
    browser.request("GET", "/oauth2/sign_out")
    check("after logging out: the sign-in page", browser.request("GET", "/").status == 403)


def tokens(browser, bearer, user):
    answer = browser.request("GET", "/", headers={"Authorization": bearer})
    check("a token of Dex works without a cookie", answer.status == 200 and json.loads(answer.text)["headers"]["kubeflow-userid"] == user, answer.status)
    answer = browser.request("GET", "/", headers={"Authorization": bearer[:-4] + "AAAA"})
    check("a token with a broken signature does not", answer.status == 401, answer.status)


def pictures(programs, options, host):
    """The same in Chromium, with a picture of each page."""
    directory = Path(options.pictures)
    directory.mkdir(parents=True, exist_ok=True)
    chromium = Chromium(options.chromium, programs.work / "chromium")
    try:
        chromium.open(f"http://{host}/")
        chromium.picture(directory / "1-sign-in.png")
        chromium.act("document.querySelector('form button, button').click()")
        chromium.picture(directory / "2-login.png")
        user = json.dumps(programs.config["staticPasswords"][0]["email"])
        chromium.act(f"document.querySelector('[name=login]').value = {user};"
                     f"document.querySelector('[name=password]').value = {json.dumps(options.password)}; document.querySelector('form').submit()")
        chromium.picture(directory / "3-logged-in.png")
        text = chromium.evaluate("document.body.innerText") or ""
        check("Chromium arrives behind the gateway as the user", user.strip('"') in text, text[:200])
    finally:
        chromium.close()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("stream")
    options.add_argument("--dex", default=shutil.which("dex"))
    options.add_argument("--oauth2-proxy", default=shutil.which("oauth2-proxy"))
    options.add_argument("--chromium")
    options.add_argument("--pictures", default="pictures")
    options.add_argument("--scheme", default="https", choices=("http", "https"))
    options.add_argument("--host", help="default: that of the HTTPRoute; `localhost` for the gateway's own address")
    options.add_argument("--password", default="12341234")
    given = options.parse_args()
    given.port = free_port()
    stream = Stream(given.stream)
    host = given.host or stream.all("HTTPRoute")[0]["spec"]["hostnames"][0]
    host = f"localhost:{given.port}" if host == "localhost" else host
    with tempfile.TemporaryDirectory(prefix="login-") as work:
        programs = Programs(stream, given, Path(work))
        try:
            issuers(programs, stream)
            walk(programs, given, host)
            if given.chromium:
                pictures(programs, given, f"localhost:{given.port}")
        finally:
            if failed or sys.exc_info()[0]:
                print(programs.logs())
            programs.stack.close()
    print(f"{len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
