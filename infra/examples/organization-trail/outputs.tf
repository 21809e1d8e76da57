output "trail_arn" {
  description = "ARN of the trail; its account is the management account."
  value       = module.trailkeeper.trail_arn
}

output "bucket_name" {
  description = "Name of the log bucket."
  value       = module.trailkeeper.trail_bucket_name
}

output "protected_trail_arns" {
  description = "ARNs of the protected trails."
  value       = module.trailkeeper.protected_trail_arns
}

output "responder_function_name" {
  description = "Name of the responder's function."
  value       = module.trailkeeper.responder_function_name
}

output "alerts_topic_arn" {
  description = "ARN of the topic that gets notices and alarms."
  value       = module.trailkeeper.alerts_topic_arn
}
