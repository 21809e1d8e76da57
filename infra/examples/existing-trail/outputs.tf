output "protected_trail_arns" {
  description = "ARNs of the protected trails."
  value       = module.trailkeeper.protected_trail_arns
}

output "baselines" {
  description = "The baselines as JSON documents, by trail ARN."
  value       = module.trailkeeper.baselines
}

output "notices_queue_url" {
  description = "URL of the queue that gets severe notices."
  value       = aws_sqs_queue.notices.url
}
