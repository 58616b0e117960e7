#!/usr/bin/env bash
# Does a real API server take what `kfm build example` prints?
#
#   apply.sh [DIRECTORY]     default: example
#
# Applies it with `kubectl apply --server-side` in the order printed: first all up to the last CustomResourceDefinition,
# then, once those are established, the rest. Nothing is tried twice. Then all of it once more, as an upgrade would, with
# the webhooks in place. Kinds that the platform expects of the cluster (Istio, cert-manager, Gateway API) get minimal
# definitions, and namespaces of the cluster are made, where they are missing.
#
# The server: that of $KUBECONFIG, fresh, for definitions of an earlier run may lack a version that this one needs; or one
# started by the program $APISERVER (`start DIR` prints KUBECONFIG=FILE, `stop DIR` ends it).
# Skips with a reason, and exit code 0, where there is neither.
set -euo pipefail
cd "$(dirname "$0")/../.."
directory=${1:-example}
apiserver=${APISERVER:-}
work=$(mktemp -d)
started=
finish() {
  if [ -n "$started" ]; then "$apiserver" stop "$work/server" >/dev/null 2>&1 || true; fi
  rm -rf "$work"
}
trap finish EXIT
skip() { echo "skipped: $*"; exit 0; }

command -v kubectl >/dev/null || skip "no kubectl on the path"
python3 -c 'import yaml' 2>/dev/null || skip "no PyYAML for python3"
kfm=${KFM:-}
for candidate in target/release/kfm target/debug/kfm "$(command -v kfm || true)"; do
  if [ -z "$kfm" ] && [ -x "$candidate" ]; then kfm=$candidate; fi
done
[ -n "$kfm" ] || skip "no kfm: build it, or name it in \$KFM"

if [ -z "${KUBECONFIG:-}" ]; then
  [ -n "$apiserver" ] && [ -x "$apiserver" ] || skip "no \$KUBECONFIG, and no \$APISERVER to start one"
  command -v etcd >/dev/null || skip "no etcd (Debian: etcd-server)"
  command -v go >/dev/null || [ -x "$HOME/.cache/kfm-apiserver" ] || skip "no Go to build kube-apiserver with"
  echo "starting an API server"
  started=yes
  "$apiserver" start "$work/server" >"$work/start.log" 2>&1 || { tail -5 "$work/start.log"; started=; skip "the API server did not start"; }
  KUBECONFIG=$(sed -n 's/^KUBECONFIG=//p' "$work/start.log")
  export KUBECONFIG
fi
version=$(kubectl get --raw /version 2>/dev/null | python3 -c 'import json, sys; v = json.load(sys.stdin); print(v["major"] + "." + v["minor"])') ||
  skip "no API server answers at the one of \$KUBECONFIG"

"$kfm" build "$directory" >"$work/all.yaml" 2>/dev/null

# What the cluster must bring, and the two halves of the output.
kubectl api-resources --no-headers >"$work/served" 2>/dev/null || true
python3 - "$work" <<'PY'
import re
import sys
from pathlib import Path

import yaml

work = Path(sys.argv[1])
text = (work / "all.yaml").read_text()
documents = re.split(r"^---\n", text, flags=re.M)
objects = [yaml.load(d, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) for d in documents]
served = {(f[-3].rsplit("/", 1)[0] if "/" in f[-3] else "", f[-1]) for f in map(str.split, (work / "served").read_text().splitlines()) if len(f) > 2}
defined = {(o["spec"]["group"], o["spec"]["names"]["kind"]) for o in objects if o["kind"] == "CustomResourceDefinition"}

missing = {}
for o in objects:
    group, _, version = o["apiVersion"].rpartition("/")
    if "." not in group or group.endswith(".k8s.io") and group != "gateway.networking.k8s.io":
        continue
    if (group, o["kind"]) not in defined | served:
        entry = missing.setdefault((group, o["kind"]), {"versions": set(), "namespaced": False})
        entry["versions"].add(version)
        entry["namespaced"] |= "namespace" in o["metadata"]
stubs = []
for (group, kind), entry in sorted(missing.items()):
    singular = kind.lower()
    plural = singular[:-1] + "ies" if singular.endswith("cy") else singular + "s"
    stubs.append({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}", "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}},
        "spec": {
            "group": group,
            "scope": "Namespaced" if entry["namespaced"] else "Cluster",
            "names": {"kind": kind, "listKind": kind + "List", "plural": plural, "singular": singular},
            "versions": [{
                "name": v, "served": True, "storage": i == 0,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            } for i, v in enumerate(sorted(entry["versions"], reverse=True))],
        },
    })
made = {o["metadata"]["name"] for o in objects if o["kind"] == "Namespace"}
# `default` and its like are there; applying them is no change
for namespace in sorted({o["metadata"]["namespace"] for o in objects if "namespace" in o["metadata"]} - made):
    stubs.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
(work / "outside.yaml").write_text(yaml.dump_all(stubs))
last = max((i for i, o in enumerate(objects) if o["kind"] == "CustomResourceDefinition"), default=-1)
(work / "first.yaml").write_text("---\n".join(documents[:last + 1]))
(work / "rest.yaml").write_text("---\n".join(documents[last + 1:]))
(work / "count").write_text(f"{len(objects)} {last + 1} {len(stubs)}\n")
PY
read -r count first outside <"$work/count"

established() {
  kubectl wait --for=condition=Established --timeout=60s customresourcedefinition --all >/dev/null
}
apply() {
  kubectl apply --server-side --force-conflicts --field-manager=kfm-test -f "$1" >>"$work/applied" 2>>"$work/refused" || true
}
echo "kube-apiserver $version; $count objects of $directory; $outside definitions and namespaces from outside"
if [ "$outside" -gt 0 ]; then
  kubectl apply --server-side -f "$work/outside.yaml" >"$work/outside.log" 2>&1 || { cat "$work/outside.log"; exit 1; }
  established
fi
for round in "the first time" "once more"; do
  : >"$work/applied"; : >"$work/refused"
  if [ "$first" -gt 0 ]; then apply "$work/first.yaml"; established; fi
  apply "$work/rest.yaml"
  accepted=$(grep -c 'serverside-applied$' "$work/applied" || true)
  echo "$round: $accepted of $count objects accepted"
  if [ "$accepted" != "$count" ] || [ -s "$work/refused" ]; then
    grep -v '^Warning' "$work/refused" || true
  fi
  grep '^Warning' "$work/refused" | sort | uniq -c || true
  [ "$accepted" = "$count" ] || exit 1
done
