# Whom the policy keeps off what. Plans against a mocked provider.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  targets     = ["r-a1b2"]
  trail_names = ["audit"]
}

run "trails_are_changed_by_trailkeeper_and_operators_only" {
  command = plan

  assert {
    condition = [for s in jsondecode(aws_organizations_policy.this.content).Statement : s if s.Sid == "OnlyTrailkeeperChanges"] == [{
      Sid    = "OnlyTrailkeeperChanges"
      Effect = "Deny"
      Action = [
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:PartiQL*",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "cloudtrail:AddTags",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:PutInsightSelectors",
        "cloudtrail:RemoveTags",
        "cloudtrail:UpdateTrail",
      ]
      Resource = [
        "arn:aws:dynamodb:*:*:table/trailkeeper-incidents",
        "arn:aws:cloudtrail:*:*:trail/audit",
      ]
      Condition = {
        ArnNotLike = {
          "aws:PrincipalArn" = [
            "arn:aws:iam::*:role/trailkeeper-remediation",
            "arn:aws:iam::*:role/stacksets-exec-*",
          ]
        }
      }
    }]
    error_message = "The trails and the told incidents are for Trailkeeper's roles and operators only."
  }
  assert {
    condition     = !strcontains(aws_organizations_policy.this.content, "StartLogging")
    error_message = "Nobody is to be kept from starting a trail."
  }
}

run "nobody_who_heals_needs_to_stop" {
  command = plan

  variables {
    member_responders = true
  }

  assert {
    condition = length(setsubtract(
      ["cloudtrail:DeleteTrail", "cloudtrail:PutEventConfiguration", "cloudtrail:StopLogging"],
      flatten([for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Action if s.Sid == "OnlyOperatorsStopOrChange"]),
    )) == 0
    error_message = "A trail is stopped and deleted by operators only, not by those who heal it."
  }
  assert {
    condition = alltrue([for s in jsondecode(aws_organizations_policy.this.content).Statement :
      contains(s.Resource, "arn:aws:cloudtrail:*:*:trail/audit") && s.Condition.ArnNotLike["aws:PrincipalArn"] == ["arn:aws:iam::*:role/stacksets-exec-*"]
      if s.Sid == "OnlyOperatorsStopOrChange"
    ])
    error_message = "The trails must be among what only operators may touch, and no healer among the operators."
  }
}

run "responders_heal_where_there_are_some" {
  command = plan

  variables {
    member_responders = true
    hub_account_id    = "111122223333"
  }

  assert {
    condition = [for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Condition.ArnNotLike["aws:PrincipalArn"] if s.Sid == "OnlyTrailkeeperChanges"] == [[
      "arn:aws:iam::*:role/trailkeeper-remediation",
      "arn:aws:iam::*:role/trailkeeper-responder",
      "arn:aws:iam::*:role/stacksets-exec-*",
    ]]
    error_message = "With responders in the members their role heals there, and in the hub's account like everywhere."
  }
}

run "the_hubs_own_responder_heals_in_its_account" {
  command = plan

  variables {
    hub_account_id = "111122223333"
  }

  assert {
    condition = [for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Condition.ArnNotLike["aws:PrincipalArn"] if s.Sid == "OnlyTrailkeeperChanges"] == [[
      "arn:aws:iam::*:role/trailkeeper-remediation",
      "arn:aws:iam::111122223333:role/trailkeeper-responder",
      "arn:aws:iam::*:role/stacksets-exec-*",
    ]]
    error_message = "The name of the hub's role is exempt in the hub's account only."
  }
}

