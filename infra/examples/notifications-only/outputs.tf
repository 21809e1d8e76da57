output "topic_arn" {
  description = "ARN of the topic."
  value       = module.notifications.topic_arn
}
