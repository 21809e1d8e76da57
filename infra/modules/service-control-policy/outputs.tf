output "policy_id" {
  description = "Id of the policy."
  value       = aws_organizations_policy.this.id
}

output "content" {
  description = "The policy, JSON."
  value       = local.content
}

output "length" {
  description = "How many characters the policy has. Organizations takes 5120."
  value       = length(local.content)
}
