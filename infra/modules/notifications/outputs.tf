output "topic_arn" {
  description = "ARN of the topic."
  value       = aws_sns_topic.alerts.arn
}

output "topic_name" {
  description = "Name of the topic."
  value       = aws_sns_topic.alerts.name
}

output "subscription_arns" {
  description = "ARNs of the subscriptions, by e-mail address or by the key in subscriptions."
  value = merge(
    { for address, made in aws_sns_topic_subscription.email : address => made.arn },
    { for key, made in aws_sns_topic_subscription.this : key => made.arn },
  )
}

output "chat_topic_arn" {
  description = "ARN of the topic for chats; null if there is none."
  value       = one(aws_sns_topic.chat[*].arn)
}

output "kms_key_arn" {
  description = "ARN of the topics' key. A publisher needs kms:GenerateDataKey and kms:Decrypt on it."
  value       = aws_kms_key.topic.arn
}

output "evidence" {
  description = "What is declared of the topic and its key, for the responder's topic_evidence; null if guard_topic is off. Who uses it waits for the subscriptions, and is gone before they are."
  value = var.guard_topic ? {
    arn                = local.topic_arn
    parameter_name     = aws_ssm_parameter.evidence["topic"].name
    key_arn            = aws_kms_key.topic.arn
    key_parameter_name = aws_ssm_parameter.evidence["topic_key"].name
  } : null
  depends_on = [aws_kms_key_policy.topic, aws_sns_topic_policy.alerts, aws_sns_topic_subscription.email, aws_sns_topic_subscription.this]
}

output "evidence_documents" {
  description = "The JSON documents of them, by topic and topic_key."
  value       = local.evidence_documents
}
