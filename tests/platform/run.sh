#!/usr/bin/env bash
# From `kfm build example` to the login page and a notebook's pod, with real programs as far as they can be had.
#
#   run.sh [--install] [PICTURES]
#
# Prints a line for each check, then a table of what was real, emulated and skipped. Exit code 1 if a check failed.
# With --install what is missing is installed: etcd and Chromium from Debian (root), oauth2-proxy as a Go module, Python
# packages into target/python. Programs that cannot be installed are named by variables:
#
#   DEX            the program dex, or DEX_SOURCE a checkout of its tag, to be built (it is no Go module of its tags)
#   OAUTH2_PROXY   the program oauth2-proxy
#   KUBECONFIG     an API server, fresh; or APISERVER, which starts one (see tests/distribution/apply.sh)
#   DEFINITIONS    a directory with the definitions of Gateway API, Istio, cert-manager, Kyverno, KAI and Argo CD, which are
#                  applied first; kinds without one get minimal definitions, which take anything
set -uo pipefail
cd "$(dirname "$0")/../.."
install=
if [ "${1:-}" = --install ]; then install=yes; shift; fi
pictures=${1:-target/pictures}
here=tests/platform
work=$(mktemp -d)
started=
finish() {
  if [ -n "$started" ]; then "$APISERVER" stop "$work/server" >/dev/null 2>&1; fi
  rm -rf "$work"
}
trap finish EXIT
rows=()
failures=0
row() { rows+=("$1|$2|$3"); }
outcome() {
  if [ "$3" -eq 0 ]; then row "$1" "$2" holds; else row "$1" "$2" "**failed**"; failures=$((failures + 1)); fi
}

python=python3
modules='import yaml, jwt, cryptography, websocket, kubernetes_validate, jinja2'
if ! python3 -c "$modules" 2>/dev/null; then
  if [ -x target/python/bin/python ]; then python=target/python/bin/python; fi
  if [ -n "$install" ] && ! "$python" -c "$modules" 2>/dev/null; then
    python3 -m venv target/python && target/python/bin/pip install --quiet pyyaml pyjwt cryptography websocket-client kubernetes-validate jinja2
    python=target/python/bin/python
  fi
fi
"$python" -c 'import yaml' 2>/dev/null || { echo "needs PyYAML: --install"; exit 2; }
debian() {
  if [ -n "$install" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$1" >"$work/apt.log" 2>&1
  fi
}
kfm=${KFM:-}
for candidate in target/release/kfm target/debug/kfm "$(command -v kfm || true)"; do
  if [ -z "$kfm" ] && [ -x "$candidate" ]; then kfm=$candidate; fi
done
[ -n "$kfm" ] || { echo "no kfm: build it, or name it in \$KFM"; exit 2; }
export KFM=$kfm

echo "== build"
"$kfm" build example >"$work/all.yaml" 2>"$work/warnings"
outcome "kfm build example" real $?
cat "$work/warnings"

echo "== references, Pod Security, defaults of mesh and gateway, kernels' pods"
"$python" tests/distribution/test.py >"$work/test.log" 2>&1
code=$?
tail -3 "$work/test.log"
outcome "references, Helm values, planted faults" "own checks" $code

echo "== a notebook's pod in its profile's namespace"
"$python" $here/notebook.py "$work/all.yaml"
outcome "a notebook's pod with and without a sidecar against the profile's Pod Security" "controller and sidecar emulated" $?

echo "== login"
dex=${DEX:-$(command -v dex || true)}
if [ -z "$dex" ] && [ -d "${DEX_SOURCE:-}" ] && command -v go >/dev/null; then
  (cd "$DEX_SOURCE" && go build -o "$work/dex" ./cmd/dex) >"$work/dex.log" 2>&1 && dex=$work/dex
fi
proxy=${OAUTH2_PROXY:-$(command -v oauth2-proxy || true)}
if [ -z "$proxy" ] && [ -n "$install" ] && command -v go >/dev/null; then
  GOBIN=$work go install github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6 >"$work/proxy.log" 2>&1 && proxy=$work/oauth2-proxy
fi
chromium=$(command -v chromium || command -v google-chrome || true)
if [ -z "$chromium" ]; then debian chromium; chromium=$(command -v chromium || true); fi
"$python" -c 'import websocket' 2>/dev/null || chromium=
if [ -z "$dex" ]; then
  row "login" "—" "skipped: no dex (\$DEX, or \$DEX_SOURCE with Go)"
elif [ -z "$proxy" ]; then
  row "login" "—" "skipped: no oauth2-proxy (\$OAUTH2_PROXY, or --install with Go)"
elif ! "$python" -c 'import jwt, cryptography' 2>/dev/null; then
  row "login" "—" "skipped: no PyJWT and cryptography (--install)"
elif [ "$(id -u)" != 0 ]; then
  row "login" "—" "skipped: needs root for a private /etc/hosts"
else
  "$python" $here/login.py "$work/all.yaml" --dex "$dex" --oauth2-proxy "$proxy" ${chromium:+--chromium "$chromium" --pictures "$pictures"}
  outcome "login by Dex and oauth2-proxy, tokens, logging out" "Dex, oauth2-proxy real; ingress gateway emulated" $?
  if [ -n "$chromium" ]; then row "pictures of the pages" "Chromium real" "$(find "$pictures" -name '*.png' | wc -l) in $pictures"; else row "pictures of the pages" "—" "skipped: no Chromium, or no websocket-client (--install)"; fi
fi

echo "== API server"
if [ -z "${KUBECONFIG:-}" ] && [ -x "${APISERVER:-}" ]; then
  command -v etcd >/dev/null || debian etcd-server
  started=yes
  "$APISERVER" start "$work/server" >"$work/start.log" 2>&1
  KUBECONFIG=$(sed -n 's/^KUBECONFIG=//p' "$work/start.log")
  export KUBECONFIG
fi
if ! command -v kubectl >/dev/null || ! kubectl get --raw /version >/dev/null 2>&1; then
  row "apply as the README says, Pod Security, the notebook's pod" "—" "skipped: no API server (\$KUBECONFIG or \$APISERVER)"
else
  if [ -d "${DEFINITIONS:-}" ]; then
    kubectl apply --server-side -R -f "$DEFINITIONS" >"$work/definitions.log" 2>&1
    outcome "definitions of what the cluster brings" real $?
  fi
  PATH=$(dirname "$(command -v "$python")"):$PATH tests/distribution/apply.sh
  outcome "apply as the README says" "API server real" $?
  "$python" $here/podsecurity.py "$work/all.yaml"
  outcome "Pod Security of every pod, and of a notebook's" "API server real; nothing runs" $?
fi
row "kgateway, ztunnel, istiod, kubelet" "—" "not run: no program for them here; see docs/distribution.md"

printf '\n| what | how true to life | result |\n| --- | --- | --- |\n'
for entry in "${rows[@]}"; do printf '| %s |\n' "${entry//|/ | }"; done
exit $((failures > 0))
