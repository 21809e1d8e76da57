output "policy_id" {
  description = "Id of the policy; null without targets."
  value       = one(aws_organizations_policy.this[*].id)
}

output "content" {
  description = "The policy, JSON."
  value       = local.content
}

output "length" {
  description = "How many characters the policy has. Organizations takes 5120."
  value       = length(local.content)
}

output "surroundings_policy_id" {
  description = "Id of the second policy; null without targets."
  value       = one(aws_organizations_policy.surroundings[*].id)
}

output "surroundings_content" {
  description = "The second policy, JSON."
  value       = local.surroundings_content
}

output "boundary_json" {
  description = "A permissions boundary, JSON, that denies the same to administrators of a single account. Make a managed policy NAME-administrators of it, and give it to every user and role that is no exempt principal."
  value       = local.boundary_json

  precondition {
    condition     = length(local.boundary_json) <= 6144
    error_message = "The boundary has ${length(local.boundary_json)} characters, and IAM takes 6144 at most. Name fewer trails or exempt principals; * can stand for parts of a role's name."
  }
}
