#!/usr/bin/env bash
# From `kfm build example` to the login page and a notebook's pod, with real programs as far as they can be had.
#
#   run.sh [--install] [PICTURES]
#
# Prints a line for each check, then a table of what was real, emulated and skipped. Exit code 1 if a check failed.
# With --install what is missing is installed first by install.sh. One variable:
#
#   PROGRAMS       where install.sh puts things (default: kfm-platform in the cache directory). What no registry has is put
#                  into its bin by hand: dex, profile-controller, notebook-controller, kfam, all of the images' tags
set -uo pipefail
cd "$(dirname "$0")/../.."
install=
if [ "${1:-}" = --install ]; then install=yes; shift; fi
pictures=${1:-target/pictures}
here=tests/platform
programs=${PROGRAMS:-${XDG_CACHE_HOME:-$HOME/.cache}/kfm-platform}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rows=()
failures=0
row() { rows+=("$1|$2|$3"); }
outcome() {
  if [ "$3" -eq 0 ]; then row "$1" "$2" holds; else row "$1" "$2" "**failed**"; failures=$((failures + 1)); fi
}

if [ -n "$install" ]; then $here/install.sh "$programs"; fi
PATH=$PATH:$programs/bin
python=$programs/python/bin/python
[ -x "$python" ] || python=python3
"$python" -c 'import yaml' 2>/dev/null || { echo "needs PyYAML: --install"; exit 2; }
# why NAME: the reason why install.sh could not get something
why() { sed -n "s/^$1: //p" "$programs/missing" 2>/dev/null | grep . || echo "--install, or put it into $programs/bin"; }
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
dex=$(command -v dex || true)
proxy=$(command -v oauth2-proxy || true)
chromium=$(command -v chromium || command -v google-chrome || true)
"$python" -c 'import websocket' 2>/dev/null || chromium=
if [ -z "$dex" ]; then
  row "login" "—" "skipped: no dex in $programs/bin (no registry has it)"
elif [ -z "$proxy" ]; then
  row "login" "—" "skipped: no oauth2-proxy ($(why oauth2-proxy))"
elif ! "$python" -c 'import jwt, cryptography' 2>/dev/null; then
  row "login" "—" "skipped: no PyJWT and cryptography (--install)"
elif [ "$(id -u)" != 0 ]; then
  row "login" "—" "skipped: needs root for a private /etc/hosts"
else
  "$python" $here/login.py "$work/all.yaml" --dex "$dex" --oauth2-proxy "$proxy" ${chromium:+--chromium "$chromium" --pictures "$pictures"}
  outcome "login by Dex and oauth2-proxy, tokens, logging out" "Dex, oauth2-proxy real; ingress gateway emulated" $?
  if [ -n "$chromium" ]; then row "pictures of the pages" "Chromium real" "$(find "$pictures" -name '*.png' | wc -l) in $pictures"; else row "pictures of the pages" "—" "skipped: no Chromium, or no websocket-client (--install)"; fi
fi

echo "== kfm init --layout gitops"
"$python" tests/distribution/gitops.py
outcome "kfm init --layout gitops: builds, HCL" "own checks; kustomize, terraform fmt where they are" $?

echo "== from the output to a notebook's pod, on an API server"
application=
if "$kfm" init --layout gitops "$work/gitops" >"$work/gitops.log" 2>&1; then application=$work/gitops/apps/kubeflow.yaml; fi
if [ "$(id -u)" != 0 ]; then
  row "apply, profile, notebook" "—" "skipped: needs root for a private network"
elif ! command -v etcd >/dev/null; then
  row "apply, profile, notebook" "—" "skipped: no etcd ($(why etcd))"
elif ! command -v kube-apiserver >/dev/null; then
  row "apply, profile, notebook" "—" "skipped: no kube-apiserver ($(why kube))"
else
  "$python" $here/walk.py "$work/all.yaml" "$programs" $application >"$work/walk.log"
  code=$?
  grep -v '^row|' "$work/walk.log"
  while IFS='|' read -r _ what how result; do row "$what" "$how" "$result"; done < <(grep '^row|' "$work/walk.log")
  outcome "from kfm build example to a notebook's pod" "see the rows above" $code
fi
row "istioctl analyze, kyverno test" "—" "not run: 1,600 and 2,600 packages to build"
row "kgateway, ztunnel, istiod, kubelet" "—" "not run: no program for them here; see docs/distribution.md"

printf '\n| what | how true to life | result |\n| --- | --- | --- |\n'
for entry in "${rows[@]}"; do printf '| %s |\n' "${entry//|/ | }"; done
exit $((failures > 0))