run "alarms_cannot_be_silenced_nor_accounts_taken_away" {
  command = plan

  assert {
    condition = length(setsubtract(
      ["account:DisableRegion", "cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "cloudwatch:PutAlarmMuteRule", "cloudwatch:PutCompositeAlarm", "cloudwatch:PutMetricAlarm"],
      flatten([for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Action if s.Sid == "OnlyOperatorsStopOrChange"]),
    )) == 0
    error_message = "An alarm must not be muted, replaced or taken away, nor its region switched off."
  }
  assert {
    condition = [for s in jsondecode(aws_organizations_policy.this.content).Statement : s if s.Sid == "StayInOrganization"] == [{
      Sid      = "StayInOrganization"
      Effect   = "Deny"
      Action   = ["account:CloseAccount", "organizations:AcceptHandshake", "organizations:LeaveOrganization"]
      Resource = "*"
    }]
    error_message = "No account leaves, joins another organisation or is closed from inside, whoever asks."
  }
}

run "trailkeeper_itself_is_changed_by_operators_only" {
  command = plan

  variables {
    exempt_principals = ["arn:aws:iam::*:role/pipeline-apply"]
  }

  assert {
    condition = [for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Condition if s.Sid == "OnlyOperatorsStopOrChange"] == [
      { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::*:role/stacksets-exec-*", "arn:aws:iam::*:role/pipeline-apply"] } }
    ]
    error_message = "Trailkeeper's own roles have no business with what Trailkeeper consists of."
  }
  assert {
    condition = length(setsubtract([
      "arn:aws:iam::*:role/trailkeeper-remediation",
      "arn:aws:iam::*:role/trailkeeper-responder",
      "arn:aws:iam::*:role/trailkeeper-forwarding-*",
      "arn:aws:iam::*:role/trailkeeper-sweep",
      "arn:aws:events:*:*:rule/trailkeeper-forwarding",
      "arn:aws:events:*:*:rule/trailkeeper-trail-changes",
      "arn:aws:sqs:*:*:trailkeeper-*dead-letters",
      "arn:aws:lambda:*:*:function:trailkeeper-responder*",
      "arn:aws:scheduler:*:*:schedule/trailkeeper/*",
      "arn:aws:dynamodb:*:*:table/trailkeeper-incidents",
      "arn:aws:ssm:*:*:parameter/trailkeeper/trailkeeper/*",
      "arn:aws:logs:*:*:log-group:/aws/lambda/trailkeeper-responder*",
      "arn:aws:cloudwatch:*:*:alarm:trailkeeper-*",
      "arn:aws:cloudformation:*:*:stack/StackSet-trailkeeper*",
    ], flatten([for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Resource if s.Sid == "OnlyOperatorsStopOrChange"]))) == 0
    error_message = "All that a member has of Trailkeeper is protected."
  }
  assert {
    condition = length(setsubtract(
      ["arn:aws:iam::*:role/stacksets-exec-*", "arn:aws:iam::*:role/pipeline-apply"],
      flatten([for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Resource if s.Sid == "OnlyOperatorsStopOrChange"]),
    )) == 0
    error_message = "A name that is exempt must not be free for the taking."
  }
  assert {
    condition     = contains(flatten([for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Action if s.Sid == "OnlyOperatorsStopOrChange"]), "iam:PassRole")
    error_message = "Other code must not be given the responder's role."
  }
  assert {
    condition = alltrue([for condition in [for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Condition if s.Sid == "OnlyTrailkeeperChanges"] :
      contains(condition.ArnNotLike["aws:PrincipalArn"], "arn:aws:iam::*:role/pipeline-apply")
    ])
    error_message = "Who is exempt may change the trails too."
  }
}

run "only_denies_and_names_what_it_is_for" {
  command = plan

  assert {
    condition     = alltrue([for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Effect == "Deny"])
    error_message = "The policy grants nothing and can stand beside any other."
  }
  assert {
    condition     = [for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Sid if contains(flatten([s.Resource]), "*")] == ["StayInOrganization"]
    error_message = "Only leaving the organisation has no resource to name."
  }
  assert {
    condition     = !anytrue([for action in flatten([for s in jsondecode(aws_organizations_policy.this.content).Statement : s.Action]) : endswith(action, ":*")])
    error_message = "Reading is nobody's harm."
  }
}

# The longest that names can be: prefix, a trail's name, roles' names, partition.
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
run "fits_with_the_longest_names" {
  command = plan

  variables {
    name              = "a-name-of-24-characters1"
    trail_names       = [join("", [for number in range(128) : "t"])]
    member_responders = true
    exempt_principals = [
      "arn:aws-us-gov:iam::*:role/AWSControlTowerExecution",
      "arn:aws-us-gov:iam::*:role/${join("", [for number in range(64) : "p"])}",
    ]
  }

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-us-gov" }
  }

  assert {
    condition     = output.length <= 5120 && output.length == length(aws_organizations_policy.this.content)
    error_message = "Organizations takes 5120 characters, and the policy has ${output.length}."
  }
}

run "fits_with_usual_names_and_room_to_spare" {
  command = plan

  variables {
    targets           = ["r-a1b2", "ou-a1b2-c3d4e5f6", "111122223333"]
    trail_names       = ["aws-controltower-BaselineCloudTrail", "audit", "a-trail-of-another-team"]
    member_responders = true
    exempt_principals = [
      "arn:aws:iam::*:role/AWSControlTowerExecution",
      "arn:aws:iam::*:role/OrganizationAccountAccessRole",
      "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_BreakGlass_*",
      "arn:aws:iam::*:role/trailkeeper-pipeline-apply",
    ]
  }

  assert {
    condition     = output.length <= 4608
    error_message = "There must be room for more exempt principals, 500 characters at least, and the policy has ${output.length}."
  }
  assert {
    condition     = keys(aws_organizations_policy_attachment.this) == ["111122223333", "ou-a1b2-c3d4e5f6", "r-a1b2"]
    error_message = "The policy is attached to each target."
  }
}

run "no_partition_is_hard_coded" {
  command = plan

  variables {
    exempt_principals = ["arn:aws-us-gov:iam::*:role/pipeline-apply"]
  }

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-us-gov" }
  }

  assert {
    condition     = !strcontains(aws_organizations_policy.this.content, "arn:aws:")
    error_message = "The policy must use the partition it is deployed in."
  }
}
