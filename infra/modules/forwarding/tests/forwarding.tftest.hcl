# What is forwarded, and who may do it. Plans against a mocked provider.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  hub_bus_arn = "arn:aws:events:eu-west-1:999988887777:event-bus/trailkeeper"
}

run "events_of_this_account_and_region_go_to_the_hub" {
  command = plan

  assert {
    condition     = [jsondecode(aws_cloudwatch_event_rule.forwarding.event_pattern).account, jsondecode(aws_cloudwatch_event_rule.forwarding.event_pattern).region] == [["111122223333"], ["eu-central-1"]]
    error_message = "Only what happened in this account and region is forwarded."
  }
  assert {
    condition = alltrue([for name in ["StopLogging", "UpdateTrail", "DeleteTrail", "PutEventSelectors", "PutInsightSelectors", "RemoveTags"] :
      contains(jsondecode(aws_cloudwatch_event_rule.forwarding.event_pattern).detail.eventName, name)
    ])
    error_message = "All that can weaken a trail is forwarded."
  }
  assert {
    condition     = { for key, value in jsondecode(aws_cloudwatch_event_rule.forwarding.event_pattern) : key => value if !contains(["account", "region"], key) } == jsondecode(jsonencode(module.event_pattern.pattern))
    error_message = "The pattern is the one that wakes every responder."
  }
  assert {
    condition     = aws_cloudwatch_event_target.hub.arn == var.hub_bus_arn
    error_message = "The target is the hub's bus."
  }
  assert {
    condition     = aws_cloudwatch_event_target.hub.retry_policy[0].maximum_event_age_in_seconds == 86400 && aws_cloudwatch_event_target.hub.retry_policy[0].maximum_retry_attempts == 185
    error_message = "EventBridge tries as long as it can."
  }
  assert {
    condition     = [aws_cloudwatch_event_rule.forwarding.name, aws_iam_role.forwarding.name, aws_sqs_queue.dead_letters.name] == ["trailkeeper-forwarding", "trailkeeper-forwarding-eu-central-1", "trailkeeper-forwarding-dead-letters"]
    error_message = "The names are fixed: bus and control policies name them."
  }
}

run "the_role_can_put_events_on_that_bus_and_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.forwarding.policy).Statement == [{
      Sid      = "ForwardEvents"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = "arn:aws:events:eu-west-1:999988887777:event-bus/trailkeeper"
    }]
    error_message = "The role is for one call on one bus."
  }
  assert {
    condition = jsondecode(aws_iam_role.forwarding.assume_role_policy).Statement == [{
      Sid       = "RuleAssumesRole"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "111122223333" }
        ArnEquals    = { "aws:SourceArn" = "arn:aws:events:eu-central-1:111122223333:rule/trailkeeper-forwarding" }
      }
    }]
    error_message = "Only EventBridge may assume the role, for this rule."
  }
  assert {
    condition     = aws_iam_role.forwarding.permissions_boundary == null
    error_message = "There is no boundary unless one is given."
  }
}

run "queue_is_encrypted_and_closed" {
  command = plan

  assert {
    condition     = aws_sqs_queue.dead_letters.sqs_managed_sse_enabled && aws_sqs_queue.dead_letters.message_retention_seconds == 1209600
    error_message = "Dead letters must be encrypted and kept for 14 days."
  }
  assert {
    condition = [for s in jsondecode(aws_sqs_queue_policy.dead_letters.policy).Statement : s if s.Effect == "Allow"] == [{
      Sid       = "RuleSendsDeadLetters"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-central-1:111122223333:trailkeeper-forwarding-dead-letters"
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:eu-central-1:111122223333:rule/trailkeeper-forwarding" } }
    }]
    error_message = "Only this rule may send."
  }
  assert {
    condition = anytrue([for s in jsondecode(aws_sqs_queue_policy.dead_letters.policy).Statement :
      s.Effect == "Deny" && s.Principal == "*" && s.Action == "sqs:*" && s.Condition == { Bool = { "aws:SecureTransport" = "false" } }
    ])
    error_message = "Plain HTTP must be denied."
  }
}

run "boundary_and_another_partition" {
  command = plan

  variables {
    hub_bus_arn          = "arn:aws-cn:events:cn-north-1:999988887777:event-bus/trailkeeper"
    permissions_boundary = "arn:aws-cn:iam::111122223333:policy/boundary"
  }

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }
  override_data {
    target = data.aws_region.current
    values = { id = "cn-north-1" }
  }

  assert {
    condition     = !strcontains("${aws_iam_role_policy.forwarding.policy}${aws_iam_role.forwarding.assume_role_policy}${aws_sqs_queue_policy.dead_letters.policy}", "arn:aws:")
    error_message = "Policies must use the partition they are deployed in."
  }
  assert {
    condition     = aws_iam_role.forwarding.permissions_boundary == var.permissions_boundary
    error_message = "The boundary must be on the role."
  }
}

run "refuses_what_is_no_bus" {
  command = plan

  variables {
    hub_bus_arn = "arn:aws:events:eu-west-1:999988887777:rule/trailkeeper"
  }

  expect_failures = [var.hub_bus_arn]
}

run "refuses_a_name_that_iam_would_not_fit" {
  command = plan

  variables {
    name = "a-name-of-more-than-twenty-four"
  }

  expect_failures = [var.name]
}

run "refuses_what_is_no_boundary" {
  command = plan

  variables {
    permissions_boundary = "boundary"
  }

  expect_failures = [var.permissions_boundary]
}
