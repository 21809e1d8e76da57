output "trail_arn" {
  description = "ARN of the trail made here; null if none was."
  value       = var.create_trail ? module.trail[0].arn : null
}

output "trail_name" {
  description = "Name of the trail made here; null if none was."
  value       = var.create_trail ? module.trail[0].name : null
}

output "trail_bucket_name" {
  description = "Name of the log bucket made here; null if none was."
  value       = var.create_trail ? module.trail[0].bucket_name : null
}

output "protected_trail_arns" {
  description = "ARNs of all protected trails."
  value       = module.responder.protected_trail_arns
}

output "baselines" {
  description = "The baselines as JSON documents, by trail ARN."
  value = merge(
    var.create_trail ? { (module.trail[0].baseline.trail_arn) = module.trail[0].baseline_document } : {},
    { for arn, made in module.baseline : arn => made.document },
  )
}

output "responder_function_name" {
  description = "Name of the responder's function."
  value       = module.responder.function_name
}

output "responder_role_arn" {
  description = "ARN of the responder's role."
  value       = module.responder.role_arn
}

output "responder_role_name" {
  description = "Name of the responder's role."
  value       = module.responder.role_name
}

output "responder_role_policy_name" {
  description = "Name of the inline policy of that role."
  value       = module.responder.role_policy_name
}

output "responder_log_group_name" {
  description = "Name of the responder's log group."
  value       = module.responder.log_group_name
}

output "alerts_topic_arn" {
  description = "ARN of the topic that gets notices and alarms."
  value       = module.notifications.topic_arn
}

output "chat_topic_arn" {
  description = "ARN of the topic for chats; null if there is none."
  value       = module.notifications.chat_topic_arn
}

output "dead_letter_queue_url" {
  description = "URL of the queue that holds events nobody could handle."
  value       = module.responder.dead_letter_queue_url
}

output "event_rule_name" {
  description = "Name of the EventBridge rule that wakes the responder."
  value       = module.responder.event_rule_name
}

output "schedule_name" {
  description = "Name of the schedule that runs the sweep."
  value       = module.responder.schedule_name
}

output "understudy_function_name" {
  description = "Name of the understudy's function; null without one."
  value       = module.responder.understudy_function_name
}

output "understudy_role_name" {
  description = "Name of the understudy's role; null without one."
  value       = module.responder.understudy_role_name
}

output "understudy_schedule_name" {
  description = "Name of the understudy's schedule, and of that schedule's role; null without one."
  value       = module.responder.understudy_schedule_name
}

output "incidents_table_name" {
  description = "Name of the table that remembers which incidents have been told."
  value       = module.responder.incidents_table_name
}

output "alarm_names" {
  description = "Names of the alarms, by what they watch: errors, restoration_failures, heartbeat, throttles, dead_letters, failed_invocations, failed_sweep_invocations, lost_events, lost_failures, understudy_errors, understudy_heartbeat; with guard_evidence also failed_ and lost_ for the rules of log_bucket and log_key."
  value       = module.responder.alarm_names
}
