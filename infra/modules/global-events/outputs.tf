output "is_needed" {
  description = "Whether anything was made: false if the responder is in the region of global events already."
  value       = local.is_needed
}

output "rule_name" {
  description = "Name of the EventBridge rule; null if nothing was made."
  value       = one(aws_cloudwatch_event_rule.global_events[*].name)
}

output "rule_arn" {
  description = "ARN of the EventBridge rule; null if nothing was made."
  value       = one(aws_cloudwatch_event_rule.global_events[*].arn)
}

output "role_arn" {
  description = "ARN of the role that sends the events; null if nothing was made."
  value       = one(aws_iam_role.global_events[*].arn)
}

output "dead_letter_queue_url" {
  description = "URL of the queue that holds events that did not reach the home region; null if nothing was made."
  value       = one(aws_sqs_queue.dead_letters[*].url)
}

output "dead_letter_queue_arn" {
  description = "ARN of that queue; null if nothing was made."
  value       = one(aws_sqs_queue.dead_letters[*].arn)
}

output "event_pattern" {
  description = "The pattern, JSON: what a rule of the home region has to let in, too."
  value       = jsonencode(local.pattern)
}
