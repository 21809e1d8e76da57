output "rule_name" {
  description = "Name of the EventBridge rule."
  value       = aws_cloudwatch_event_rule.forwarding.name
}

output "rule_arn" {
  description = "ARN of the EventBridge rule."
  value       = aws_cloudwatch_event_rule.forwarding.arn
}

output "role_arn" {
  description = "ARN of the role that sends the events."
  value       = aws_iam_role.forwarding.arn
}

output "dead_letter_queue_url" {
  description = "URL of the queue that holds events that did not reach the hub."
  value       = aws_sqs_queue.dead_letters.url
}

output "dead_letter_queue_arn" {
  description = "ARN of that queue."
  value       = aws_sqs_queue.dead_letters.arn
}
