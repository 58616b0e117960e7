#!/usr/bin/env python3
"""Our manifests beside upstream's.

    compare.py TREE             compares with kubeflow/manifests unpacked at TREE, writes docs/distribution-comparison.md
    compare.py TREE --check     writes nothing; exits 1 when that file is not what would be written

Both trees are built with kfm, component by component, and taken apart into facts: which objects there are, images,
ports, arguments, environment, RBAC verbs, webhook rules. Each difference needs a reason in differences.yaml; one
without a reason, or a reason without a difference, is an error.
"""

import argparse
import json
import re
import sys

import render
from render import containers, meta, name_of, namespace_of, pod_of

REPORT = render.ROOT / "docs" / "distribution-comparison.md"
HASH = re.compile(r"-[bcdfghkmt24-9]{10}$")
COLUMNS = ["objects", "workloads", "images", "ports", "RBAC", "webhooks", "other"]


def plain(name):
    """A name without the suffix a generator gave it."""
    return HASH.sub("", name)


def flat(value):
    """A value as one line, names without hashes."""
    return re.sub(r"-[bcdfghkmt24-9]{10}(?=\"|$)", "", json.dumps(value, sort_keys=True))


def one_valued(value):
    """`matchExpressions` with `In` and one value say the same as `matchLabels`: written one way."""
    if isinstance(value, list):
        return [one_valued(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: one_valued(item) for key, item in value.items() if item not in (None, "") or key in ("value", "issuer")}
    for entry in list(value.get("matchExpressions") or []):
        if isinstance(entry, dict) and entry.get("operator") == "In" and len(entry.get("values") or []) == 1:
            value["matchExpressions"].remove(entry)
            value.setdefault("matchLabels", {})[entry["key"]] = entry["values"][0]
    if value.get("matchExpressions") == []:
        del value["matchExpressions"]
    return value


def facts(objects):
    """{(column, object, fact): value}: what is compared."""
    found = {}
    for thing in objects:
        kind, spec = thing["kind"], thing.get("spec") or {}
        place = f"{namespace_of(thing)}/" if namespace_of(thing) else ""
        who = f"{kind} {place}{plain(name_of(thing))}"

        def note(column, fact, value):
            found[(column, who, fact)] = flat(value)

        note("objects", "exists", True)
        notes = {k: v for k, v in (meta(thing).get("annotations") or {}).items() if "controller-gen" not in k}
        note("other", "annotations", notes)
        roles = {k: v for k, v in (meta(thing).get("labels") or {}).items() if k.startswith(("rbac.", "istio", "pod-security", "control-plane"))}
        note("other", "labels that act", roles)
        pod = pod_of(thing)
        if pod is not None:
            workload(note, thing, pod)
        elif kind == "Service":
            note("ports", "ports", sorted((p["port"], str(p.get("targetPort", p["port"])), p.get("name", "")) for p in spec["ports"]))
            note("other", "selector and the rest", {k: v for k, v in spec.items() if k not in ("ports", "sessionAffinity", "type")})
        elif kind in ("Role", "ClusterRole"):
            for rule in thing.get("rules") or []:
                for resource in rule.get("resources") or rule.get("nonResourceURLs") or []:
                    for place in rule.get("apiGroups") or [""]:
                        key = ("RBAC", who, f"verbs on {place + '/' if place else ''}{resource}")
                        verbs = set(json.loads(found.get(key, "[]"))) | set(rule["verbs"])
                        found[key] = flat(sorted(verbs))
            note("RBAC", "aggregation", thing.get("aggregationRule") or {})
        elif kind in ("RoleBinding", "ClusterRoleBinding"):
            note("RBAC", "binding", [thing["roleRef"], thing.get("subjects")])
        elif kind.endswith("WebhookConfiguration"):
            for hook in thing["webhooks"]:
                note("webhooks", hook["name"], one_valued(hook))
        elif kind == "CustomResourceDefinition":
            names = {k: v for k, v in spec["names"].items()}
            note("other", "names and scope", [spec["group"], spec["scope"], names])
            note("other", "conversion", (spec.get("conversion") or {}).get("strategy", "None"))
            note("other", "versions", sorted((v["name"], v["served"], v["storage"], sorted(v.get("subresources") or {})) for v in spec["versions"]))
            for version in spec["versions"]:
                note("other", f"fields of {version['name']}", fields(version["schema"]["openAPIV3Schema"]))
        elif kind in ("ConfigMap", "Secret"):
            for key, value in {**(thing.get("data") or {}), **(thing.get("stringData") or {})}.items():
                note("other", f"key {key}", content(key, value))
        else:
            note("other", "spec", one_valued(spec))
    return found


def workload(note, thing, pod):
    spec = pod.get("spec") or {}
    note("workloads", "replicas", thing["spec"].get("replicas", 1))
    note("workloads", "selector", thing["spec"].get("selector"))
    note("workloads", "pod labels", meta(pod).get("labels"))
    note("workloads", "service account", spec.get("serviceAccountName"))
    note("workloads", "containers in order", [c["name"] for c in containers(pod)])
    note("workloads", "affinity", spec.get("affinity"))
    note("workloads", "volumes", sorted(strip_modes(spec.get("volumes") or []), key=lambda v: v["name"]))
    for container in containers(pod):
        name = container["name"]
        note("images", name, container["image"])
        note("ports", name, sorted((p["containerPort"], p.get("name", "")) for p in container.get("ports") or []))
        note("workloads", f"{name}: command and arguments", (container.get("command") or []) + (container.get("args") or []))
        for entry in container.get("env") or []:
            note("workloads", f"{name}: env {entry['name']}", entry.get("valueFrom") or entry.get("value") or "")
        note("workloads", f"{name}: envFrom", container.get("envFrom"))
        note("workloads", f"{name}: mounts", sorted(container.get("volumeMounts") or [], key=lambda m: m["mountPath"]))
        for probe in ("livenessProbe", "readinessProbe"):
            asked = container.get(probe) or {}
            target = {k: v for k, v in asked.items() if k in ("httpGet", "tcpSocket", "exec")}
            ports = {p.get("name"): p["containerPort"] for p in container.get("ports") or []}
            for check in target.values():
                check.pop("scheme", None)
                check["port"] = ports.get(check.get("port"), check.get("port"))
            note("workloads", f"{name}: {probe}", target)
        requests = (container.get("resources") or {})
        note("workloads", f"{name}: resources", requests)
        security = {**(spec.get("securityContext") or {}), **(container.get("securityContext") or {})}
        note("workloads", f"{name}: security context", security)


def strip_modes(volumes):
    out = json.loads(json.dumps(volumes))
    for volume in out:
        for source in volume.values():
            if isinstance(source, dict):
                source.pop("defaultMode", None)
    return out


def fields(schema, path=""):
    """The paths of a definition down to where either side lets anything through, types included."""
    found = {}
    for key, inner in (schema.get("properties") or {}).items():
        where = f"{path}.{key}"
        if where.count(".") <= 2 and key not in ("apiVersion", "kind", "metadata"):
            kind = inner.get("type", "int-or-string")
            found[where] = kind
            found.update(fields(inner, where))
    return found


def content(key, value):
    """Settings as what they say, not as they are written."""
    if key.endswith((".yaml", ".yml")):
        return one_valued(render.parse(value)[0])
    if key.endswith(".cfg"):
        lines = [line.split("#")[0] if not '"' in line else line for line in value.splitlines() if not line.strip().startswith("#")]
        joined = re.sub(r"\[[^\]]*\]", lambda m: re.sub(r"\s+", "", m.group(0)).replace(",]", "]"), "\n".join(lines))
        return sorted(re.sub(r"\s*=\s*", "=", line.strip()) for line in joined.splitlines() if line.strip())
    try:
        return json.loads(value) if value[:1] in "{[" else value
    except ValueError:
        return value


def differences(ours, theirs):
    """[(column, object, what)], one for each fact that is not the same; a missing object counts once."""
    rows = []
    have = {who for _, who, _ in ours}, {who for _, who, _ in theirs}
    for key in sorted(set(ours) | set(theirs)):
        column, who, fact = key
        a, b = ours.get(key), theirs.get(key)
        empty = ("null", "{}", "[]", '""', None)
        if a == b or (a in empty and b in empty):
            continue
        if who not in have[0]:
            if column == "objects":
                rows.append((column, who, "only upstream"))
        elif who not in have[1]:
            if column == "objects":
                rows.append((column, who, "only here"))
        else:
            rows.append((column, who, f"{fact}: {change(b, a)}"))
    return rows


def change(theirs, ours):
    """What changed between two values: only the parts that differ, when both are structures."""
    before, after = (json.loads(text) if text else None for text in (theirs, ours))
    if isinstance(before, dict) and isinstance(after, dict) and before and after:
        parts = []
        for path in sorted(set(leaves(before)) | set(leaves(after))):
            a, b = leaves(before).get(path), leaves(after).get(path)
            if a != b:
                parts.append(f"{path} {short(a)} → {short(b)}")
        return ", ".join(parts[:4]) + (f", and {len(parts) - 4} more" if len(parts) > 4 else "")
    if isinstance(before, list) and isinstance(after, list) and before and after:
        gone = [json.dumps(item) for item in before if item not in after]
        new = [json.dumps(item) for item in after if item not in before]
        if gone or new:
            return ", ".join([f"without {short(item)}" for item in gone] + [f"with {short(item)}" for item in new])
    return f"{short(theirs)} → {short(ours)}"


def leaves(value, path=""):
    """{path: JSON} of everything in a structure that is none itself; lists of plain values are one leaf."""
    if isinstance(value, dict) and value:
        items = value.items()
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        items = ((str(index), item) for index, item in enumerate(value))
    else:
        return {path: json.dumps(value, sort_keys=True)}
    return {inner: text for key, item in items for inner, text in leaves(item, f"{path}.{key}".lstrip(".")).items()}


def short(text):
    if text in (None, "null", "{}", "[]"):
        return "—"
    text = text.replace("|", "\\|")
    return f"`{text}`" if len(text) <= 90 else f"`{text[:60]}…`"


def reasons(component, rows, known, used):
    """Each row with its reason; a row nobody explains gets None."""
    out = []
    for column, who, what in rows:
        reason = None
        for index, entry in enumerate(known):
            if entry.get("component", component) == component and re.search(entry["match"], f"{who}: {what}"):
                reason = entry["reason"]
                used.add(index)
                break
        out.append((column, who, what, reason))
    return out


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("tree")
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    listed = render.data("components.yaml")
    known, used = render.data("differences.yaml")["differences"], set()
    summary, details, unexplained = [], [], []
    for component in listed["components"]:
        ours = facts(render.build(render.ROOT / "manifests" / component["path"]))
        theirs = facts(render.build(f"{given.tree}/{component['path']}"))
        rows = reasons(component["name"], differences(ours, theirs), known, used)
        cells = []
        for column in COLUMNS:
            total = sum(1 for key in theirs if key[0] == column)
            changed = sum(1 for row in rows if row[0] == column)
            cells.append("—" if not total and not changed else ("same" if not changed else f"{changed} differ"))
        summary.append(f"| {component['name']} | {' | '.join(cells)} |")
        unexplained += [f"{component['name']}: {who}: {what}" for _, who, what, reason in rows if not reason]
        if rows:
            details.append(f"\n### {component['name']}\n\n| Object | Upstream → here | Reason |\n| --- | --- | --- |\n" + "\n".join(grouped(rows)))
    stale = [entry["match"] for index, entry in enumerate(known) if index not in used]
    for line in unexplained:
        print(f"no reason for: {line}")
    for line in stale:
        print(f"reason without a difference: {line}")
    text = f"""# The built-in manifests beside kubeflow/manifests {listed['release']}

Written by `tests/distribution/compare.py`, not by hand. Both trees are built component by component and compared
fact by fact: which objects there are, containers with command, environment, probes, resources and security context,
images, ports, RBAC verbs per resource, webhook rules, and the rest of every specification. Names are compared without the
hash of generated ConfigMaps, notation (`matchExpressions` with one value) and comments are not compared, and the fields of
custom resource definitions are compared down to the second level (below it, ours let pod specifications through
unread). A difference without a reason fails the test.

| Component | {' | '.join(COLUMNS)} |
| {' | '.join('---' for _ in range(len(COLUMNS) + 1))} |
{chr(10).join(summary)}

## Differences
{chr(10).join(details)}
"""
    if given.check:
        if not REPORT.exists() or REPORT.read_text() != text:
            print(f"{REPORT.name} is not current: run tests/distribution/compare.py {given.tree}")
            return 1
    else:
        REPORT.write_text(text)
    print(f"{len(listed['components'])} components, {len(unexplained)} differences without a reason, {len(stale)} stale reasons")
    return 1 if unexplained or stale else 0


def grouped(rows):
    """Rows of one reason share a line for each object."""
    seen = {}
    for _, who, what, reason in rows:
        seen.setdefault((reason or "**none**", who), []).append(what)
    return [f"| {who} | {'<br>'.join(folded(what))} | {reason} |" for (reason, who), what in seen.items()]


def folded(whats):
    """`verbs on a: x` and `verbs on b: x` as `verbs on a, b: x`."""
    seen = {}
    for what in whats:
        fact, _, value = what.partition(": ")
        verbs = fact.startswith("verbs on ")
        seen.setdefault((value, None if verbs else fact), []).append(fact.removeprefix("verbs on ") if verbs else fact)
    return [f"{'verbs on ' if fact is None else ''}{', '.join(facts)}" + (f": {value}" if value else "") for (value, fact), facts in seen.items()]


if __name__ == "__main__":
    sys.exit(main())
