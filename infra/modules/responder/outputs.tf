output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.responder.function_name
}

output "function_arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.responder.arn
}

output "role_name" {
  description = "Name of the function's role."
  value       = aws_iam_role.responder.name
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.responder.arn
}

output "role_policy_name" {
  description = "Name of the role's inline policy."
  value       = aws_iam_role_policy.responder.name
}

output "protected_trail_arns" {
  description = "ARNs of the protected trails, each once."
  value       = distinct(var.trail_arns)
}

output "event_rule_name" {
  description = "Name of the EventBridge rule."
  value       = aws_cloudwatch_event_rule.stop_logging.name
}

output "event_rule_arn" {
  description = "ARN of the EventBridge rule."
  value       = aws_cloudwatch_event_rule.stop_logging.arn
}

output "dead_letter_queue_url" {
  description = "URL of the queue that holds events nobody could handle."
  value       = aws_sqs_queue.dead_letters.url
}

output "dead_letter_queue_arn" {
  description = "ARN of that queue."
  value       = aws_sqs_queue.dead_letters.arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.responder.name
}

output "alarm_names" {
  description = "Names of the alarms, by what they watch: errors, throttles, dead_letters, failed_invocations."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.alarm_name }
}
