# What the pipeline cannot do to roles, and what its roles' boundary leaves.
# Mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  plan_subjects  = ["repo:example/infrastructure:pull_request"]
  apply_subjects = ["repo:example/infrastructure:environment:production"]
}

run "trust_of_a_role_that_is_there_stays" {
  command = plan

  assert {
    condition = { for statement in jsondecode(output.policies.apply_boundary).Statement : statement.Sid => statement }.TrustStays == {
      Sid      = "TrustStays"
      Effect   = "Deny"
      Action   = "iam:UpdateAssumeRolePolicy"
      Resource = "*"
    }
    error_message = "Nobody's trust may be changed: a role that StackSets made has no boundary."
  }

  assert {
    condition     = !strcontains(output.policies.write_responder, "UpdateAssumeRolePolicy")
    error_message = "What the boundary denies must not be allowed in the first place."
  }

  assert {
    condition = length(setsubtract(
      ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
      { for statement in jsondecode(output.policies.apply_boundary).Statement : statement.Sid => statement }.OnlyBoundedRoles.Action,
    )) == 0
    error_message = "A role must be made with the workloads' boundary, and given permissions only with it."
  }

  assert {
    condition     = { for statement in jsondecode(output.policies.apply_boundary).Statement : statement.Sid => statement }.BoundariesStay.Action == "iam:DeleteRolePermissionsBoundary"
    error_message = "A boundary must not be taken off."
  }

  assert {
    condition = { for statement in jsondecode(output.policies.apply_boundary).Statement : statement.Sid => statement }.NotItsOwnRoles == {
      Sid      = "NotItsOwnRoles"
      Effect   = "Deny"
      Action   = "iam:*"
      Resource = ["arn:aws:iam::123456789012:role/trailkeeper-pipeline-*", "arn:aws:iam::123456789012:policy/trailkeeper-pipeline-*"]
    }
    error_message = "Trust, permissions and boundary of its own roles, and the boundaries themselves, are not the pipeline's."
  }
}

run "trust_changes_must_be_allowed" {
  command = plan

  variables {
    allow_trust_changes = true
  }

  assert {
    condition     = !strcontains(output.policies.apply_boundary, "TrustStays")
    error_message = "What was allowed must not be denied by the boundary."
  }

  assert {
    condition     = { for statement in jsondecode(output.policies.write_responder).Statement : statement.Sid => statement }.ChangeTrust.Resource == "arn:aws:iam::123456789012:role/trailkeeper-*"
    error_message = "Trust may be changed of roles with the prefix only."
  }
}

run "roles_heal_and_tell_what_has_the_prefix" {
  command = plan

  assert {
    condition = { for statement in jsondecode(output.policies.workload_boundary).Statement : statement.Sid => statement.Resource if contains(["HealTrails", "PublishNotices"], statement.Sid) } == {
      HealTrails     = ["arn:aws:cloudtrail:*:123456789012:trail/trailkeeper", "arn:aws:cloudtrail:*:123456789012:trail/trailkeeper-*"]
      PublishNotices = ["arn:aws:sns:*:*:trailkeeper-*"]
    }
    error_message = "A role that the pipeline makes must not change other trails or publish to other topics."
  }

  assert {
    condition     = [for statement in jsondecode(output.policies.workload_boundary).Statement : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["AttributeChanges", "HealOrganizationTrails", "EncryptNotices", "ReadSubscriptions"]
    error_message = "Only what AWS knows no name for may have the resource \"*\"."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(output.policies.workload_boundary).Statement : flatten([statement.Action]) == ["cloudtrail:LookupEvents"] if statement.Sid == "AttributeChanges"])
    error_message = "Of CloudTrail only the event history has no resource."
  }
}

run "other_trails_and_topics_are_named" {
  command = plan

  variables {
    guarded_trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit"]
    topic_arns         = ["arn:aws:sns:eu-central-1:123456789012:security"]
  }

  assert {
    condition = alltrue([for statement in jsondecode(output.policies.workload_boundary).Statement :
      contains(statement.Resource, "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit") if statement.Sid == "HealTrails"
      ]) && alltrue([for statement in jsondecode(output.policies.workload_boundary).Statement :
      contains(statement.Resource, "arn:aws:sns:eu-central-1:123456789012:security") if statement.Sid == "PublishNotices"
    ])
    error_message = "What was named must be within the boundary."
  }
  assert {
    condition = alltrue([for statement in jsondecode(output.policies.apply_boundary).Statement :
      contains(statement.Resource, "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit") if statement.Sid == "EvidenceStays"
    ])
    error_message = "The pipeline must not stop a trail that was named by ARN either."
  }
}

# That the responder's roles are within it is tested there: modules/responder.
run "the_guard_is_within_the_boundary" {
  command = plan

  assert {
    condition = alltrue(flatten([for policy in values(output.policies) : [
      for statement in jsondecode(policy).Statement : [
        for element in try(tolist(statement.Resource), [statement.Resource]) : can(regex("^(\\*|arn:)", element))
      ] if can(statement.Resource)
    ] if policy != null]))
    error_message = "IAM refuses a list within a list."
  }

  assert {
    condition = { for statement in jsondecode(output.policies.workload_boundary).Statement : statement.Sid => statement.Resource if contains(["GuardBucket", "GuardKey", "RestoreKey", "GuardSchedule"], statement.Sid) } == {
      GuardBucket   = "arn:aws:s3:::trailkeeper-*"
      GuardKey      = "arn:aws:kms:*:123456789012:key/*"
      RestoreKey    = "arn:aws:kms:*:123456789012:key/*"
      GuardSchedule = ["arn:aws:scheduler:*:123456789012:schedule/trailkeeper/trailkeeper-*", "arn:aws:scheduler:*:123456789012:schedule/trailkeeper-understudy/trailkeeper-*", "arn:aws:scheduler:*:123456789012:schedule-group/trailkeeper", "arn:aws:scheduler:*:123456789012:schedule-group/trailkeeper-understudy"]
    }
    error_message = "The guard is for what bears the name."
  }

  assert {
    condition     = length(regexall("s3:[A-Za-z*]*Object[^L]", output.policies.workload_boundary)) == 0 && { for statement in jsondecode(output.policies.workload_boundary).Statement : statement.Sid => try(statement.Condition, null) }.RestoreKey == { "ForAnyValue:StringLike" = { "kms:ResourceAliases" = "alias/trailkeeper-*" } }
    error_message = "No log may be read or written, and no other key be taken over."
  }
}
