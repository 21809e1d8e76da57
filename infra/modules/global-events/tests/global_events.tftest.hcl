# What is passed on, to where, and who may do it. Plans against a mocked provider.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  home_region = "eu-central-1"
  role_names  = ["trailkeeper-responder", "trailkeeper-sweep"]
}

run "calls_that_change_the_roles_go_home" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_target.home[0].arn == "arn:aws:events:eu-central-1:111122223333:event-bus/default"
    error_message = "The target is the default bus of the home region."
  }
  assert {
    condition = alltrue([for name in [
      "AttachRolePolicy", "DeleteRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy", "UpdateAssumeRolePolicy",
    ] : contains(jsondecode(aws_cloudwatch_event_rule.global_events[0].event_pattern).detail.eventName, name)])
    error_message = "All that takes a role's permissions away is passed on."
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.global_events[0].event_pattern).detail["$or"] == [
      { requestParameters = { roleName = ["trailkeeper-responder", "trailkeeper-sweep"] } },
      { requestParameters = { roleName = [{ exists = false }], policyArn = [{ exists = false }] } },
    ]
    error_message = "Only of these roles, or without parameters."
  }
  assert {
    condition     = [jsondecode(aws_cloudwatch_event_rule.global_events[0].event_pattern).account, jsondecode(aws_cloudwatch_event_rule.global_events[0].event_pattern).region] == [["111122223333"], ["us-east-1"]]
    error_message = "Only what happened in this account and region is passed on."
  }
  assert {
    condition     = contains(jsondecode(aws_cloudwatch_event_rule.global_events[0].event_pattern).detail.eventName, "DisableAWSServiceAccess")
    error_message = "What is done to the organisation arrives here too."
  }
  assert {
    condition     = length(local.organization_calls) == 5
    error_message = "The organisation's calls are those that wake a responder."
  }
  assert {
    condition     = !contains(jsondecode(aws_cloudwatch_event_rule.global_events[0].event_pattern).detail.eventName, "SetDefaultPolicyVersion")
    error_message = "Policies are of interest if one is named."
  }
  assert {
    condition     = aws_cloudwatch_event_target.home[0].retry_policy[0].maximum_event_age_in_seconds == 86400 && aws_cloudwatch_event_target.home[0].retry_policy[0].maximum_retry_attempts == 185
    error_message = "EventBridge tries as long as it can."
  }
  assert {
    condition     = output.is_needed && output.rule_name == "trailkeeper-global-events" && jsondecode(output.event_pattern) == jsondecode(aws_cloudwatch_event_rule.global_events[0].event_pattern)
    error_message = "The outputs say what was made."
  }
}

run "the_boundary_is_watched_too" {
  command = plan

  variables {
    policy_arns = ["arn:aws:iam::111122223333:policy/boundary"]
  }

  assert {
    condition     = contains(jsondecode(aws_cloudwatch_event_rule.global_events[0].event_pattern).detail.eventName, "SetDefaultPolicyVersion")
    error_message = "A new version of the boundary takes permissions away."
  }
  assert {
    condition     = contains(jsondecode(aws_cloudwatch_event_rule.global_events[0].event_pattern).detail["$or"], { requestParameters = { policyArn = ["arn:aws:iam::111122223333:policy/boundary"] } })
    error_message = "Of that policy only."
  }
}

run "the_role_can_put_events_on_that_bus_and_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.global_events[0].policy).Statement == [{
      Sid      = "SendGlobalEvents"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = "arn:aws:events:eu-central-1:111122223333:event-bus/default"
    }]
    error_message = "The role is for one call on one bus."
  }
  assert {
    condition = jsondecode(aws_iam_role.global_events[0].assume_role_policy).Statement == [{
      Sid       = "RuleAssumesRole"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "111122223333" }
        ArnEquals    = { "aws:SourceArn" = "arn:aws:events:us-east-1:111122223333:rule/trailkeeper-global-events" }
      }
    }]
    error_message = "Only EventBridge may assume the role, for this rule."
  }
}

