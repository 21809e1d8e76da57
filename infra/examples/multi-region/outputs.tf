output "protected_trail_arns" {
  description = "ARNs of all protected trails."
  value       = concat(module.first.protected_trail_arns, module.second.protected_trail_arns)
}

output "responder_function_names" {
  description = "Names of the responders' functions."
  value       = [module.first.responder_function_name, module.second.responder_function_name]
}
