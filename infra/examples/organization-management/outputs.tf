output "remediation_role_arn" {
  description = "ARN of the role that the hub assumes in this account; null without a hub."
  value       = one(module.member[*].remediation_role_arn)
}

output "service_control_policy_id" {
  description = "Id of the service control policy; null without targets."
  value       = one(module.service_control_policy[*].policy_id)
}
