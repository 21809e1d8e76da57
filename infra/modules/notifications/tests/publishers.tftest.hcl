# Responders in other accounts of the organisation. Plans against a mocked
# provider: no account, no emulator.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-central-1" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts" }
  }
}

variables {
  publishers = { organization_id = "o-a1b2c3d4e5", role_name = "trailkeeper-responder" }
}

run "members_publish" {
  command = plan

  assert {
    condition = { for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : s.Sid => [s.Principal, s.Action, s.Resource, s.Condition] if startswith(s.Sid, "Members") } == {
      MembersPublish = [
        { AWS = "*" }, "sns:Publish", "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts",
        {
          StringEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" }
          ArnLike      = { "aws:PrincipalArn" = "arn:aws:iam::*:role/trailkeeper-responder" }
        },
      ]
      MembersAlarmsPublish = [
        { Service = "cloudwatch.amazonaws.com" }, "sns:Publish", "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts",
        {
          StringEquals = { "aws:SourceOrgID" = "o-a1b2c3d4e5" }
          ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:eu-central-1:*:alarm:trailkeeper-*" }
        },
      ]
    }
    error_message = "The role of that name and the alarms of that name, in this organisation only."
  }
  assert {
    condition     = [for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : s.Sid if s.Effect == "Allow"] == ["AlarmsPublish", "MembersPublish", "MembersAlarmsPublish"] && anytrue([for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : s.Sid == "DenyInsecureTransport"])
    error_message = "Nobody else is let in, and the account's own alarms and the denial stay."
  }
}

run "members_use_the_key" {
  command = plan

  assert {
    condition = { for s in jsondecode(aws_kms_key.topic.policy).Statement : s.Sid => [s.Principal, s.Action, s.Condition] if startswith(s.Sid, "Members") } == {
      MembersUseKey = [
        { AWS = "*" }, ["kms:Decrypt", "kms:GenerateDataKey"],
        {
          StringEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5", "kms:ViaService" = "sns.eu-central-1.amazonaws.com" }
          ArnLike      = { "aws:PrincipalArn" = "arn:aws:iam::*:role/trailkeeper-responder" }
        },
      ]
      MembersAlarmsUseKey = [
        { Service = "cloudwatch.amazonaws.com" }, ["kms:Decrypt", "kms:GenerateDataKey*"],
        {
          StringEquals = { "aws:SourceOrgID" = "o-a1b2c3d4e5" }
          ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:eu-central-1:*:alarm:trailkeeper-*" }
        },
      ]
    }
    error_message = "The key must be usable by whoever may publish, through SNS only."
  }
}

run "the_prefix_is_the_alarms" {
  command = plan

  variables {
    name = "guard"
  }

  assert {
    condition     = one([for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : s.Condition.ArnLike["aws:SourceArn"] if s.Sid == "MembersAlarmsPublish"]) == "arn:aws:cloudwatch:eu-central-1:*:alarm:guard-*"
    error_message = "Alarms of members have the same prefix."
  }
}

run "without_publishers_nobody_outside_is_let_in" {
  command = plan

  variables {
    publishers = null
  }

  assert {
    condition     = !strcontains("${aws_sns_topic_policy.alerts.policy}${aws_kms_key.topic.policy}", "OrgID")
    error_message = "By default the topic is this account's."
  }
}

run "another_partition" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }
  override_data {
    target = data.aws_region.current
    values = { id = "cn-north-1" }
  }

  assert {
    condition     = !strcontains("${aws_sns_topic_policy.alerts.policy}${aws_kms_key.topic.policy}", "arn:aws:") && strcontains(aws_kms_key.topic.policy, "\"sns.cn-north-1.amazonaws.com.cn\"")
    error_message = "Policies must use the partition they are deployed in."
  }
}

run "a_root_id_is_no_organisation" {
  command = plan

  variables {
    publishers = { organization_id = "r-ab12", role_name = "trailkeeper-responder" }
  }

  expect_failures = [var.publishers]
}

run "any_role_of_the_organisation_is_refused" {
  command = plan

  variables {
    publishers = { organization_id = "o-a1b2c3d4e5", role_name = "*" }
  }

  expect_failures = [var.publishers]
}

run "no_organisation_is_refused" {
  command = plan

  variables {
    publishers = { organization_id = "*", role_name = "trailkeeper-responder" }
  }

  expect_failures = [var.publishers]
}
