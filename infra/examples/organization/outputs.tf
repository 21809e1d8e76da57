output "for_members" {
  description = "The variables of examples/member and examples/organization-management: terraform output -json for_members > ../member/hub.auto.tfvars.json."
  value = {
    hub              = module.organization.hub
    member_baselines = module.organization.member_baselines
  }
}

output "stack_set_names" {
  description = "Names of the stack sets."
  value       = module.organization.stack_set_names
}

output "responder_function_name" {
  description = "Name of the hub's function."
  value       = module.organization.responder.function_name
}

output "alerts_topic_arn" {
  description = "ARN of the topic that gets notices and alarms."
  value       = module.organization.topic_arn
}
