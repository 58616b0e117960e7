#!/usr/bin/env python3
"""The table of manifests/README.md, from what kfm renders.

    table.py            writes it between its two markers
    table.py --check    exits 1 when the file does not hold what would be written
"""

import re
import sys
from decimal import Decimal

import render
from render import containers, pod_of

README = render.ROOT / "manifests" / "README.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
IMAGE = re.compile(r"(?<![\w./:@-])(?:[a-z0-9.-]+/)+[a-z0-9._-]+:v?[0-9][\w.-]*(?![\w/:-])")
UNITS = {"": 1, "m": Decimal("0.001"), "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}


def quantity(text):
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text)).groups()
    return Decimal(number) * UNITS[unit]


def images(objects):
    """Images that run, and images named in settings for pods that users start."""
    run, named = [], []
    for thing in objects:
        pod = pod_of(thing)
        if pod is not None:
            for container in containers(pod):
                run.append(container["image"])
                for entry in container.get("env") or []:
                    named += IMAGE.findall(str(entry.get("value", "")))
        elif thing["kind"] == "ConfigMap":
            for value in (thing.get("data") or {}).values():
                named += IMAGE.findall(value)
    return sorted(set(run)), sorted(set(named) - set(run))


def row(component, release):
    objects = render.build(render.ROOT / "manifests" / component["path"])
    run, named = images(objects)
    cpu = memory = pods = 0
    for thing in objects:
        pod = pod_of(thing)
        if pod is None:
            continue
        replicas = thing["spec"].get("replicas", 1)
        pods += replicas
        for container in containers(pod):
            requests = (container.get("resources") or {}).get("requests") or {}
            cpu += replicas * quantity(requests.get("cpu", 0))
            memory += replicas * quantity(requests.get("memory", 0))
    tags = [image.rsplit(":", 1)[1] for image in run if "kube-rbac-proxy" not in image]
    version = ", ".join(sorted(set(tags))) or release
    cells = [
        component["name"],
        f"[{component['path']}]({component['path']})",
        version,
        "<br>".join([f"`{image}`" for image in run] + [f"`{image}` (for users)" for image in named]) or "—",
        str(pods),
        f"{int(cpu * 1000)}m" if pods else "—",
        f"{int(memory / 2**20)}Mi" if pods else "—",
    ]
    return cells, (pods, cpu, memory)


def table():
    listed = render.data("components.yaml")
    rows = [row(component, listed["release"]) for component in listed["components"]]
    total = [sum(sums[index] for _, sums in rows) for index in range(3)]
    lines = ["| Component | Path, here and upstream | Version | Images | Pods | CPU requests | Memory requests |", "| --- | --- | --- | --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(cells) + " |" for cells, _ in rows]
    lines.append(f"| **Total** | | | | **{total[0]}** | **{int(total[1] * 1000)}m** | **{int(total[2] / 2**20)}Mi** |")
    return "\n".join(lines) + "\n"


def main():
    text = README.read_text()
    before, rest = text.split(BEGIN)
    written = before + BEGIN + table() + END + rest.split(END)[1]
    if "--check" in sys.argv[1:]:
        if written != text:
            print(f"{README.relative_to(render.ROOT)} is not current: run tests/distribution/table.py")
            return 1
        return 0
    README.write_text(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
