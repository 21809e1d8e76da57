# The responder as an organisation's hub. Plans against a mocked provider: no
# account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  guard_responder = false
  # Any file does: a plan reads only its hash.
  package   = "main.tf"
  topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts"
  baselines = []
  hub = {
    organization_id = "o-a1b2c3d4e5"
    bus_name        = "trailkeeper"
    external_id     = "6b1f0c1e-6d0e-4d7a-9b55-1f6f1c1f2a3b"
    member_baselines = [
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
        parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
        parameter_path   = "/trailkeeper/trailkeeper/audit"
        can_be_recreated = true
        guards           = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      },
      {
        trail_arn             = "arn:aws:cloudtrail:eu-central-1:999988887777:trail/audit"
        parameter_name        = "/trailkeeper/trailkeeper/audit/2222"
        parameter_path        = "/trailkeeper/trailkeeper/audit"
        can_be_recreated      = false
        guards                = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
        is_organization_trail = true
      },
    ]
  }
}

run "the_function_knows_the_members" {
  command = plan

  assert {
    condition = aws_lambda_function.responder.environment[0].variables == tomap({
      TRAILKEEPER_MEMBER_TRAILS   = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit=/trailkeeper/trailkeeper/audit/1111,arn:aws:cloudtrail:eu-central-1:999988887777:trail/audit=/trailkeeper/trailkeeper/audit/2222"
      TRAILKEEPER_MEMBER_ROLE     = "trailkeeper-remediation"
      TRAILKEEPER_EXTERNAL_ID     = "6b1f0c1e-6d0e-4d7a-9b55-1f6f1c1f2a3b"
      TRAILKEEPER_TOPIC_ARN       = "arn:aws:sns:eu-central-1:123456789012:alerts"
      TRAILKEEPER_MODE            = "enforce"
      TRAILKEEPER_ROLE_ARN        = "arn:aws:iam::123456789012:role/trailkeeper-responder"
      TRAILKEEPER_INCIDENTS_TABLE = "trailkeeper-incidents"
    })
    error_message = "A hub without trails of its own, exclusions, peers and a queue is told of none: Lambda refuses empty values."
  }
  assert {
    condition     = aws_lambda_function.responder.timeout == 300
    error_message = "A hub needs time for all accounts."
  }
  assert {
    condition     = output.member_role_name == "trailkeeper-remediation" && output.member_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:{account}:trail/audit", "arn:aws:cloudtrail:eu-central-1:999988887777:trail/audit"])
    error_message = "The outputs must tell what is protected, and with which role."
  }
}

run "the_hub_heals_with_the_members_roles" {
  command = plan

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => [flatten([s.Action]), flatten([s.Resource])] } == {
      ReadBaselines          = [["ssm:GetParameter"], ["arn:aws:ssm:eu-central-1:123456789012:parameter/trailkeeper/trailkeeper/audit/*"]]
      RememberIncidents      = [["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], ["arn:aws:dynamodb:eu-central-1:123456789012:table/trailkeeper-incidents"]]
      PublishNotices         = [["sns:Publish"], ["arn:aws:sns:eu-central-1:123456789012:alerts"]]
      WriteLogs              = [["logs:CreateLogStream", "logs:PutLogEvents"], ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/trailkeeper-responder:log-stream:*"]]
      SendDeadLetters        = [["sqs:SendMessage"], ["arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters"]]
      AssumeRemediationRoles = [["sts:AssumeRole"], ["arn:aws:iam::*:role/trailkeeper-remediation"]]
      ListAccounts           = [["organizations:ListAccounts"], ["*"]]
    }
    error_message = "The hub's role itself changes no trail of a member."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Condition if s.Sid == "AssumeRemediationRoles"]) == { StringEquals = { "aws:ResourceOrgID" = "o-a1b2c3d4e5" } }
    error_message = "Roles of this organisation only."
  }
}

run "excluded_accounts_cannot_be_entered" {
  command = plan

  variables {
    hub = merge(var.hub, { excluded_accounts = ["111122223333", "444455556666", "111122223333"] })
  }

  assert {
    condition = one([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Condition if s.Sid == "AssumeRemediationRoles"]) == {
      StringEquals    = { "aws:ResourceOrgID" = "o-a1b2c3d4e5" }
      StringNotEquals = { "aws:ResourceAccount" = ["111122223333", "444455556666"] }
    }
    error_message = "What the function is to leave alone, its role must not reach."
  }
  assert {
    condition     = aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_EXCLUDED_ACCOUNTS"] == "111122223333,444455556666"
    error_message = "The function must know them, each once."
  }
}

