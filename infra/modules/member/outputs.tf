output "remediation_role_arn" {
  description = "ARN of the role that the hub assumes."
  value       = aws_iam_role.remediation.arn
}

output "remediation_role_name" {
  description = "Name of that role."
  value       = aws_iam_role.remediation.name
}

output "trail_arns" {
  description = "ARNs of the trails that the hub heals here."
  value       = local.baselines[*].trail_arn
}

output "forwarding_rule_arn" {
  description = "ARN of the rule that sends events to the hub."
  value       = module.forwarding.rule_arn
}

output "dead_letter_queue_url" {
  description = "URL of the queue that holds events that did not reach the hub."
  value       = module.forwarding.dead_letter_queue_url
}
