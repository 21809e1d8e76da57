# Whom the role trusts, and what it may do. Plans against a mocked provider.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  hub = {
    role_arn        = "arn:aws:iam::999988887777:role/trailkeeper-responder"
    bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
    external_id     = "0123456789abcdef"
    organization_id = "o-exampleorgid"
  }
  baselines = [
    {
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
      parameter_name            = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path            = "/trailkeeper/trailkeeper/audit"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      cloud_watch_logs_role_arn = "arn:aws:iam::{account}:role/copy"
    },
  ]
}

run "trusts_the_hubs_role_and_nobody_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.remediation.assume_role_policy).Statement == [{
      Sid       = "HubAssumesRole"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::999988887777:root" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = "arn:aws:iam::999988887777:role/trailkeeper-responder" }
        StringEquals = { "sts:ExternalId" = "0123456789abcdef", "aws:PrincipalOrgID" = "o-exampleorgid" }
      }
    }]
    error_message = "One role of the organisation, with the external id, may assume the role; by its name, so that it may be made anew."
  }
  assert {
    condition     = aws_iam_role.remediation.name == "trailkeeper-remediation"
    error_message = "The hub looks for this very name."
  }
  assert {
    condition     = aws_iam_role.remediation.max_session_duration == 3600
    error_message = "Sessions are as short as IAM allows."
  }
}

run "may_heal_the_trails_of_its_own_account_only" {
  command = plan

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.remediation.policy).Statement : s.Sid => flatten([s.Resource]) } == {
      RestoreTrails             = ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"]
      ReconcileSettings         = ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"]
      ReconcileEventSelectors   = ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"]
      ReconcileInsightSelectors = ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"]
      ReconcileTags             = ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"]
      RecreateTrails            = ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"]
      PassLogsRole              = ["arn:aws:iam::111122223333:role/copy"]
      VerifyTrails              = ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"]
      AttributeChanges          = ["*"]
    }
    error_message = "Every statement must name what it is for, in this account."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.remediation.policy).Statement : s.Condition if s.Sid == "AttributeChanges"] == [{ StringEquals = { "aws:RequestedRegion" = ["eu-central-1", "us-east-1"] } }]
    error_message = "The event history is that of the trails' region and of IAM's calls."
  }
  assert {
    condition     = output.trail_arns == ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"]
    error_message = "The output names this account's trails."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.remediation.policy, "{account}")
    error_message = "IAM does not know the placeholder."
  }
}

run "observe_has_no_permission_to_change" {
  command = plan

  variables {
    mode = "observe"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.remediation.policy).Statement : s.Sid] == ["VerifyTrails", "AttributeChanges"]
    error_message = "Observing needs to read, nothing else."
  }
}

run "boundary_is_on_the_role" {
  command = plan

  variables {
    permissions_boundary = "arn:aws:iam::111122223333:policy/boundary"
  }

  assert {
    condition     = aws_iam_role.remediation.permissions_boundary == "arn:aws:iam::111122223333:policy/boundary"
    error_message = "The boundary must be on the role."
  }
}

run "refuses_a_trail_of_another_account" {
  command = plan

  variables {
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:444455556666:trail/audit"
      parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path   = "/trailkeeper/trailkeeper/audit"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  expect_failures = [aws_iam_role.remediation]
}

run "refuses_a_logs_role_of_another_account" {
  command = plan

  variables {
    baselines = [{
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
      parameter_name            = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path            = "/trailkeeper/trailkeeper/audit"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = false, insight_selectors = false, tags = false }
      cloud_watch_logs_role_arn = "arn:aws:iam::444455556666:role/copy"
    }]
  }

  expect_failures = [aws_iam_role.remediation]
}

run "refuses_a_trail_of_another_region" {
  command = plan

  variables {
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:us-east-1:{account}:trail/audit"
      parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path   = "/trailkeeper/trailkeeper/audit"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  expect_failures = [aws_iam_role.remediation]
}

run "refuses_the_hubs_own_account" {
  command = plan

  variables {
    hub = {
      role_arn        = "arn:aws:iam::111122223333:role/trailkeeper-responder"
      bus_arn         = "arn:aws:events:eu-central-1:111122223333:event-bus/trailkeeper"
      external_id     = "0123456789abcdef"
      organization_id = "o-exampleorgid"
    }
  }

  expect_failures = [aws_iam_role.remediation]
}
