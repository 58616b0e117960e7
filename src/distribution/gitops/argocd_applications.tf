resource "kubernetes_manifest" "kubeflow_application" {
  manifest = yamldecode(file("${path.module}/../apps/kubeflow.yaml"))

  depends_on = [github_repository_file.kubeflow]
}

resource "dns_a_record_set" "kubeflow" {
  count = var.dns_zone == "" ? 0 : 1

  zone      = var.dns_zone
  name      = trimsuffix(var.host, ".${trimsuffix(var.dns_zone, ".")}")
  addresses = var.gateway_addresses
  ttl       = 300
}

# Part of kubeflow/overlays/default; here only for those who keep all routes of the Gateway in Terraform. Take it out of the
# overlay then, or the two undo each other's changes.
resource "kubernetes_manifest" "kubeflow_route" {
  count = var.manage_route ? 1 : 0

  manifest = {
    apiVersion = "gateway.networking.k8s.io/v1"
    kind       = "HTTPRoute"
    metadata = {
      name      = "kubeflow-route"
      namespace = "istio-system"
    }
    spec = {
      hostnames = [var.host]
      parentRefs = [{
        group       = "gateway.networking.k8s.io"
        kind        = "Gateway"
        name        = "default-gateway"
        namespace   = "default"
        sectionName = "https"
      }]
      rules = [{
        matches     = [{ path = { type = "PathPrefix", value = "/" } }]
        timeouts    = { request = "0s" }
        backendRefs = [{ group = "", kind = "Service", name = "istio-ingressgateway", port = 80 }]
      }]
    }
  }
}
