output "topic_arn" {
  description = "ARN of the topic."
  value       = aws_sns_topic.alerts.arn
}

output "topic_name" {
  description = "Name of the topic."
  value       = aws_sns_topic.alerts.name
}

output "kms_key_arn" {
  description = "ARN of the topic's key. A publisher needs kms:GenerateDataKey and kms:Decrypt on it."
  value       = aws_kms_key.topic.arn
}
