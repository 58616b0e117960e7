"""Two browsers: one of a few lines, which keeps cookies as browsers do, and headless Chromium, for pictures."""

import base64
import http.client
import itertools
import json
import subprocess
import time
import urllib.parse
import urllib.request


class Browser:
    """Cookies as browsers keep them: secure ones travel by HTTPS, or to localhost. Leaves its site for nobody."""

    def __init__(self, port, scheme, host):
        self.port, self.scheme, self.host, self.jar, self.seen = port, scheme, host, {}, []
        self.keeps_secure = scheme == "https" or host.split(":")[0] == "localhost"

    def request(self, method, url, body=None, headers=None):
        address = urllib.parse.urlsplit(url)
        if address.netloc not in ("", self.host):
            raise RuntimeError(f"leaves the site: {url}")
        path = (address.path or "/") + ("?" + address.query if address.query else "")
        sent = {"Host": self.host, "Accept": "text/html", "User-Agent": "Mozilla/5.0", **(headers or {})}
        cookies = [f"{name}={cookie['value']}" for name, cookie in self.jar.items() if path.startswith(cookie["path"])]
        if cookies:
            sent["Cookie"] = "; ".join(cookies)
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        response.text, response.path = response.read().decode(errors="replace"), path
        for key, value in response.getheaders():
            if key.lower() == "set-cookie":
                self.keep(value)
        return response

    def keep(self, text):
        first, *attributes = [part.strip() for part in text.split(";")]
        name, value = first.split("=", 1)
        found = {part.split("=")[0].lower(): (part.split("=") + [""])[1] for part in attributes}
        self.seen.append((name, found))
        if "secure" in found and not self.keeps_secure:
            return
        if value == "" or found.get("max-age") == "0" or "1970" in found.get("expires", ""):
            self.jar.pop(name, None)
        else:
            self.jar[name] = {"value": value, "path": found.get("path") or "/", "attributes": found}

    def follow(self, response):
        for _ in range(12):
            if response.status not in (301, 302, 303, 307, 308):
                return response
            there = urllib.parse.urljoin(f"{self.scheme}://{self.host}{response.path}", response.getheader("location"))
            response = self.request("GET", there)
        raise RuntimeError("redirects without end")


class Chromium:
    """Headless Chromium, driven by the DevTools protocol; needs the package websocket-client."""

    def __init__(self, program, directory):
        import websocket

        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0",
                   "--remote-allow-origins=*", "--window-size=1100,800", f"--user-data-dir={directory}", "about:blank"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self.wait_for(lambda: (directory / "DevToolsActivePort").read_text().splitlines()[0])
        pages = self.wait_for(lambda: [p for p in json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json")) if p["type"] == "page"])
        self.socket = websocket.create_connection(pages[0]["webSocketDebuggerUrl"], timeout=120)
        self.numbers = itertools.count(1)
        self.call("Page.enable")

    @staticmethod
    def wait_for(question, seconds=120):
        for _ in range(seconds * 5):
            try:
                answer = question()
                if answer:
                    return answer
            except (OSError, IndexError, ValueError):
                pass
            time.sleep(0.2)
        raise RuntimeError("Chromium does not answer")

    def call(self, method, **parameters):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                return answer.get("result", {})

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True).get("result", {}).get("value")

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.settle()

    def act(self, expression):
        """Runs a script that leads to another page, and waits for that."""
        self.evaluate(f"window.left = true; {expression}")
        self.wait_for(lambda: self.evaluate("window.left") is None)
        self.settle()

    def settle(self):
        self.wait_for(lambda: self.evaluate("document.readyState") == "complete" and self.evaluate("location.href") != "about:blank")

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self.process.terminate()
        self.process.wait()
