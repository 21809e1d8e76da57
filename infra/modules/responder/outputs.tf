output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.responder.function_name
}

output "function_arn" {
  description = "ARN of the function. It waits for the understudy too: both are told of a change before it is made."
  value       = aws_lambda_function.responder.arn

  depends_on = [aws_lambda_function.understudy]
}

output "environment" {
  description = "What the function is told in its environment. It holds no secret."
  value       = aws_lambda_function.responder.environment[0].variables
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
  description = "ARNs of the protected trails."
  value       = tolist(local.trail_arns)
}

output "event_rule_name" {
  description = "Name of the EventBridge rule."
  value       = aws_cloudwatch_event_rule.trail_changes.name
}

output "event_rule_arn" {
  description = "ARN of the EventBridge rule."
  value       = aws_cloudwatch_event_rule.trail_changes.arn
}

output "schedule_name" {
  description = "Name of the schedule that runs the sweep."
  value       = aws_scheduler_schedule.sweep.name
}

output "schedule_expression" {
  description = "How often the sweep runs."
  value       = aws_scheduler_schedule.sweep.schedule_expression
}

output "schedule_group_name" {
  description = "Name of the schedule's group."
  value       = aws_scheduler_schedule_group.sweep.name
}

output "incidents_table_name" {
  description = "Name of the table that remembers which incidents have been told."
  value       = aws_dynamodb_table.incidents.name
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

output "member_trail_arns" {
  description = "ARNs of the members' trails that a hub protects; {account} stands for each account's id."
  value       = tolist([for b in local.member_baselines : b.trail_arn])
}

output "member_role_name" {
  description = "Name of the role that a hub assumes in a member; null without hub."
  value       = local.is_hub ? local.member_role_name : null
}

output "hub_rule_name" {
  description = "Name of the rule on a hub's bus; null without hub."
  value       = one(aws_cloudwatch_event_rule.member_changes[*].name)
}

output "hub_rule_arn" {
  description = "ARN of that rule; null without hub."
  value       = one(aws_cloudwatch_event_rule.member_changes[*].arn)
}

output "sweep_queue_url" {
  description = "URL of the queue through which a hub's sweep is shared; null without fan_out."
  value       = one(aws_sqs_queue.sweep[*].url)
}

output "sweep_queue_arn" {
  description = "ARN of that queue; null without fan_out."
  value       = one(aws_sqs_queue.sweep[*].arn)
}

output "alarm_names" {
  description = "Names of the alarms, by what they watch: errors, restoration_failures, heartbeat, throttles, dead_letters, failed_invocations, failed_sweep_invocations, lost_events, lost_failures, understudy_errors, understudy_heartbeat; with evidence also failed_log_bucket_invocations, lost_log_bucket_events and the same for log_key; of a hub also failed_member_invocations, lost_member_events, unreachable_accounts, unswept_accounts and, with fan_out, sweep_backlog."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.alarm_name }
}

output "understudy_function_name" {
  description = "Name of the understudy's function; null without one."
  value       = one(aws_lambda_function.understudy[*].function_name)
}

output "understudy_role_arn" {
  description = "ARN of the understudy's role; null without one."
  value       = one(aws_iam_role.understudy[*].arn)
}

output "understudy_role_name" {
  description = "Name of the understudy's role; null without one."
  value       = one(aws_iam_role.understudy[*].name)
}

output "understudy_schedule_name" {
  description = "Name of the understudy's schedule, and of that schedule's role; null without one."
  value       = one(aws_scheduler_schedule.understudy[*].name)
}
