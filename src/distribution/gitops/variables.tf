variable "github_repository" {
  description = "Name of the repository that holds these files, without its owner"
  type        = string
}

variable "github_branch" {
  description = "Branch that Argo CD deploys"
  type        = string
  default     = "main"
}

variable "host" {
  description = "Host name of the platform"
  type        = string
  default     = "@HOST@"
}

variable "dns_zone" {
  description = "Zone of the host name, with a dot at its end; empty for no DNS record"
  type        = string
  default     = ""
}

variable "gateway_addresses" {
  description = "IPv4 addresses of the Gateway's load balancer"
  type        = list(string)
  default     = []
}

variable "manage_route" {
  description = "Whether Terraform makes the HTTPRoute; by default Argo CD does, with everything else"
  type        = bool
  default     = false
}
