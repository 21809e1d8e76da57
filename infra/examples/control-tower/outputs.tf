output "protected_trail_arns" {
  description = "ARNs of the protected trails."
  value       = module.trailkeeper.protected_trail_arns
}

output "responder_function_name" {
  description = "Name of the responder's function, for a capture."
  value       = module.trailkeeper.responder_function_name
}

output "alerts_topic_arn" {
  description = "ARN of the topic that gets notices and alarms."
  value       = module.trailkeeper.alerts_topic_arn
}
