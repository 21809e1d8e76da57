# What is declared of bucket and key, which must say the same as the resources.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  log_retention_days = 400
  object_lock        = { mode = "COMPLIANCE", days = 30 }
}

run "the_bucket_is_declared_as_it_is_made" {
  command = plan

  assert {
    condition     = jsondecode(output.evidence_documents.log_bucket).declared.policy == jsondecode(aws_s3_bucket_policy.logs.policy)
    error_message = "The policy must be that of the bucket."
  }
  assert {
    condition = [for part in ["<Days>400</Days>", "<NoncurrentDays>90</NoncurrentDays>", "<DaysAfterInitiation>7</DaysAfterInitiation>"] : strcontains(jsondecode(output.evidence_documents.log_bucket).declared.lifecycle, part)] == [true, true, true] && alltrue([
      aws_s3_bucket_lifecycle_configuration.logs.rule[0].expiration[0].days == 400,
      aws_s3_bucket_lifecycle_configuration.logs.rule[0].noncurrent_version_expiration[0].noncurrent_days == 90,
      aws_s3_bucket_lifecycle_configuration.logs.rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 7,
    ])
    error_message = "The lifecycle must be that of the bucket."
  }
  assert {
    condition     = strcontains(jsondecode(output.evidence_documents.log_bucket).declared.object_lock, "<Mode>COMPLIANCE</Mode><Days>30</Days>") && contains(jsondecode(output.evidence_documents.log_bucket).restored, "object_lock")
    error_message = "The lock must be that of the bucket."
  }
  assert {
    condition     = strcontains(jsondecode(output.evidence_documents.log_bucket).declared.encryption, "<KMSMasterKeyID>${aws_kms_key.logs.arn}</KMSMasterKeyID>")
    error_message = "The key must be that of the bucket."
  }
  assert {
    condition     = toset(jsondecode(output.evidence_documents.log_bucket).restored) == toset(keys(jsondecode(output.evidence_documents.log_bucket).declared))
    error_message = "All that is declared of a bucket is restored, its existence is not."
  }
  assert {
    condition     = { for field in ["notification", "replication", "logging"] : field => jsondecode(output.evidence_documents.log_bucket).declared[field] } == { notification = "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></NotificationConfiguration>", replication = null, logging = "<BucketLoggingStatus xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></BucketLoggingStatus>" }
    error_message = "What the module sets none of must be declared as none."
  }
  assert {
    condition     = alltrue([for document in values(output.evidence_documents) : length(document) < 8192])
    error_message = "Systems Manager takes no more than 8 KB."
  }
}

run "the_key_is_declared_as_it_is_made" {
  command = plan

  assert {
    condition = jsondecode(output.evidence_documents.log_key) == {
      schema  = "trailkeeper.evidence"
      version = 1
      arn     = aws_kms_key.logs.arn
      declared = {
        state    = "Enabled"
        policy   = jsondecode(aws_kms_key_policy.logs.policy)
        rotation = true
        alias    = aws_kms_alias.logs.name
      }
      restored = ["state"]
    }
    error_message = "The key must be declared as it is made, and only its state be restored."
  }
  assert {
    condition     = aws_kms_key.logs.enable_key_rotation
    error_message = "The key must be rotated as declared."
  }
  assert {
    condition     = [for thing in output.evidence : [thing.kind, thing.arn, thing.alias]] == [["log_bucket", "arn:aws:s3:::trailkeeper-logs-123456789012-eu-central-1", null], ["log_key", aws_kms_key.logs.arn, "alias/trailkeeper-logs"]]
    error_message = "A responder must learn of both."
  }
  assert {
    condition     = alltrue([for kind, parameter in aws_ssm_parameter.evidence : parameter.name == "/trailkeeper/trailkeeper/trailkeeper/${kind}/${sha256(parameter.insecure_value)}"])
    error_message = "The name must end in the hash of the value."
  }
}

run "what_is_opted_in_and_out" {
  command = plan

  variables {
    object_lock          = null
    restore_key_policy   = true
    recreate_bucket      = true
    bucket_set_elsewhere = ["notification", "logging"]
  }

  assert {
    condition     = [for field in ["notification", "replication", "logging"] : contains(keys(jsondecode(output.evidence_documents.log_bucket).declared), field)] == [false, true, false]
    error_message = "What something else sets must not be declared."
  }
  assert {
    condition     = contains(jsondecode(output.evidence_documents.log_bucket).restored, "exists") && contains(output.evidence[0].restored, "exists")
    error_message = "The option must have the bucket made again."
  }

  assert {
    condition     = !can(jsondecode(output.evidence_documents.log_bucket).declared.object_lock) && !contains(jsondecode(output.evidence_documents.log_bucket).restored, "object_lock")
    error_message = "There is no lock to guard."
  }
  assert {
    condition     = jsondecode(output.evidence_documents.log_key).restored == ["state", "policy", "rotation"]
    error_message = "The option must restore policy and rotation."
  }
}

run "nothing_is_declared_if_it_is_off" {
  command = plan

  variables {
    guard_evidence = false
  }

  assert {
    condition     = length(output.evidence) == 0 && length(aws_ssm_parameter.evidence) == 0
    error_message = "What is off must make nothing."
  }
}

run "other_settings_are_refused" {
  command = plan

  variables {
    bucket_set_elsewhere = ["policy"]
  }

  expect_failures = [var.bucket_set_elsewhere]
}

run "a_new_key_has_its_policy" {
  command = plan

  assert {
    condition     = aws_kms_key.logs.policy == aws_kms_key_policy.logs.policy && aws_kms_key_policy.logs.bypass_policy_lockout_safety_check
    error_message = "A key that takes the place of another must be usable at once, and the other keep its policy."
  }
}
