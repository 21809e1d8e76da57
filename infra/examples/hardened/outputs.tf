output "trail_arn" {
  description = "ARN of the trail."
  value       = module.trailkeeper.trail_arn
}

output "alerts_topic_arn" {
  description = "ARN of the topic that gets notices and alarms."
  value       = module.trailkeeper.alerts_topic_arn
}

output "dead_letter_queue_url" {
  description = "URL of the queue that holds events nobody could handle."
  value       = module.trailkeeper.dead_letter_queue_url
}

output "boundary_arn" {
  description = "ARN of the permissions boundary for administrators."
  value       = aws_iam_policy.administrators.arn
}

output "roles_topic_arn" {
  description = "ARN of the topic that gets what is done to the roles."
  value       = aws_sns_topic.roles.arn
}

output "global_rule_arn" {
  description = "ARN of the rule in the region of global events; null if the trail's home is there."
  value       = module.global_events.rule_arn
}
