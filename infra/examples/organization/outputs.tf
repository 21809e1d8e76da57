output "for_members" {
  description = "The variables of examples/member and examples/organization-management: terraform output -json for_members > ../member/hub.auto.tfvars.json."
  value = {
    hub = module.organization.hub
    # Those of single accounts too: each takes its own.
    member_baselines = concat(module.organization.member_baselines, flatten(values(module.organization.account_baselines)))
    mode             = var.mode
    # For the responder of an account's own.
    responder = !var.member_responder ? null : {
      topic_arn              = module.organization.topic_arn
      topic_kms_key_arn      = module.organization.topic_kms_key_arn
      baseline_documents     = module.organization.baseline_documents
      change_principals      = var.change_principals
      break_glass            = var.break_glass
      sweep_interval_minutes = var.sweep_interval_minutes
    }
  }
}

output "organization_trail_arn" {
  description = "ARN of the organisation's trail; null if none is made here."
  value       = one(module.organization_trail[*].arn)
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
