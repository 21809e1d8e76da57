output "hub" {
  description = "What a member must know of the hub: the input hub of the modules member and member-template."
  value       = local.hub

  depends_on = [module.responder.role_arn, aws_cloudwatch_event_bus_policy.hub]
}

output "member_baselines" {
  description = "The baselines of the trails that every account has: the input baselines of the module member."
  value       = local.shared_baselines
}

output "account_baselines" {
  description = "The baselines of trails that only one account has, by its id: more of that input, in that account."
  value       = local.account_baselines
}

output "baseline_documents" {
  description = "The baselines' JSON documents, by trail ARN."
  value       = { for arn, made in module.baseline : arn => made.document }
}

output "bus_name" {
  description = "Name of the event bus that members send to."
  value       = aws_cloudwatch_event_bus.hub.name
}

output "bus_arn" {
  description = "ARN of the event bus that members send to."
  value       = local.hub.bus_arn

  depends_on = [aws_cloudwatch_event_bus_policy.hub]
}

output "topic_arn" {
  description = "ARN of the topic that gets notices and alarms."
  value       = module.notifications.topic_arn
}

output "topic_kms_key_arn" {
  description = "ARN of the topic's key."
  value       = module.notifications.kms_key_arn
}

output "responder" {
  description = "The hub's responder: all outputs of the module responder."
  value       = module.responder
}

output "responder_function_arn" {
  description = "ARN of the hub's function, which does not wait for rule and schedule: the input responder_ready of a trail of the same configuration."
  value       = module.responder.function_arn
}

output "stack_set_names" {
  description = "Names of the stack sets, by what they bring: home (everything) and global-events (forwarding only). Empty without stack_sets."
  value       = { for key, made in aws_cloudformation_stack_set.members : key => made.name }
}

output "template" {
  description = "The CloudFormation template of the home region's stacks, JSON. It can also be deployed by hand, for instance into the management account."
  value       = module.member_template.body
}

output "forwarding_template" {
  description = "The CloudFormation template that only forwards events, JSON."
  value       = module.forwarding_template.body
}

output "package_bucket_name" {
  description = "Name of the bucket with the package for the members; null without member_responder."
  value       = one(aws_s3_bucket.packages[*].id)
}

output "service_control_policy_id" {
  description = "Id of the service control policy; null without service_control_policy_targets."
  value       = one(module.service_control_policy[*].policy_id)
}
