# One document for the trail that every account of an organisation has. Plans
# against a mocked provider: no account, no emulator.

mock_provider "aws" {}

variables {
  trail_arn = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
}

run "the_document_keeps_the_placeholder" {
  command = plan

  variables {
    baseline = {
      s3_bucket_name             = "audit-{account}"
      kms_key_id                 = "arn:aws:kms:eu-central-1:{account}:key/11111111-2222-3333-4444-555555555555"
      cloud_watch_logs_group_arn = "arn:aws:logs:eu-central-1:{account}:log-group:audit:*"
      cloud_watch_logs_role_arn  = "arn:aws:iam::{account}:role/copy"
      is_organization_trail      = false
    }
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.baseline.insecure_value) == {
      schema                     = "trailkeeper.baseline"
      version                    = 1
      trail_arn                  = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
      is_logging                 = true
      s3_bucket_name             = "audit-{account}"
      kms_key_id                 = "arn:aws:kms:eu-central-1:{account}:key/11111111-2222-3333-4444-555555555555"
      cloud_watch_logs_group_arn = "arn:aws:logs:eu-central-1:{account}:log-group:audit:*"
      cloud_watch_logs_role_arn  = "arn:aws:iam::{account}:role/copy"
      is_organization_trail      = false
    }
    error_message = "The function fills the account in, after it has checked the hash."
  }
  assert {
    condition = jsonencode(output.baseline) == jsonencode({
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
      parameter_name            = "/trailkeeper/trailkeeper/audit/${sha256(aws_ssm_parameter.baseline.insecure_value)}"
      parameter_path            = "/trailkeeper/trailkeeper/audit"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = false, insight_selectors = false, tags = false }
      cloud_watch_logs_role_arn = "arn:aws:iam::{account}:role/copy"
      is_organization_trail     = false
    })
    error_message = "The parameter's name has no braces, which SSM refuses, and the hash of the text with them."
  }
}

run "a_captured_document_for_all_accounts" {
  command = plan

  variables {
    baseline = { trail_arn = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit", s3_bucket_name = "audit" }
  }

  assert {
    condition     = jsondecode(output.document).trail_arn == "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
    error_message = "A document may say itself that it is for all accounts."
  }
}

run "an_organisations_trail_is_known_as_one" {
  command = plan

  variables {
    trail_arn = "arn:aws:cloudtrail:eu-central-1:999988887777:trail/all"
    baseline  = { is_organization_trail = true }
  }

  assert {
    condition     = output.baseline.is_organization_trail && output.baseline.guards.settings
    error_message = "The responder needs permissions for Organizations then."
  }
}

run "another_placeholder_is_refused" {
  command = plan

  variables {
    trail_arn = "arn:aws:cloudtrail:eu-central-1:{id}:trail/audit"
  }

  expect_failures = [var.trail_arn]
}

run "all_accounts_by_a_wildcard_are_refused" {
  command = plan

  variables {
    trail_arn = "arn:aws:cloudtrail:eu-central-1:*:trail/audit"
  }

  expect_failures = [var.trail_arn]
}

run "the_document_of_one_account_is_not_that_of_all" {
  command = plan

  variables {
    baseline = { trail_arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit" }
  }

  expect_failures = [var.baseline]
}

run "a_placeholder_in_the_trails_name_is_refused" {
  command = plan

  variables {
    trail_arn = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit-{account}"
  }

  expect_failures = [var.trail_arn]
}

run "a_key_of_any_account_is_refused" {
  command = plan

  variables {
    baseline = { kms_key_id = "arn:aws:kms:eu-central-1:*:key/11111111-2222-3333-4444-555555555555" }
  }

  expect_failures = [var.baseline]
}

run "a_log_group_of_any_account_is_refused" {
  command = plan

  variables {
    baseline = { cloud_watch_logs_group_arn = "arn:aws:logs:eu-central-1:{member}:log-group:audit:*", cloud_watch_logs_role_arn = "arn:aws:iam::{account}:role/copy" }
  }

  expect_failures = [var.baseline]
}
