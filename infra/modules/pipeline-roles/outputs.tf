output "role_arns" {
  description = "ARNs of the roles by what they are for: plan, apply, and drill if there is one. The apply role belongs into change_principals, the drill's does not."
  value       = { for key, role in aws_iam_role.this : key => role.arn }
}

output "provider_arn" {
  description = "ARN of the OIDC provider."
  value       = local.provider_arn
}

output "workload_boundary_arn" {
  description = "ARN of the permissions boundary for the roles of Trailkeeper's modules: their permissions_boundary."
  value       = aws_iam_policy.workload_boundary.arn
}

output "policies" {
  description = "The policies as JSON documents, by what they are for: read, write_guarded, write_responder, apply_boundary, workload_boundary, drill (null without one)."
  value = {
    read              = local.read_policy
    write_guarded     = local.write_policies.guarded
    write_responder   = local.write_policies.responder
    apply_boundary    = aws_iam_policy.apply_boundary.policy
    workload_boundary = aws_iam_policy.workload_boundary.policy
    drill             = one(aws_iam_role_policy.drill[*].policy)
  }
}
