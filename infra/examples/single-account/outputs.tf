output "trail_arn" {
  description = "ARN of the trail."
  value       = module.trailkeeper.trail_arn
}

output "responder_function_name" {
  description = "Name of the responder's function."
  value       = module.trailkeeper.responder_function_name
}

output "alerts_topic_arn" {
  description = "ARN of the topic that gets notices and alarms."
  value       = module.trailkeeper.alerts_topic_arn
}