run "members_wake_the_function" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_rule.member_changes[0].event_bus_name == "trailkeeper" && aws_cloudwatch_event_rule.member_changes[0].name == "trailkeeper-member-changes"
    error_message = "The rule must be on the hub's bus."
  }
  assert {
    condition = (
      keys(jsondecode(aws_cloudwatch_event_rule.member_changes[0].event_pattern)) == ["detail", "detail-type", "source"]
      && jsondecode(aws_cloudwatch_event_rule.member_changes[0].event_pattern).detail == jsondecode(aws_cloudwatch_event_rule.trail_changes.event_pattern).detail
    )
    error_message = "The same calls as in the own account, of every account and region."
  }
  assert {
    condition = (
      aws_cloudwatch_event_target.member_changes[0].event_bus_name == "trailkeeper"
      && aws_cloudwatch_event_target.member_changes[0].rule == "trailkeeper-member-changes"
      && aws_cloudwatch_event_target.member_changes[0].arn == aws_lambda_function.responder.arn
      && aws_cloudwatch_event_target.member_changes[0].retry_policy[0].maximum_event_age_in_seconds == 86400
      && aws_cloudwatch_event_target.member_changes[0].retry_policy[0].maximum_retry_attempts == 185
      && aws_cloudwatch_event_target.member_changes[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn
    )
    error_message = "A member's event must be tried as long as it can, and end in the queue."
  }
  assert {
    condition = (
      aws_lambda_permission.member_changes[0].principal == "events.amazonaws.com"
      && aws_lambda_permission.member_changes[0].action == "lambda:InvokeFunction"
      && aws_lambda_permission.member_changes[0].source_arn == aws_cloudwatch_event_rule.member_changes[0].arn
    )
    error_message = "Only this rule may invoke the function."
  }
  assert {
    condition = one([for s in jsondecode(aws_sqs_queue_policy.dead_letters.policy).Statement : s.Condition.ArnEquals["aws:SourceArn"] if s.Effect == "Allow"]) == [
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-trail-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper/trailkeeper-member-changes",
    ]
    error_message = "Both rules, and nobody else, may send dead letters."
  }
}

run "a_hub_has_trails_of_its_own_too" {
  command = plan

  variables {
    peer_roles        = ["arn:aws:iam::{account}:role/trailkeeper-responder"]
    change_principals = ["arn:aws:iam::{account}:role/pipeline"]
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/own"
      parameter_name   = "/trailkeeper/trailkeeper/own/3333"
      parameter_path   = "/trailkeeper/trailkeeper/own"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  assert {
    condition = { for name, value in aws_lambda_function.responder.environment[0].variables : name => value if contains(["TRAILKEEPER_TRAILS", "TRAILKEEPER_PEER_ROLES", "TRAILKEEPER_CHANGE_PRINCIPALS"], name) } == {
      TRAILKEEPER_TRAILS            = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/own=/trailkeeper/trailkeeper/own/3333"
      TRAILKEEPER_PEER_ROLES        = "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy,arn:aws:iam::{account}:role/trailkeeper-responder"
      TRAILKEEPER_CHANGE_PRINCIPALS = "arn:aws:iam::{account}:role/pipeline"
    }
    error_message = "The function must know its own trails, and keep {account}."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => s.Resource if contains(["RestoreTrails", "ReadBaselines"], s.Sid) } == {
      RestoreTrails = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/own"]
      ReadBaselines = ["arn:aws:ssm:eu-central-1:123456789012:parameter/trailkeeper/trailkeeper/own/*", "arn:aws:ssm:eu-central-1:123456789012:parameter/trailkeeper/trailkeeper/audit/*"]
    }
    error_message = "The role itself heals the own trails only, and reads all baselines."
  }
}

run "a_delegated_administrator_heals_the_organisations_trail" {
  command = plan

  variables {
    hub = null
    baselines = [{
      trail_arn             = "arn:aws:cloudtrail:eu-central-1:999988887777:trail/all"
      parameter_name        = "/trailkeeper/trailkeeper/all/3333"
      parameter_path        = "/trailkeeper/trailkeeper/all"
      can_be_recreated      = false
      guards                = { settings = true, event_selectors = false, insight_selectors = false, tags = false }
      is_organization_trail = true
    }]
  }

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => s.Resource if contains(["ReconcileSettings", "HealOrganizationTrails", "UseCloudTrailRole"], s.Sid) } == {
      ReconcileSettings      = ["arn:aws:cloudtrail:eu-central-1:999988887777:trail/all"]
      HealOrganizationTrails = ["*"]
      UseCloudTrailRole      = ["arn:aws:iam::123456789012:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"]
    }
    error_message = "The trail is the management account's; what CloudTrail asks for is looked up here."
  }
}

run "without_a_hub_nothing_of_it_is_made" {
  command = plan

  variables {
    hub = null
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/own"
      parameter_name   = "/trailkeeper/trailkeeper/own/3333"
      parameter_path   = "/trailkeeper/trailkeeper/own"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  assert {
    condition = (
      length(aws_cloudwatch_event_rule.member_changes) == 0 && length(aws_sqs_queue.sweep) == 0 && length(aws_lambda_event_source_mapping.sweep) == 0
      && output.hub_rule_name == null && output.sweep_queue_url == null && output.member_role_name == null && length(output.member_trail_arns) == 0
      && !strcontains(aws_iam_role_policy.responder.policy, "sts:") && !strcontains(aws_iam_role_policy.responder.policy, "organizations:")
    )
    error_message = "One account needs no hub."
  }
}
