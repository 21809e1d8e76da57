output "pattern" {
  description = "EventBridge pattern of the calls that wake a responder, as an object. Whoever uses it adds account and region, and encodes it."
  value       = local.pattern
}

output "evidence_patterns" {
  description = "The same for what is in evidence, by kind."
  value       = { for thing in var.evidence : thing.kind => local.patterns_of_evidence[thing.kind] }
}

output "part_patterns" {
  description = "The same for the parts of the responder, by kind: rule, schedule, function and role, support for what it leans on, and topic_key. That of role names the region in which IAM records its calls."
  value       = local.part_patterns
}
