output "body" {
  description = "The CloudFormation template, JSON."
  value       = local.body

  precondition {
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    condition     = local.bytes <= 51200
    error_message = "The template has ${local.bytes} bytes, and CloudFormation takes 51200 at most. Declare fewer values in the baselines of member_trails, or fewer trails, or exclude accounts by leaving out their organizational unit."
  }
}

output "bytes" {
  description = "Size of the template; CloudFormation takes 51200."
  value       = local.bytes
}

output "resource_types" {
  description = "The types of what the stack makes, by logical id."
  value       = { for id, resource in local.resources : id => resource.Type }
}
