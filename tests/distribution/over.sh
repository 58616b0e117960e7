#!/usr/bin/env bash
# Do `example` and every overlay work over another release of kubeflow/manifests, which is kubeflow/community-distribution now?
#
#   over.sh TREE     a checkout: git clone https://github.com/kubeflow/community-distribution TREE
#
# Each overlay over TREE must pass check.py with no finding that TREE alone has not, keep its promises with every setting changed,
# and print what kustomize prints ($KUSTOMIZE, else `kustomize` or `kubectl kustomize` on the path). Then: which objects and
# images are others than in the built-in manifests.
set -euo pipefail
here=$(dirname "$0")
if [ $# -ne 1 ] || [ ! -d "$1/applications" ]; then sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; fi
tree=$(cd "$1" && pwd)
python=${PYTHON:-python3}
if [ -n "${KUSTOMIZE:-}" ]; then
  path=$(mktemp -d)
  trap 'rm -rf "$path"' EXIT
  ln -s "$(realpath "$KUSTOMIZE")" "$path/kustomize"
  PATH=$path:$PATH
fi
KUBEFLOW_MANIFESTS=$tree "$python" "$here/overlays.py" --upstream-only
KUBEFLOW_MANIFESTS=$tree "$python" "$here/over.py" "$tree"
