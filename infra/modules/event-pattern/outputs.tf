output "pattern" {
  description = "EventBridge pattern of the calls that wake a responder, as an object. Whoever uses it adds account and region, and encodes it."
  value       = local.pattern
}

output "evidence_patterns" {
  description = "The same for what is in evidence, by kind."
  value       = local.evidence_patterns
}

output "part_patterns" {
  description = "The same for the parts of the responder, by kind: rule, schedule, function and role, and support for what it leans on. That of role names the region in which IAM records its calls."
  value       = local.part_patterns
}
