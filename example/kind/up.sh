#!/usr/bin/env bash
# Kubeflow on kind, from nothing to the login page: bash example/kind/up.sh [NAME]
#
# Needs on the path: kind, kubectl, helm, kfm, and a container runtime; 4 CPUs, 12 GiB of memory, 30 GiB of disk; the
# internet, for charts and images. Run from the directory that holds `example`. What it makes: a kind cluster NAME (default
# kubeflow), cert-manager, Gateway API, kgateway, Istio in ambient mode, and the platform with a Gateway of its own and a
# self-signed certificate. Run again, it goes on where it stopped. To remove all of it: kind delete cluster --name NAME
set -euo pipefail
name=${1:-kubeflow}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

kubernetes=v1.34.0
cert_manager=v1.19.4
gateway_api=v1.4.1
kgateway=v2.1.2
istio=1.28.3

for program in kind kubectl helm kfm; do
  command -v "$program" >/dev/null || { echo "$program is not on the path" >&2; exit 1; }
done
context=(--context "kind-$name")
kubectl_() { kubectl "${context[@]}" "$@"; }
helm_() { helm upgrade --install --kube-context "kind-$name" --wait --timeout 10m "$@"; }

step() { printf '\n== %s\n' "$*"; }

step "cluster $name"
kind get clusters | grep -qx "$name" || kind create cluster --name "$name" --image "kindest/node:$kubernetes" --wait 5m

step cert-manager
helm_ cert-manager cert-manager --repo https://charts.jetstack.io --version "$cert_manager" -n cert-manager --create-namespace --set crds.enabled=true

step "Gateway API and kgateway"
kubectl_ apply --server-side -f "https://github.com/kubernetes-sigs/gateway-api/releases/download/$gateway_api/standard-install.yaml"
helm_ kgateway-crds oci://cr.kgateway.dev/kgateway-dev/charts/kgateway-crds --version "$kgateway" -n kgateway-system --create-namespace
helm_ kgateway oci://cr.kgateway.dev/kgateway-dev/charts/kgateway --version "$kgateway" -n kgateway-system

step Istio
charts=https://istio-release.storage.googleapis.com/charts
chart() { helm_ "$1" "$2" --repo "$charts" --version "$istio" -n istio-system --create-namespace "${@:3}"; }
chart istio-base base
kubectl_ label namespace istio-system pod-security.kubernetes.io/enforce=privileged --overwrite
chart istiod istiod --set profile=ambient -f example/cluster/istiod.yaml
chart istio-cni cni --set profile=ambient
chart ztunnel ztunnel
chart istio-ingressgateway gateway -f example/cluster/ingressgateway.yaml

step "the platform"
site=$(mktemp -d "$PWD/kind-site.XXXXXX")
trap 'rm -rf "$site"' EXIT
output=$site/output.yaml
cat >"$site/kustomization.yaml" <<EOF
resources:
- ../example
components:
- ../overlays/kgateway/gateway
EOF
kfm build "$site" >"$output"
# the first call makes the definition of the one object that it refuses
kubectl_ apply --server-side --force-conflicts -f "$output" >/dev/null 2>&1 || true
kubectl_ wait --for=condition=Established --timeout=60s crd/profiles.kubeflow.org
kubectl_ apply --server-side --force-conflicts -f "$output"

step "waiting for pods"
for deployment in auth/dex oauth2-proxy/oauth2-proxy; do
  kubectl_ -n "${deployment%/*}" rollout status --timeout=10m "deployment/${deployment#*/}"
done
kubectl_ -n kubeflow wait --for=condition=Available deployment --all --timeout=15m
kubectl_ -n default wait --for=condition=Programmed gateway/default-gateway --timeout=5m || true

cat <<EOF

Ready. In another terminal:

  kubectl --context kind-$name -n istio-system port-forward service/istio-ingressgateway 8080:80

Then open http://localhost:8080 and log in as user@example.com with 12341234. Through kgateway, with a name:

  echo '127.0.0.1 kubeflow.example.com' | sudo tee -a /etc/hosts
  sudo kubectl --kubeconfig ~/.kube/config --context kind-$name -n default port-forward service/default-gateway 443:443

and https://kubeflow.example.com (the browser warns of the self-signed certificate).
EOF
