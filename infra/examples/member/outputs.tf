output "remediation_role_arn" {
  description = "ARN of the role that the hub assumes."
  value       = module.member.remediation_role_arn
}

output "trail_arns" {
  description = "ARNs of the trails that the hub heals."
  value       = module.member.trail_arns
}

output "dead_letter_queue_urls" {
  description = "URLs of the queues that hold events that did not reach the hub."
  value       = concat([module.member.dead_letter_queue_url], module.forwarding[*].dead_letter_queue_url)
}

output "responder_function_name" {
  description = "Name of the function of the account's own responder; null without one."
  value       = one(module.responder[*].function_name)
}
