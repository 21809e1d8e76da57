output "function_name" {
  description = "Name of the function."
  value       = module.responder.function_name
}

output "dead_letter_queue_url" {
  description = "URL of the queue that holds events nobody could handle."
  value       = module.responder.dead_letter_queue_url
}
