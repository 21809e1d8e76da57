# The roll-out with StackSets. Plans against a mocked provider.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package         = "main.tf"
  organization_id = "o-a1b2c3d4e5"
  external_id     = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
  member_trails = {
    "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit" = {
      baseline = { s3_bucket_name = "audit-logs-{account}" }
    }
  }
  stack_sets = {
    organizational_unit_ids = ["ou-abcd-11111111", "ou-abcd-22222222"]
  }
  tags = { owner = "security" }
}

run "new_accounts_are_covered" {
  command = plan

  assert {
    condition = alltrue([for made in values(aws_cloudformation_stack_set.members) : alltrue([
      made.permission_model == "SERVICE_MANAGED",
      made.call_as == "DELEGATED_ADMIN",
      made.auto_deployment[0].enabled,
      !made.auto_deployment[0].retain_stacks_on_account_removal,
      made.managed_execution[0].active,
      made.capabilities == toset(["CAPABILITY_NAMED_IAM"]),
      made.tags == tomap({ owner = "security" }),
    ])])
    error_message = "Both stack sets must be service-managed and follow the organisation."
  }
  assert {
    condition = alltrue([for made in concat(values(aws_cloudformation_stack_set.members), values(aws_cloudformation_stack_set_instance.members)) : alltrue([
      made.operation_preferences[0].failure_tolerance_percentage == 100,
      made.operation_preferences[0].max_concurrent_percentage == 100,
      made.operation_preferences[0].region_concurrency_type == "PARALLEL",
    ])])
    error_message = "One account that fails must not stop the others."
  }
  assert {
    condition     = output.stack_set_names == { home = "trailkeeper-member", global-events = "trailkeeper-member-global-events" }
    error_message = "One stack set for the home region, one for the events of global services."
  }
  assert {
    condition = { for key, made in aws_cloudformation_stack_set_instance.members : key => "${made.region} ${one(made.deployment_targets[0].organizational_unit_ids)} ${made.call_as}" } == {
      "home/ou-abcd-11111111"          = "eu-central-1 ou-abcd-11111111 DELEGATED_ADMIN"
      "home/ou-abcd-22222222"          = "eu-central-1 ou-abcd-22222222 DELEGATED_ADMIN"
      "global-events/ou-abcd-11111111" = "us-east-1 ou-abcd-11111111 DELEGATED_ADMIN"
      "global-events/ou-abcd-22222222" = "us-east-1 ou-abcd-22222222 DELEGATED_ADMIN"
    }
    error_message = "Each unit gets both, in the right regions."
  }
}

run "templates" {
  command = plan

  assert {
    condition     = aws_cloudformation_stack_set.members["home"].template_body == output.template && can(jsondecode(output.template).Resources.RemediationRole)
    error_message = "The home region's stacks hold the role for the hub."
  }
  assert {
    condition = (
      aws_cloudformation_stack_set.members["global-events"].template_body == output.forwarding_template
      && keys(jsondecode(output.forwarding_template).Resources) == ["ForwardingQueue", "ForwardingQueuePolicy", "ForwardingRole", "ForwardingRule"]
    )
    error_message = "Elsewhere they only forward: a role of one name can be made once in an account."
  }
  assert {
    condition = (
      jsondecode(output.template).Resources.RemediationRole.Properties.AssumeRolePolicyDocument.Statement[0].Principal == { AWS = "arn:aws:iam::999988887777:root" }
      && jsondecode(output.template).Resources.RemediationRole.Properties.AssumeRolePolicyDocument.Statement[0].Condition.ArnEquals == { "aws:PrincipalArn" = module.responder.role_arn }
    )
    error_message = "The members trust the role that is made here, by its name."
  }
  assert {
    condition     = jsondecode(output.template).Conditions.Excluded0 == { "Fn::Equals" = [{ Ref = "AWS::AccountId" }, "999988887777"] }
    error_message = "The security account has a responder already."
  }
  assert {
    condition     = !can(jsondecode(output.template).Resources.Function) && length(aws_s3_bucket.packages) == 0
    error_message = "The hub alone heals unless more is asked for."
  }
}

