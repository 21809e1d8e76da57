output "policy_id" {
  description = "Id of the policy."
  value       = aws_organizations_policy.this.id
}

output "content" {
  description = "The policy, JSON."
  value       = local.content
}

output "length" {
  description = "How many of the 5120 characters the policy has, as a control policy may have."
  value       = length(local.content)
}
