output "role_arns" {
  description = "ARNs of the roles: plan, apply, drill."
  value       = module.pipeline_roles.role_arns
}

output "workload_boundary_arn" {
  description = "ARN of the permissions boundary for the roles of Trailkeeper's modules."
  value       = module.pipeline_roles.workload_boundary_arn
}
