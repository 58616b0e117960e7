#!/usr/bin/env bash
# Gets what run.sh drives, from the registries that have it: install.sh DIR [NAME...]
#
#   kube          kube-apiserver, kube-controller-manager and kubectl, built from the Go module k8s.io/kubernetes
#   etcd, chromium       Debian packages (root)
#   oauth2-proxy  a Go module
#   definitions   DIR/definitions: those of Gateway API, Istio, cert-manager, Kyverno and Argo CD, out of their Go modules
#   python        DIR/python: packages that the scripts import
#
# Without names: all of them. What is there already is left alone. What cannot be had is a line `NAME: reason` in
# DIR/missing; the exit code is 0 all the same. Not here, because no registry has them: Dex, Kubeflow's controllers.
set -uo pipefail
cd "$(dirname "$0")"
here=$PWD
directory=${1:?"$(sed -n '2,13s/^# \{0,1\}//p' install.sh)"}
shift
mkdir -p "$directory/bin" "$directory/log"
directory=$(cd "$directory" && pwd)
kubernetes=1.34.2
GOFLAGS="-mod=mod ${GOFLAGS:-}"
export GOFLAGS

have() { command -v "$1" >/dev/null || [ -x "$directory/bin/$1" ]; }
needs() { have "$1" || { echo "needs $1"; return 1; }; }

debian() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "needs Debian and root for $1"; return 1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$1"
}

# module NAME@VERSION: downloads a Go module, and prints its directory
module() {
  go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

get_kube() {
  [ ! -x "$directory/bin/kube-apiserver" ] || return 0
  needs go || return 1
  local source=$directory/kube
  mkdir -p "$source" && cp "$here/kube/main.go" "$source" && cd "$source" || return 1
  printf 'module kube\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v%s\n' "$kubernetes" >go.mod
  # its parts are modules of their own, in the version of the same release
  sed -n 's#^\t*\(k8s\.io/[a-z0-9-]*\) => \./staging.*#\1#p' "$(module "k8s.io/kubernetes@v$kubernetes")/go.mod" |
    while read -r part; do echo "replace $part => $part v0.${kubernetes#1.}"; done >>go.mod
  go mod tidy && go build -ldflags='-s -w' -o "$directory/bin/kube-apiserver" . || return 1
  ln -sf kube-apiserver "$directory/bin/kube-controller-manager"
  ln -sf kube-apiserver "$directory/bin/kubectl"
}

get_etcd() { have etcd || debian etcd-server; }
get_chromium() { have chromium || have google-chrome || debian chromium; }

get_oauth2-proxy() { have oauth2-proxy || { needs go && GOFLAGS='' GOBIN=$directory/bin go install github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6; }; }

# copied MODULE@VERSION DIRECTORY PATH...: copies files out of a module
copied() {
  local from to=$2
  from=$(module "$1") && [ -n "$from" ] || { echo "no module $1"; return 1; }
  mkdir -p "$to" && (cd "$from" && cp -r "${@:3}" "$to") && chmod -R u+w "$to"
}

get_definitions() {
  local to=$directory/definitions
  needs go || return 1
  copied sigs.k8s.io/gateway-api@v1.4.1 "$to/gateway-api" config/crd/standard
  copied istio.io/api@v1.30.8 "$to/istio" kubernetes/customresourcedefinitions.gen.yaml
  copied github.com/cert-manager/cert-manager@v1.19.4 "$to/cert-manager" deploy/crds
  copied github.com/kyverno/kyverno@v1.19.1 "$to/kyverno" config/crds/kyverno config/crds/policies.kyverno.io
  copied github.com/argoproj/argo-cd/v3@v3.4.13 "$to/argo-cd" manifests/crds
  find "$to" -name kustomization.yaml -delete
  [ "$(find "$to" -mindepth 1 -maxdepth 1 | wc -l)" = 5 ]
}

get_python() {
  "$directory/python/bin/python" -c 'import yaml, jwt, cryptography, websocket, kubernetes_validate, jinja2, hcl2, bcrypt' 2>/dev/null ||
    { python3 -m venv "$directory/python" && "$directory/python/bin/pip" install --quiet pyyaml pyjwt cryptography websocket-client kubernetes-validate jinja2 python-hcl2 bcrypt; }
}

[ $# -gt 0 ] || set -- python etcd chromium oauth2-proxy definitions kube
for name in "$@"; do
  log=$directory/log/$name
  touch "$directory/missing"
  sed -i "/^$name: /d" "$directory/missing"
  if ("get_$name") >"$log" 2>&1; then
    echo "$name: there"
  else
    echo "$name: $(grep -v '^$' "$log" | tail -1 | cut -c1-150)" | tee -a "$directory/missing"
  fi
done
