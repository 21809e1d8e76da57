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
    condition = [for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s if s.Sid == "OnlyTrailkeeperChanges"] == [{
      Sid    = "OnlyTrailkeeperChanges"
      Effect = "Deny"
      Action = [
        "lambda:Invoke*",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "cloudtrail:AddTags",
        "cloudtrail:Put*",
        "cloudtrail:RemoveTags",
        "cloudtrail:UpdateTrail",
      ]
      Resource = [
        "arn:*:lambda:*:*:function:trailkeeper-responder*",
        "arn:*:dynamodb:*:*:table/trailkeeper-incidents",
        "arn:*:cloudtrail:*:*:trail/audit",
      ]
      Condition = {
        ArnNotLike = {
          "aws:PrincipalArn" = [
            "arn:*:iam::*:role/trailkeeper-remediation",
            "arn:*:iam::*:role/stacksets-exec-*",
          ]
        }
      }
    }]
    error_message = "Trails, told incidents and function are for Trailkeeper's roles and operators only."
  }
  assert {
    condition     = !strcontains(aws_organizations_policy.this[0].content, "StartLogging")
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
      flatten([for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Action if s.Sid == "OnlyOperatorsStopOrChange"]),
    )) == 0
    error_message = "A trail is stopped and deleted by operators only, not by those who heal it."
  }
  assert {
    condition = alltrue([for s in jsondecode(aws_organizations_policy.this[0].content).Statement :
      contains(s.Resource, "arn:*:cloudtrail:*:*:trail/audit") && s.Condition.ArnNotLike["aws:PrincipalArn"] == ["arn:*:iam::*:role/stacksets-exec-*"]
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
    condition = [for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Condition.ArnNotLike["aws:PrincipalArn"] if s.Sid == "OnlyTrailkeeperChanges"] == [[
      "arn:*:iam::*:role/trailkeeper-remediation",
      "arn:*:iam::*:role/trailkeeper-responder*",
      "arn:*:iam::*:role/trailkeeper-sweep*",
      "arn:*:iam::*:role/stacksets-exec-*",
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
    condition = [for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Condition.ArnNotLike["aws:PrincipalArn"] if s.Sid == "OnlyTrailkeeperChanges"] == [[
      "arn:*:iam::*:role/trailkeeper-remediation",
      "arn:*:iam::111122223333:role/trailkeeper-responder*",
      "arn:*:iam::111122223333:role/trailkeeper-sweep*",
      "arn:*:iam::*:role/stacksets-exec-*",
    ]]
    error_message = "The name of the hub's role is exempt in the hub's account only."
  }
}

run "alarms_cannot_be_silenced_nor_accounts_taken_away" {
  command = plan

  assert {
    condition = length(setsubtract(
      ["account:DisableRegion", "cloudwatch:Delete*", "cloudwatch:Disable*", "cloudwatch:Put*", "cloudwatch:Set*"],
      flatten([for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Action if s.Sid == "OnlyOperatorsStopOrChange"]),
    )) == 0
    error_message = "An alarm must not be muted, replaced or taken away, nor its region switched off."
  }
  assert {
    condition = [for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s if s.Sid == "StayInOrganization"] == [{
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
    condition = [for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Condition if s.Sid == "OnlyOperatorsStopOrChange"] == [
      { ArnNotLike = { "aws:PrincipalArn" = ["arn:*:iam::*:role/stacksets-exec-*", "arn:*:iam::*:role/pipeline-apply"] } }
    ]
    error_message = "Trailkeeper's own roles have no business with what Trailkeeper consists of."
  }
  assert {
    condition = length(setsubtract([
      "arn:*:iam::*:role/trailkeeper-*",
      "arn:*:events:*:*:rule/trailkeeper-*",
      "arn:*:iam::*:policy/trailkeeper-*",
      "arn:*:sqs:*:*:trailkeeper-*dead-letters",
      "arn:*:lambda:*:*:function:trailkeeper-responder*",
      "arn:*:scheduler:*:*:schedule-group/trailkeeper*",
      "arn:*:scheduler:*:*:schedule/trailkeeper*/*",
      "arn:*:dynamodb:*:*:table/trailkeeper-incidents",
      "arn:*:ssm:*:*:parameter/trailkeeper/trailkeeper/*",
      "arn:*:logs:*:*:log-group:/aws/lambda/trailkeeper-responder*",
      "arn:*:cloudwatch:*:*:alarm:trailkeeper-*",
      "arn:*:cloudformation:*:*:stack/StackSet-trailkeeper*",
    ], flatten([for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Resource if s.Sid == "OnlyOperatorsStopOrChange"]))) == 0
    error_message = "All that a member has of Trailkeeper is protected."
  }
  assert {
    condition = length(setsubtract(
      ["arn:*:iam::*:role/stacksets-exec-*", "arn:*:iam::*:role/pipeline-apply"],
      flatten([for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Resource if s.Sid == "OnlyOperatorsStopOrChange"]),
    )) == 0
    error_message = "A name that is exempt must not be free for the taking."
  }
  assert {
    condition     = contains(flatten([for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Action if s.Sid == "OnlyOperatorsStopOrChange"]), "iam:PassRole")
    error_message = "Other code must not be given the responder's role."
  }
  assert {
    condition = alltrue([for condition in [for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Condition if s.Sid == "OnlyTrailkeeperChanges"] :
      contains(condition.ArnNotLike["aws:PrincipalArn"], "arn:*:iam::*:role/pipeline-apply")
    ])
    error_message = "Who is exempt may change the trails too."
  }
}

run "only_denies_and_names_what_it_is_for" {
  command = plan

  assert {
    condition     = alltrue([for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Effect == "Deny"])
    error_message = "The policy grants nothing and can stand beside any other."
  }
  assert {
    condition     = [for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Sid if contains(flatten([s.Resource]), "*")] == ["NobodyMaps", "StayInOrganization"]
    error_message = "Only mappings, named by their function, and leaving the organisation have no resource to name."
  }
  assert {
    condition     = !anytrue([for action in flatten([for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Action]) : endswith(action, ":*")])
    error_message = "Reading is nobody's harm."
  }
  assert {
    condition     = alltrue([for action in flatten([for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Action]) : can(regex("^[a-z0-9]+:[A-Z][A-Za-z]*\\*?$", action))])
    error_message = "A wildcard may only end an action: not every partition's policies take it elsewhere."
  }
}

run "nobody_feeds_the_function" {
  command = plan

  variables {
    member_responders = true
  }

  assert {
    condition = [for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s if s.Sid == "NobodyMaps"] == [{
      Sid       = "NobodyMaps"
      Effect    = "Deny"
      Action    = ["lambda:CreateEventSource*", "lambda:UpdateEventSource*"]
      Resource  = "*"
      Condition = { ArnLike = { "lambda:FunctionArn" = "arn:*:lambda:*:*:function:trailkeeper-responder*" } }
    }]
    error_message = "A queue or stream must not invoke the responder."
  }
}

run "the_hubs_queue_is_taken_from_by_the_hub_only" {
  command = plan

  variables {
    hub_account_id = "111122223333"
  }

  assert {
    condition = alltrue([for s in jsondecode(aws_organizations_policy.this[0].content).Statement :
      contains(s.Resource, "arn:*:sqs:*:111122223333:trailkeeper-sweep-accounts") && contains(s.Action, "sqs:Receive*") if s.Sid == "OnlyTrailkeeperChanges"
    ])
    error_message = "Nobody else may take the accounts that are to be swept."
  }
  assert {
    condition     = [for s in jsondecode(aws_organizations_policy.this[0].content).Statement : s.Condition.StringNotEquals if s.Sid == "NobodyMaps"] == [{ "aws:PrincipalAccount" = "111122223333" }]
    error_message = "The hub maps its sweep queue to its function."
  }
}

run "trails_are_named_by_arn_too" {
  command = plan

  variables {
    guarded_trail_arns = [
      "arn:aws:cloudtrail:eu-central-1:999988887777:trail/organization-trail",
      "arn:aws:cloudtrail:*:*:trail/team-*",
      "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit",
    ]
  }

  assert {
    condition = alltrue([for s in jsondecode(aws_organizations_policy.this[0].content).Statement :
      [for arn in s.Resource : arn if strcontains(arn, ":cloudtrail:")] == [
        "arn:*:cloudtrail:*:*:trail/audit",
        "arn:*:cloudtrail:eu-central-1:999988887777:trail/organization-trail",
        "arn:*:cloudtrail:*:*:trail/team-*",
      ] if contains(["OnlyTrailkeeperChanges", "OnlyOperatorsStopOrChange"], s.Sid)
    ])
    error_message = "Each named trail must be in both statements, and none twice that its name covers already."
  }
}

run "evidence_stays" {
  command = plan

  variables {
    evidence_arns = [
      "arn:aws:s3:::audit-logs-*",
      "arn:aws:kms:eu-central-1:111122223333:key/0f0e0d0c",
      "arn:aws:logs:*:*:log-group:audit",
    ]
  }

  assert {
    condition = alltrue([for s in jsondecode(aws_organizations_policy.this[0].content).Statement : length(setsubtract([
      "arn:*:s3:::audit-logs-*",
      "arn:*:s3:::audit-logs-*/*",
      "arn:*:kms:eu-central-1:111122223333:key/0f0e0d0c",
      "arn:*:logs:*:*:log-group:audit",
      "arn:*:logs:*:*:log-group:audit:*",
    ], s.Resource)) == 0 if s.Sid == "OnlyOperatorsStopOrChange"])
    error_message = "Buckets with their objects, keys, and log groups with their streams are protected."
  }
  assert {
    condition = alltrue([for s in jsondecode(aws_organizations_policy.this[0].content).Statement :
      length(setsubtract(["kms:ScheduleKey*", "logs:Delete*", "s3:Delete*", "s3:Put*"], s.Action)) == 0 && length(distinct(s.Action)) == length(s.Action) if s.Sid == "OnlyOperatorsStopOrChange"
    ])
    error_message = "Evidence must not be deleted, and no action stand there twice."
  }
}

# The longest that names can be, every option, the longest partition.
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
run "fits_with_the_longest_names" {
  command = plan

  variables {
    name               = "a-name-of-24-characters1"
    trail_names        = [join("", [for number in range(128) : "t"])]
    guarded_trail_arns = ["arn:aws-us-gov:cloudtrail:us-gov-west-1:999988887777:trail/${join("", [for number in range(128) : "o"])}"]
    evidence_arns = [
      "arn:aws-us-gov:s3:::${join("", [for number in range(62) : "b"])}*",
      "arn:aws-us-gov:kms:us-gov-west-1:999988887777:key/mrk-0f0e0d0c0b0a09080706050403020100",
      "arn:aws-us-gov:logs:us-gov-west-1:999988887777:log-group:aws-controltower/CloudTrailLogs",
    ]
    member_responders = true
    hub_account_id    = "111122223333"
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
    condition     = output.length <= 5120 && output.length == length(aws_organizations_policy.this[0].content)
    error_message = "Organizations takes 5120 characters, and the policy has ${output.length}."
  }
}

run "fits_with_usual_names_and_room_to_spare" {
  command = plan

  variables {
    targets           = ["r-a1b2", "ou-a1b2-c3d4e5f6", "111122223333"]
    trail_names       = ["aws-controltower-BaselineCloudTrail", "audit", "a-trail-of-another-team"]
    evidence_arns     = ["arn:aws:s3:::audit-logs-*"]
    member_responders = true
    hub_account_id    = "111122223333"
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
    condition     = !strcontains(aws_organizations_policy.this[0].content, "arn:aws")
    error_message = "The policy must hold in the partition it is deployed in."
  }
}

run "topics_keys_buckets_and_buses_are_the_second_policy_s" {
  command = plan

  variables {
    exempt_principals = ["arn:aws:iam::*:role/pipeline-apply"]
  }

  assert {
    condition = length(setsubtract(
      ["sns:DeleteTopic", "sns:SetTopic*", "sns:Subscribe", "kms:DeleteAlias", "kms:UpdateAlias", "events:PutPermission", "s3:Put*", "s3:Delete*"],
      flatten([for s in jsondecode(aws_organizations_policy.surroundings[0].content).Statement : s.Action if s.Sid == "OnlyOperatorsChangeSurroundings"]),
    )) == 0
    error_message = "Topics, aliases, buses and buckets are protected."
  }
  assert {
    condition = [for s in jsondecode(aws_organizations_policy.surroundings[0].content).Statement : s.Resource if s.Sid == "OnlyOperatorsChangeSurroundings"] == [[
      "arn:*:kms:*:*:alias/trailkeeper-*",
      "arn:*:s3:::trailkeeper-logs-*",
      "arn:*:events:*:*:event-bus/trailkeeper",
      "arn:*:sns:*:*:trailkeeper-alerts",
      "arn:*:sns:*:*:trailkeeper-chat",
    ]]
    error_message = "By their names, in whatever account and region."
  }
  assert {
    condition = [for s in jsondecode(aws_organizations_policy.surroundings[0].content).Statement : s.Condition if s.Sid == "OnlyOperatorsChangeKeys"] == [{
      "ForAnyValue:StringLike" = { "kms:ResourceAliases" = "alias/trailkeeper-*" }
      ArnNotLike               = { "aws:PrincipalArn" = ["arn:*:iam::*:role/stacksets-exec-*", "arn:*:iam::*:role/pipeline-apply"] }
    }]
    error_message = "Keys are known by their aliases."
  }
  assert {
    condition     = !strcontains(aws_organizations_policy.surroundings[0].content, "sns:Unsubscribe")
    error_message = "All subscriptions of an account are not frozen unless that is asked for."
  }
  assert {
    condition     = length(aws_organizations_policy.surroundings[0].content) <= 5120
    error_message = "Organizations takes 5120 characters."
  }
}

run "subscriptions_are_frozen_if_that_is_asked_for" {
  command = plan

  variables {
    freeze_subscriptions = true
  }

  assert {
    condition = [for s in jsondecode(aws_organizations_policy.surroundings[0].content).Statement : s.Action if s.Sid == "OnlyOperatorsUnsubscribe"] == [
      ["sns:SetSubscription*", "sns:Unsubscribe"]
    ]
    error_message = "Nobody else ends or filters a subscription."
  }
}

run "a_single_account_gets_a_boundary_and_no_policy" {
  command = plan

  variables {
    targets           = null
    exempt_principals = ["arn:aws:iam::*:role/pipeline-apply"]
    evidence_arns     = ["arn:aws:s3:::audit-logs"]
  }

  assert {
    condition     = output.policy_id == null && output.surroundings_policy_id == null && length(aws_organizations_policy.this) + length(aws_organizations_policy.surroundings) == 0
    error_message = "Without targets there is no policy."
  }
  assert {
    condition     = length(output.boundary_json) <= 6144
    error_message = "IAM takes 6144 characters, and the boundary has ${length(output.boundary_json)}."
  }
  assert {
    condition = length(setsubtract(
      ["cloudtrail:StopLogging", "cloudtrail:UpdateTrail", "events:Disable*", "lambda:Update*", "iam:PutRole*", "sns:DeleteTopic", "sqs:Set*", "dynamodb:Delete*", "ssm:Put*", "cloudwatch:Delete*", "logs:Delete*", "s3:Delete*", "scheduler:Update*"],
      flatten([for s in jsondecode(output.boundary_json).Statement : s.Action if s.Sid == "TrailkeeperIsLeftAlone"]),
    )) == 0
    error_message = "The boundary denies the whole list."
  }
  assert {
    condition     = alltrue([for s in jsondecode(output.boundary_json).Statement : s.Sid == "WhatIsNotDenied" || s.Effect == "Deny"])
    error_message = "A boundary grants nothing by itself: it allows all but what it denies."
  }
  assert {
    condition = [for s in jsondecode(output.boundary_json).Statement : s.Condition if s.Sid == "OnlyBoundPrincipalsAreMade"] == [
      { ArnNotLike = { "iam:PermissionsBoundary" = "arn:*:iam::*:policy/trailkeeper-administrators" } }
    ]
    error_message = "Who is bound makes nobody who is not."
  }
  assert {
    condition     = contains(flatten([for s in jsondecode(output.boundary_json).Statement : s.Resource if s.Sid == "TrailkeeperIsLeftAlone"]), "arn:*:iam::*:role/pipeline-apply")
    error_message = "Exempt roles are not for the taking."
  }
}