run "queue_is_encrypted_and_closed" {
  command = plan

  assert {
    condition     = aws_sqs_queue.dead_letters[0].sqs_managed_sse_enabled && aws_sqs_queue.dead_letters[0].message_retention_seconds == 1209600
    error_message = "Dead letters must be encrypted and kept for 14 days."
  }
  assert {
    condition = [for s in jsondecode(aws_sqs_queue_policy.dead_letters[0].policy).Statement : s if s.Effect == "Allow"] == [{
      Sid       = "RuleSendsDeadLetters"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:us-east-1:111122223333:trailkeeper-global-events-dead-letters"
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:us-east-1:111122223333:rule/trailkeeper-global-events" } }
    }]
    error_message = "Only this rule may send."
  }
}

run "nothing_in_the_region_of_global_events" {
  command = plan

  variables {
    home_region = "us-east-1"
  }

  assert {
    condition     = !output.is_needed && output.rule_name == null && output.rule_arn == null && output.role_arn == null && output.dead_letter_queue_url == null && output.dead_letter_queue_arn == null
    error_message = "The responder's own rule sees these events: nothing is made."
  }
  assert {
    condition     = length(aws_iam_role.global_events) + length(aws_cloudwatch_event_rule.global_events) + length(aws_sqs_queue.dead_letters) == 0
    error_message = "Nothing is made."
  }
}

run "govcloud_has_another_region" {
  command = plan

  variables {
    home_region = "us-gov-east-1"
  }

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-us-gov" }
  }
  override_data {
    target = data.aws_region.current
    values = { id = "us-gov-west-1" }
  }

  assert {
    condition     = aws_cloudwatch_event_target.home[0].arn == "arn:aws-us-gov:events:us-gov-east-1:111122223333:event-bus/default"
    error_message = "The partition is the one it is deployed in."
  }
  assert {
    condition     = !strcontains("${aws_iam_role_policy.global_events[0].policy}${aws_iam_role.global_events[0].assume_role_policy}${aws_sqs_queue_policy.dead_letters[0].policy}", "arn:aws:")
    error_message = "Policies must use the partition they are deployed in."
  }
}

run "refuses_china_outside_of_its_region_of_global_events" {
  command = plan

  variables {
    home_region = "cn-northwest-1"
  }

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn" }
  }
  override_data {
    target = data.aws_region.current
    values = { id = "cn-northwest-1" }
  }

  expect_failures = [aws_cloudwatch_event_rule.global_events]
}

run "refuses_the_home_region_itself" {
  command = plan

  override_data {
    target = data.aws_region.current
    values = { id = "eu-central-1" }
  }

  expect_failures = [aws_cloudwatch_event_rule.global_events]
}

run "refuses_a_partition_it_does_not_know" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-iso" }
  }

  expect_failures = [aws_cloudwatch_event_rule.global_events]
}

run "refuses_no_role" {
  command = plan

  variables {
    role_names = []
  }

  expect_failures = [var.role_names]
}

run "refuses_a_role_by_arn" {
  command = plan

  variables {
    role_names = ["arn:aws:iam::111122223333:role/trailkeeper-responder"]
  }

  expect_failures = [var.role_names]
}

run "refuses_what_is_no_region" {
  command = plan

  variables {
    home_region = "Frankfurt"
  }

  expect_failures = [var.home_region]
}

run "refuses_a_policy_by_name" {
  command = plan

  variables {
    policy_arns = ["boundary"]
  }

  expect_failures = [var.policy_arns]
}

run "refuses_what_is_no_boundary" {
  command = plan

  variables {
    permissions_boundary = "boundary"
  }

  expect_failures = [var.permissions_boundary]
}

run "refuses_a_name_that_iam_would_not_fit" {
  command = plan

  variables {
    name = "a-name-of-more-than-twenty-four"
  }

  expect_failures = [var.name]
}