run "responder_in_every_account" {
  command = plan

  variables {
    stack_sets = {
      organizational_unit_ids = ["r-abcd"]
      member_responder        = true
    }
  }

  assert {
    condition     = jsondecode(output.template).Resources.Function.Properties.Code == { S3Bucket = "the-package-bucket", S3Key = "arm64/${filesha256("main.tf")}.zip" }
    error_message = "A new package must be a new key, so that the stacks change."
  }
  assert {
    condition = [for id, r in jsondecode(output.template).Resources : "${r.Properties.Name} ${sha256(r.Properties.Value)}" if r.Type == "AWS::SSM::Parameter"] == [
      for document in values(output.baseline_documents) : "/trailkeeper/trailkeeper/audit/${sha256(document)} ${sha256(document)}"
    ]
    error_message = "The function is told the hash of the text with {account}, and finds that text."
  }
  assert {
    condition     = jsondecode(output.template).Resources.Function.Properties.Environment.Variables.TRAILKEEPER_TOPIC_ARN == output.topic_arn && module.responder.environment.TRAILKEEPER_PEER_ROLES == "arn:aws:iam::{account}:role/trailkeeper-responder"
    error_message = "Members tell the security account, and the hub knows them."
  }
  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.packages[0].policy).Statement : [s.Sid, s.Effect, s.Action, s.Condition]] == [
      ["MembersReadPackages", "Allow", "s3:GetObject", { StringEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" } }],
      ["DenyInsecureTransport", "Deny", "s3:*", { Bool = { "aws:SecureTransport" = "false" } }],
    ]
    error_message = "Only the organisation reads the package, and only with TLS."
  }
  assert {
    condition = (
      aws_s3_bucket.packages[0].bucket == "trailkeeper-packages-999988887777-eu-central-1"
      && aws_s3_bucket_versioning.packages[0].versioning_configuration[0].status == "Enabled"
      && aws_s3_bucket_public_access_block.packages[0].block_public_policy
      && aws_s3_bucket_public_access_block.packages[0].restrict_public_buckets
    )
    error_message = "The bucket must be versioned and private."
  }
  assert {
    condition     = length(output.template) < 51200
    error_message = "CloudFormation takes 51200 bytes."
  }
}

run "observe" {
  command = plan

  variables {
    mode = "observe"
  }

  assert {
    condition     = [for s in jsondecode(output.template).Resources.RemediationRole.Properties.Policies[0].PolicyDocument.Statement : s.Sid] == ["VerifyTrails", "AttributeChanges"]
    error_message = "The members' role must only look."
  }
}

run "management_account" {
  command = plan

  variables {
    stack_sets = {
      organizational_unit_ids = ["r-abcd"]
      call_as                 = "SELF"
    }
  }

  assert {
    condition     = alltrue([for made in concat(values(aws_cloudformation_stack_set.members), values(aws_cloudformation_stack_set_instance.members)) : made.call_as == "SELF"])
    error_message = "call_as must be honoured."
  }
}

run "home_region_has_the_global_events" {
  command = plan

  override_data {
    target = data.aws_region.current
    values = { id = "us-east-1" }
  }
  override_data {
    target = module.responder.data.aws_region.current
    values = { id = "us-east-1" }
  }
  override_data {
    target = module.notifications.data.aws_region.current
    values = { id = "us-east-1" }
  }
  override_resource {
    target = module.notifications.aws_sns_topic.alerts
    values = { arn = "arn:aws:sns:us-east-1:999988887777:trailkeeper-alerts" }
  }

  variables {
    member_trails = { "arn:aws:cloudtrail:us-east-1:{account}:trail/audit" = {} }
  }

  assert {
    condition     = keys(aws_cloudformation_stack_set.members) == ["home"]
    error_message = "One region needs one stack set."
  }
}

run "china" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }
  override_data {
    target = data.aws_region.current
    values = { id = "cn-north-1" }
  }
  override_data {
    target = module.responder.data.aws_region.current
    values = { id = "cn-north-1" }
  }
  override_data {
    target = module.notifications.data.aws_region.current
    values = { id = "cn-north-1" }
  }
  override_resource {
    target = module.notifications.aws_sns_topic.alerts
    values = { arn = "arn:aws-cn:sns:cn-north-1:999988887777:trailkeeper-alerts" }
  }

  variables {
    member_trails = { "arn:aws-cn:cloudtrail:cn-north-1:{account}:trail/audit" = {} }
  }

  assert {
    condition     = distinct([for key, made in aws_cloudformation_stack_set_instance.members : made.region if startswith(key, "global-events")]) == tolist(["cn-northwest-1"])
    error_message = "Organizations lives in Ningxia there."
  }
  assert {
    condition     = output.hub.role_arn == "arn:aws-cn:iam::999988887777:role/trailkeeper-responder" && !strcontains(output.template, "arn:aws:")
    error_message = "The partition is the provider's."
  }
}
