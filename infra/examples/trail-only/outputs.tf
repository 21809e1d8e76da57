output "trail_arn" {
  description = "ARN of the trail."
  value       = module.trail.arn
}

output "bucket_name" {
  description = "Name of the log bucket."
  value       = module.trail.bucket_name
}
