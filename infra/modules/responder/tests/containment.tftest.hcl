# Containment: off by default, and what it may do. Mocked provider: no account.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  guard_responder = false
  package         = "main.tf"
  baselines = [{
    trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
    parameter_name   = "/trailkeeper/trailkeeper/first/1111"
    parameter_path   = "/trailkeeper/trailkeeper/first"
    can_be_recreated = true
    guards           = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
  }]
  topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts"
}

run "off_by_default" {
  command = plan

  assert {
    condition     = !contains(keys(aws_lambda_function.responder.environment[0].variables), "TRAILKEEPER_CONTAINMENT")
    error_message = "Nobody asked for containment."
  }
  assert {
    condition     = length([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s if anytrue([for a in flatten([s.Action]) : startswith(a, "iam:Put") || startswith(a, "iam:Update")])]) == 0
    error_message = "Without containment there is no permission for it."
  }
}

run "on_it_may_limit_and_look_and_nothing_else" {
  command = plan

  variables {
    containment = {}
  }

  assert {
    condition = jsondecode(aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_CONTAINMENT"]) == {
      principals = ["user/*", "role/*"]
      exempt     = ["role/trailkeeper-responder-understudy", "role/trailkeeper-sweep", "role/trailkeeper-sweep-understudy", "role/trailkeeper-forwarding-*", "role/trailkeeper-global-events", "role/trailkeeper-remediation", "role/trailkeeper-pipeline-drill"]
    }
    error_message = "The function must know whom it may contain."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s if strcontains(s.Sid, "Contain")] == [
      {
        Sid      = "ContainUsers"
        Effect   = "Allow"
        Action   = ["iam:GetUserPolicy", "iam:ListAccessKeys", "iam:PutUserPolicy", "iam:UpdateAccessKey"]
        Resource = ["arn:aws:iam::123456789012:user/*"]
      },
      {
        Sid      = "ContainRoles"
        Effect   = "Allow"
        Action   = ["iam:GetRolePolicy", "iam:PutRolePolicy"]
        Resource = ["arn:aws:iam::123456789012:role/*"]
      },
      {
        Sid    = "NeverContain"
        Effect = "Deny"
        Action = ["iam:PutRolePolicy", "iam:PutUserPolicy", "iam:UpdateAccessKey"]
        Resource = [
          "arn:aws:iam::123456789012:role/trailkeeper-responder",
          "arn:aws:iam::123456789012:role/aws-service-role/*",
          "arn:aws:iam::123456789012:role/aws-reserved/*",
          "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy",
          "arn:aws:iam::123456789012:role/trailkeeper-sweep",
          "arn:aws:iam::123456789012:role/trailkeeper-sweep-understudy",
          "arn:aws:iam::123456789012:role/trailkeeper-forwarding-*",
          "arn:aws:iam::123456789012:role/trailkeeper-global-events",
          "arn:aws:iam::123456789012:role/trailkeeper-remediation",
          "arn:aws:iam::123456789012:role/trailkeeper-pipeline-drill",
        ]
      },
    ]
    error_message = "Users and roles of this account, and never those that carry Trailkeeper or AWS."
  }
}

run "who_is_named_and_who_is_exempt" {
  command = plan

  variables {
    containment = {
      principals = ["user/*", "user/ops/*"]
      exempt     = ["user/on-call", "role/ci/*"]
    }
    change_principals = ["arn:aws:iam::{account}:role/deploy", "arn:aws:iam::999988887777:role/elsewhere"]
    peer_roles        = ["arn:aws:iam::123456789012:role/trailkeeper-remediation"]
  }

  assert {
    condition     = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => s.Resource if strcontains(s.Sid, "Contain") && s.Effect == "Allow" } == { ContainUsers = ["arn:aws:iam::123456789012:user/*", "arn:aws:iam::123456789012:user/ops/*"] }
    error_message = "No role is named, so no role's policy may be written."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Resource if s.Effect == "Deny"][0] == [
      "arn:aws:iam::123456789012:role/trailkeeper-responder",
      "arn:aws:iam::123456789012:role/aws-service-role/*",
      "arn:aws:iam::123456789012:role/aws-reserved/*",
      "arn:aws:iam::123456789012:role/trailkeeper-remediation",
      "arn:aws:iam::123456789012:role/deploy",
      "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy",
      "arn:aws:iam::123456789012:role/trailkeeper-sweep",
      "arn:aws:iam::123456789012:role/trailkeeper-sweep-understudy",
      "arn:aws:iam::123456789012:role/trailkeeper-forwarding-*",
      "arn:aws:iam::123456789012:role/trailkeeper-global-events",
      "arn:aws:iam::123456789012:role/trailkeeper-pipeline-drill",
      "arn:aws:iam::123456789012:user/on-call",
      "arn:aws:iam::123456789012:role/ci/*",
    ]
    error_message = "Peers, those who may change the trail and the exempt are out of reach."
  }
}

run "observing_needs_no_permission_for_it" {
  command = plan

  variables {
    mode        = "observe"
    containment = {}
  }

  assert {
    condition     = length([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s if strcontains(s.Sid, "Contain")]) == 0
    error_message = "What is only reported needs no permission."
  }
  assert {
    condition     = contains(keys(aws_lambda_function.responder.environment[0].variables), "TRAILKEEPER_CONTAINMENT")
    error_message = "It must be reported."
  }
}

run "containment_of_nobody_is_refused" {
  command = plan

  variables {
    containment = { principals = [] }
  }

  expect_failures = [var.containment]
}

run "containment_by_arn_is_refused" {
  command = plan

  variables {
    containment = { principals = ["arn:aws:iam::999988887777:user/eve"] }
  }

  expect_failures = [var.containment]
}

run "containment_with_a_policy_variable_is_refused" {
  command = plan

  variables {
    containment = { exempt = ["user/$${aws:username}"] }
  }

  expect_failures = [var.containment]
}
