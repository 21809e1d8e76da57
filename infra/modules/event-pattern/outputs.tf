output "pattern" {
  description = "EventBridge pattern of the calls that wake a responder, as an object. Whoever uses it adds account and region, and encodes it."
  value       = local.pattern
}
