# The trail of an organisation. Plans against a mocked provider: no account, no
# emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  # Made by a delegated administrator, 123456789012.
  organization = { id = "o-a1b2c3d4e5", management_account_id = "999988887777" }
}

run "the_trail_is_the_organisations" {
  command = plan

  assert {
    condition     = aws_cloudtrail.this.is_organization_trail
    error_message = "The trail must record all accounts."
  }
  assert {
    condition     = output.baseline.trail_arn == "arn:aws:cloudtrail:eu-central-1:999988887777:trail/trailkeeper" && output.baseline.is_organization_trail
    error_message = "The management account owns the trail, whoever makes it, and the responder must know."
  }
  assert {
    condition     = jsondecode(output.baseline_document).is_organization_trail && jsondecode(output.baseline_document).trail_arn == output.baseline.trail_arn
    error_message = "The baseline must say that the trail is the organisation's."
  }
  assert {
    condition     = aws_s3_bucket.logs.bucket == "trailkeeper-logs-123456789012-eu-central-1"
    error_message = "The bucket is of the account that makes it."
  }
}

run "the_bucket_takes_logs_of_all_accounts" {
  command = plan

  variables {
    s3_key_prefix = "audit"
  }

  assert {
    condition = { for s in jsondecode(aws_s3_bucket_policy.logs.policy).Statement : s.Sid => [s.Resource, s.Condition] if s.Effect == "Allow" } == {
      CloudTrailReadsAcl = [
        "arn:aws:s3:::trailkeeper-logs-123456789012-eu-central-1",
        { StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:eu-central-1:999988887777:trail/trailkeeper" } },
      ]
      CloudTrailWritesLogs = [
        [
          "arn:aws:s3:::trailkeeper-logs-123456789012-eu-central-1/audit/AWSLogs/999988887777/*",
          "arn:aws:s3:::trailkeeper-logs-123456789012-eu-central-1/audit/AWSLogs/o-a1b2c3d4e5/*",
        ],
        { StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:eu-central-1:999988887777:trail/trailkeeper", "s3:x-amz-acl" = "bucket-owner-full-control" } },
      ]
    }
    error_message = "This trail, and no other, writes below the organisation's and the management account's id."
  }
}

run "the_key_serves_the_organisations_trail" {
  command = plan

  assert {
    condition = alltrue([for s in jsondecode(aws_kms_key_policy.logs.policy).Statement :
      s.Condition.StringEquals["aws:SourceArn"] == "arn:aws:cloudtrail:eu-central-1:999988887777:trail/trailkeeper" if can(s.Principal.Service)
    ])
    error_message = "CloudTrail names the trail by the management account's id."
  }
  assert {
    condition     = one([for s in jsondecode(aws_kms_key_policy.logs.policy).Statement : s.Condition.StringLike if can(s.Condition.StringLike)]) == { "kms:EncryptionContext:aws:cloudtrail:arn" = "arn:aws:cloudtrail:*:999988887777:trail/trailkeeper" }
    error_message = "So it does in the encryption context."
  }
  assert {
    condition     = one([for s in jsondecode(aws_kms_key_policy.logs.policy).Statement : s.Principal if can(s.Principal.AWS)]) == { AWS = "arn:aws:iam::123456789012:root" }
    error_message = "The key is managed by the account that makes it."
  }
}

run "an_account_of_its_own_has_no_organisation" {
  command = plan

  variables {
    organization = null
  }

  assert {
    condition     = !aws_cloudtrail.this.is_organization_trail && !output.baseline.is_organization_trail && !jsondecode(output.baseline_document).is_organization_trail
    error_message = "By default the trail is this account's, and is to stay that."
  }
  assert {
    condition     = output.baseline.trail_arn == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"
    error_message = "This account owns it."
  }
}

run "a_root_id_is_no_organisation" {
  command = plan

  variables {
    organization = { id = "r-ab12", management_account_id = "999988887777" }
  }

  expect_failures = [var.organization]
}

run "a_management_account_has_twelve_digits" {
  command = plan

  variables {
    organization = { id = "o-a1b2c3d4e5", management_account_id = "{account}" }
  }

  expect_failures = [var.organization]
}
