# Who may assume the roles, and what they may do. Mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  plan_subjects  = ["repo:example/infrastructure:pull_request", "repo:example/infrastructure:ref:refs/heads/main"]
  apply_subjects = ["repo:example/infrastructure:environment:production"]
}

run "trust_is_exact" {
  command = plan

  assert {
    condition     = keys(aws_iam_role.this) == ["apply", "plan"]
    error_message = "There must be the two roles, and no drill role unless it was asked for."
  }

  assert {
    condition = jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement == [{
      Sid       = "PipelineAssumesRole"
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = ["repo:example/infrastructure:environment:production"]
        }
      }
    }]
    error_message = "The trust policy must be one statement, with audience and subject equal to what was given."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this["plan"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:example/infrastructure:pull_request", "repo:example/infrastructure:ref:refs/heads/main"]
    error_message = "The plan role must trust the subjects given for it, and no others."
  }

  assert {
    condition     = aws_iam_role.this["apply"].permissions_boundary == aws_iam_policy.apply_boundary.arn && length(aws_iam_openid_connect_provider.this) == 1
    error_message = "The apply role must have its boundary, and the OIDC provider be made."
  }
}

run "plan_only_reads" {
  command = plan

  variables {
    stack_sets = true
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(output.policies.read).Statement : [
        for action in flatten([statement.Action]) : can(regex("^[a-z0-9]+:(Get|List|Describe)[A-Za-z]*\\*?$", action))
      ]
    ]))
    error_message = "The policy for plans must hold Get, List and Describe only."
  }

  assert {
    condition     = !anytrue([for statement in jsondecode(output.policies.read).Statement : anytrue([for action in flatten([statement.Action]) : contains(["s3:GetObject", "s3:GetObject*", "s3:Get*", "secretsmanager:GetSecretValue", "sqs:ReceiveMessage", "logs:GetLogEvents"], action)]) && statement.Sid != "ReadPackages"])
    error_message = "A plan must not read logs, queues or secrets."
  }

  assert {
    condition     = [for statement in jsondecode(output.policies.read).Statement : statement.Sid if statement.Resource == "*"] == ["ListWhatHasNoArn", "ReadOrganization"]
    error_message = "Only lists without a narrower resource may have the resource \"*\"."
  }

  assert {
    condition     = toset([for key, attachment in aws_iam_role_policy_attachment.read : key]) == toset(["plan", "apply"]) && toset([for attachment in aws_iam_role_policy_attachment.write : attachment.role]) == toset(["trailkeeper-pipeline-apply"])
    error_message = "Both roles read, and only the apply role writes."
  }
}

