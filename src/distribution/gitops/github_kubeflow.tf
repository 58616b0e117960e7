# The files of the repository, where it is not filled by `git push`.
locals {
  repository_root  = abspath("${path.module}/..")
  repository_files = fileset(local.repository_root, "{apps,kubeflow,overlays,manifests}/**")
}

resource "github_repository_file" "kubeflow" {
  for_each = local.repository_files

  repository          = var.github_repository
  branch              = var.github_branch
  file                = each.value
  content             = file("${local.repository_root}/${each.value}")
  commit_message      = "kubeflow: ${each.value}"
  overwrite_on_create = true
}
