# Inputs that are refused.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  targets     = ["r-a1b2"]
  trail_names = ["audit"]
}

run "no_target" {
  command = plan

  variables {
    targets = []
  }

  expect_failures = [var.targets]
}

run "organization_id_as_target" {
  command = plan

  variables {
    targets = ["o-exampleorgid"]
  }

  expect_failures = [var.targets]
}

run "no_trail" {
  command = plan

  variables {
    trail_names = []
  }

  expect_failures = [var.trail_names]
}

run "any_trail" {
  command = plan

  variables {
    trail_names = ["*"]
  }

  expect_failures = [var.trail_names]
}

run "any_trail_by_arn" {
  command = plan

  variables {
    guarded_trail_arns = ["arn:aws:cloudtrail:*:*:trail/*"]
  }

  expect_failures = [var.guarded_trail_arns]
}

run "every_bucket_as_evidence" {
  command = plan

  variables {
    evidence_arns = ["arn:aws:s3:::*"]
  }

  expect_failures = [var.evidence_arns]
}

run "every_key_as_evidence" {
  command = plan

  variables {
    evidence_arns = ["arn:aws:kms:*:*:key/*"]
  }

  expect_failures = [var.evidence_arns]
}

run "objects_as_evidence" {
  command = plan

  variables {
    evidence_arns = ["arn:aws:s3:::audit-logs/*"]
  }

  expect_failures = [var.evidence_arns]
}

run "streams_as_evidence" {
  command = plan

  variables {
    evidence_arns = ["arn:aws:logs:*:*:log-group:audit:*"]
  }

  expect_failures = [var.evidence_arns]
}

run "a_trail_of_another_partition" {
  command = plan

  variables {
    guarded_trail_arns = ["arn:aws-cn:cloudtrail:*:*:trail/audit"]
  }

  expect_failures = [aws_organizations_policy.this[0]]
}

run "everybody_exempt" {
  command = plan

  variables {
    exempt_principals = ["arn:aws:iam::*:role/*"]
  }

  expect_failures = [var.exempt_principals]
}

run "a_user_exempt" {
  command = plan

  variables {
    exempt_principals = ["arn:aws:iam::111122223333:user/admin"]
  }

  expect_failures = [var.exempt_principals]
}

run "exempt_in_another_partition" {
  command = plan

  variables {
    exempt_principals = ["arn:aws-cn:iam::*:role/pipeline-apply"]
  }

  expect_failures = [aws_organizations_policy.this[0]]
}

run "too_long" {
  command = plan

  variables {
    exempt_principals = [for number in range(40) : "arn:aws:iam::${100000000000 + number}:role/a-pipeline-with-a-long-name"]
  }

  expect_failures = [aws_organizations_policy.this[0], aws_organizations_policy.surroundings[0]]
}

run "hub_account_that_is_none" {
  command = plan

  variables {
    hub_account_id = "*"
  }

  expect_failures = [var.hub_account_id]
}