run "apply_is_bounded" {
  command = plan

  assert {
    condition     = { for statement in jsondecode(output.policies.apply_boundary).Statement : statement.Sid => statement }.NoIamBeyondThePrefix.NotResource == "arn:aws:iam::123456789012:role/trailkeeper-*"
    error_message = "The boundary must deny IAM on everything but roles with the prefix."
  }

  assert {
    condition     = { for statement in jsondecode(output.policies.apply_boundary).Statement : statement.Sid => statement }.NotItsOwnRoles.Resource == ["arn:aws:iam::123456789012:role/trailkeeper-pipeline-*", "arn:aws:iam::123456789012:policy/trailkeeper-pipeline-*"]
    error_message = "The boundary must deny changes of the pipeline's own roles and policies."
  }

  assert {
    condition     = contains({ for statement in jsondecode(output.policies.apply_boundary).Statement : statement.Sid => statement }.EvidenceStays.Action, "cloudtrail:StopLogging") && contains({ for statement in jsondecode(output.policies.apply_boundary).Statement : statement.Sid => statement }.EvidenceStays.Action, "cloudtrail:DeleteTrail")
    error_message = "The boundary must deny StopLogging and DeleteTrail."
  }

  assert {
    condition     = { for statement in jsondecode(output.policies.apply_boundary).Statement : statement.Sid => statement }.OnlyBoundedRoles.Condition.StringNotEquals["iam:PermissionsBoundary"] == output.workload_boundary_arn
    error_message = "Roles without the workloads' boundary must not be made or changed."
  }

  assert {
    condition     = [for statement in concat(jsondecode(output.policies.write_guarded).Statement, jsondecode(output.policies.write_responder).Statement) : statement.Sid if statement.Resource == "*"] == ["MakeKeys", "ChangeMappings"]
    error_message = "Only what has no name before it is made may have the resource \"*\"."
  }

  assert {
    condition     = alltrue(flatten([for statement in concat(jsondecode(output.policies.write_guarded).Statement, jsondecode(output.policies.write_responder).Statement) : [for action in flatten([statement.Action]) : !contains(["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "iam:AttachRolePolicy", "kms:Decrypt", "s3:DeleteBucket"], action)]]))
    error_message = "The apply role must not stop or delete trails, attach policies, decrypt or delete buckets."
  }

  assert {
    condition     = alltrue(flatten([for statement in jsondecode(output.policies.workload_boundary).Statement : [for action in flatten([statement.Action]) : !contains(["cloudtrail:*", "cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "iam:PutRolePolicy", "iam:*"], action)]]))
    error_message = "A role that the pipeline makes must not be able to stop a trail or to change roles."
  }
}

run "destroy_must_be_allowed" {
  command = plan

  variables {
    allow_destroy             = true
    require_workload_boundary = false
  }

  assert {
    condition     = length([for statement in jsondecode(output.policies.apply_boundary).Statement : statement if contains(["EvidenceStays", "OnlyBoundedRoles", "BoundariesStay"], statement.Sid)]) == 0
    error_message = "What was allowed must not be denied by the boundary."
  }

  assert {
    condition     = contains([for statement in concat(jsondecode(output.policies.write_guarded).Statement, jsondecode(output.policies.write_responder).Statement) : statement.Sid], "DestroyTrails")
    error_message = "The apply role must be able to destroy when that is allowed."
  }
}

# IAM takes 6144 characters in a managed policy.
run "policies_fit_with_the_longest_name" {
  command = plan

  variables {
    name                = "trailkeeper-longest-name"
    stack_sets          = true
    allow_destroy       = true
    allow_trust_changes = true
    guarded_trail_arns  = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/aws-controltower-BaselineCloudTrail"]
    topic_arns          = ["arn:aws:sns:eu-central-1:123456789012:security-notices-of-the-organization"]
  }

  assert {
    condition     = alltrue([for policy in values(output.policies) : length(policy) <= 6144 if policy != null])
    error_message = "A policy is too long for IAM: ${jsonencode({ for key, policy in output.policies : key => length(policy) if policy != null })}."
  }
}

run "boundary_fits_with_everything_denied" {
  command = plan

  variables {
    name       = "trailkeeper-longest-name"
    stack_sets = true
  }

  assert {
    condition     = alltrue([for policy in values(output.policies) : length(policy) <= 6144 if policy != null])
    error_message = "A policy is too long for IAM: ${jsonencode({ for key, policy in output.policies : key => length(policy) if policy != null })}."
  }
}

run "state_is_read_by_both_and_written_by_apply" {
  command = plan

  variables {
    state = { bucket = "example-state", keys = ["trailkeeper/production.tfstate"], kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/state" }
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.state["plan"].policy).Statement : statement.Sid] == ["FindState", "ReadState", "DecryptState"]
    error_message = "The plan role must only read the state."
  }

  assert {
    condition     = { for statement in jsondecode(aws_iam_role_policy.state["apply"].policy).Statement : statement.Sid => statement }.LockState.Resource == ["arn:aws:s3:::example-state/trailkeeper/production.tfstate.tflock"]
    error_message = "The apply role must lock its own state only."
  }
}

run "drill_role_stops_the_named_trails_only" {
  command = plan

  variables {
    drill = { subjects = ["repo:example/infrastructure:environment:drill"], trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"] }
  }

  assert {
    condition = jsondecode(output.policies.drill).Statement == [{
      Sid      = "StopAndStartTrails"
      Effect   = "Allow"
      Action   = ["cloudtrail:GetTrailStatus", "cloudtrail:StartLogging", "cloudtrail:StopLogging"]
      Resource = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"]
    }]
    error_message = "The drill role must name its trails, and do nothing else without a topic."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this["drill"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:example/infrastructure:environment:drill"]
    error_message = "The drill role must trust subjects of its own."
  }
}

run "drill_role_hears_the_named_topic_through_its_own_queue" {
  command = plan

  variables {
    drill = {
      subjects   = ["repo:example/infrastructure:environment:drill"]
      trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"]
      topic_arn  = "arn:aws:sns:eu-west-1:999988887777:trailkeeper-alerts"
    }
  }

  assert {
    condition = { for statement in jsondecode(output.policies.drill).Statement : statement.Sid => statement }.HearNotices == {
      Sid      = "HearNotices"
      Effect   = "Allow"
      Action   = "sns:Subscribe"
      Resource = "arn:aws:sns:eu-west-1:999988887777:trailkeeper-alerts"
      Condition = {
        StringEquals = { "sns:Protocol" = "sqs" }
        StringLike   = { "sns:Endpoint" = "arn:aws:sqs:eu-west-1:123456789012:trailkeeper-drill-*" }
      }
    }
    error_message = "Only the drill's own queue may be subscribed, and to the named topic only."
  }

  assert {
    condition = { for statement in jsondecode(output.policies.drill).Statement : statement.Sid => statement }.UseOwnQueue == {
      Sid      = "UseOwnQueue"
      Effect   = "Allow"
      Action   = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:ReceiveMessage"]
      Resource = "arn:aws:sqs:eu-west-1:123456789012:trailkeeper-drill-*"
    }
    error_message = "The drill may use a queue of its own account, in the topic's region, with the drill's prefix."
  }

  assert {
    condition     = [for statement in jsondecode(output.policies.drill).Statement : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["HearNoMore"]
    error_message = "Only Unsubscribe, for which AWS knows no resource, may have the resource \"*\"."
  }
}

run "gitlab_and_a_provider_that_is_there" {
  command = plan

  variables {
    provider_url          = "https://gitlab.com"
    audience              = "https://gitlab.com"
    existing_provider_arn = "arn:aws-us-gov:iam::123456789012:oidc-provider/gitlab.com"
    plan_subjects         = ["project_path:example/security/infrastructure:ref_type:branch:ref:proposal", "project_path:example/security/infrastructure:ref_type:branch:ref:main"]
    apply_subjects        = ["project_path:example/security/infrastructure:ref_type:branch:ref:main"]
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.this) == 0 && jsondecode(aws_iam_role.this["plan"].assume_role_policy).Statement[0].Condition.StringEquals["gitlab.com:aud"] == "https://gitlab.com"
    error_message = "The provider that is there must be used, and the issuer be the one given."
  }
}
