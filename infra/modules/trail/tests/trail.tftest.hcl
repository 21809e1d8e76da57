# Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "trail_records_everything_by_default" {
  command = plan

  assert {
    condition     = aws_cloudtrail.this.enable_logging && aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.include_global_service_events
    error_message = "The trail must log, in all regions, with global service events."
  }
  assert {
    condition     = aws_cloudtrail.this.enable_log_file_validation
    error_message = "Log file validation must be on."
  }
  assert {
    condition     = aws_cloudtrail.this.kms_key_id == aws_kms_key.logs.arn && aws_cloudtrail.this.s3_bucket_name == aws_s3_bucket.logs.id
    error_message = "The trail must write to the module's bucket with the module's key."
  }
  assert {
    condition     = aws_cloudtrail.this.name == "trailkeeper" && aws_s3_bucket.logs.bucket == "trailkeeper-logs-123456789012-eu-central-1" && aws_kms_alias.logs.name == "alias/trailkeeper-logs"
    error_message = "Names must follow the prefix."
  }
}

run "single_region_on_request" {
  command = plan

  variables {
    multi_region = false
  }

  assert {
    condition     = !aws_cloudtrail.this.is_multi_region_trail
    error_message = "multi_region = false must be honoured."
  }
}

run "nothing_is_recorded_beside_the_default_unless_asked_for" {
  command = plan

  assert {
    condition     = length(aws_cloudtrail.this.event_selector) == 0 && length(aws_cloudtrail.this.advanced_event_selector) == 0 && length(aws_cloudtrail.this.insight_selector) == 0
    error_message = "Without selectors CloudTrail's default is meant."
  }
  assert {
    condition     = aws_cloudtrail.this.s3_key_prefix == ""
    error_message = "Logs have no prefix by default."
  }
}

run "bucket_is_closed_versioned_and_encrypted" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.logs.block_public_acls,
      aws_s3_bucket_public_access_block.logs.block_public_policy,
      aws_s3_bucket_public_access_block.logs.ignore_public_acls,
      aws_s3_bucket_public_access_block.logs.restrict_public_buckets,
    ])
    error_message = "All four public access blocks must be on."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.logs.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "ACLs must be off."
  }
  assert {
    condition     = aws_s3_bucket_versioning.logs.versioning_configuration[0].status == "Enabled"
    error_message = "Versioning must be on."
  }
  assert {
    condition = alltrue([for rule in aws_s3_bucket_server_side_encryption_configuration.logs.rule :
      rule.bucket_key_enabled
      && rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
      && rule.apply_server_side_encryption_by_default[0].kms_master_key_id == aws_kms_key.logs.arn
    ])
    error_message = "The bucket must encrypt with the customer key and a bucket key."
  }
  assert {
    condition     = !aws_s3_bucket.logs.force_destroy
    error_message = "Logs must survive a destroy unless the user says otherwise."
  }
}

run "lifecycle_covers_old_versions_and_broken_uploads" {
  command = plan

  variables {
    log_retention_days = 30
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.logs.rule[0].expiration[0].days == 30
      && aws_s3_bucket_lifecycle_configuration.logs.rule[0].noncurrent_version_expiration[0].noncurrent_days == 90
      && aws_s3_bucket_lifecycle_configuration.logs.rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 7
      && aws_s3_bucket_lifecycle_configuration.logs.rule[1].expiration[0].expired_object_delete_marker
    )
    error_message = "Logs, old versions, broken uploads and delete markers must all expire."
  }
  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.logs.rule : rule.status == "Enabled"])
    error_message = "Every lifecycle rule must be enabled."
  }
}

run "bucket_policy_admits_this_trail_only" {
  command = plan

  assert {
    condition = alltrue([for s in jsondecode(aws_s3_bucket_policy.logs.policy).Statement :
      s.Principal == { Service = "cloudtrail.amazonaws.com" }
      && s.Condition.StringEquals["aws:SourceArn"] == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"
      if s.Effect == "Allow"
    ])
    error_message = "Every grant must be for CloudTrail, and bound to the one trail."
  }
  assert {
    condition = { for s in jsondecode(aws_s3_bucket_policy.logs.policy).Statement : s.Sid => [s.Action, s.Resource] if s.Effect == "Allow" } == {
      CloudTrailReadsAcl   = ["s3:GetBucketAcl", "arn:aws:s3:::trailkeeper-logs-123456789012-eu-central-1"]
      CloudTrailWritesLogs = ["s3:PutObject", "arn:aws:s3:::trailkeeper-logs-123456789012-eu-central-1/AWSLogs/123456789012/*"]
    }
    error_message = "CloudTrail may read the ACL and write below its own prefix, nothing else."
  }
  assert {
    condition = anytrue([for s in jsondecode(aws_s3_bucket_policy.logs.policy).Statement :
      s.Effect == "Deny" && s.Principal == "*" && s.Action == "s3:*" && length(s.Resource) == 2
      && s.Condition == { Bool = { "aws:SecureTransport" = "false" } }
    ])
    error_message = "Plain HTTP must be denied for the bucket and its objects."
  }
}

run "bucket_policy_follows_the_prefix" {
  command = plan

  variables {
    s3_key_prefix = "audit/logs"
  }

  assert {
    condition     = aws_cloudtrail.this.s3_key_prefix == "audit/logs"
    error_message = "s3_key_prefix must be honoured."
  }
  assert {
    condition     = one([for s in jsondecode(aws_s3_bucket_policy.logs.policy).Statement : s.Resource if s.Sid == "CloudTrailWritesLogs"]) == "arn:aws:s3:::trailkeeper-logs-123456789012-eu-central-1/audit/logs/AWSLogs/123456789012/*"
    error_message = "CloudTrail may write below the prefix only."
  }
}

run "key_policy_is_bound_to_this_trail" {
  command = plan

  assert {
    condition     = aws_kms_key.logs.enable_key_rotation && aws_kms_key.logs.deletion_window_in_days == 30
    error_message = "The key must rotate and leave time to cancel a deletion."
  }
  assert {
    condition = { for s in jsondecode(aws_kms_key_policy.logs.policy).Statement : s.Sid => s.Action } == {
      AccountManagesKey       = "kms:*"
      CloudTrailEncryptsLogs  = "kms:GenerateDataKey*"
      CloudTrailUsesBucketKey = "kms:Decrypt"
      CloudTrailDescribesKey  = "kms:DescribeKey"
    }
    error_message = "The key policy must grant exactly these actions."
  }
  assert {
    condition = alltrue([for s in jsondecode(aws_kms_key_policy.logs.policy).Statement :
      s.Condition.StringEquals["aws:SourceArn"] == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"
      if can(s.Principal.Service)
    ])
    error_message = "Every grant to a service must be bound to the one trail."
  }
  assert {
    condition = one([for s in jsondecode(aws_kms_key_policy.logs.policy).Statement :
      s.Condition.StringLike["kms:EncryptionContext:aws:cloudtrail:arn"] if s.Sid == "CloudTrailEncryptsLogs"
    ]) == "arn:aws:cloudtrail:*:123456789012:trail/trailkeeper"
    error_message = "Encryption must be bound to the trail's encryption context."
  }
}

run "no_partition_is_hard_coded" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn" }
  }
  override_data {
    target = data.aws_region.current
    values = { id = "cn-north-1" }
  }

  assert {
    condition     = !strcontains("${aws_s3_bucket_policy.logs.policy}${aws_kms_key_policy.logs.policy}", "arn:aws:")
    error_message = "Policies must use the partition they are deployed in."
  }
  assert {
    condition     = strcontains(aws_s3_bucket_policy.logs.policy, "arn:aws-cn:cloudtrail:cn-north-1:123456789012:trail/trailkeeper")
    error_message = "Policies must use the region they are deployed in."
  }
}

run "no_object_lock_by_default" {
  command = plan

  assert {
    condition     = !aws_s3_bucket.logs.object_lock_enabled && length(aws_s3_bucket_object_lock_configuration.logs) == 0
    error_message = "Object lock must be opt-in."
  }
}

run "object_lock_on_request" {
  command = plan

  variables {
    object_lock = { mode = "COMPLIANCE", days = 90 }
  }

  assert {
    condition     = aws_s3_bucket.logs.object_lock_enabled
    error_message = "The bucket must be made with object lock."
  }
  assert {
    condition     = aws_s3_bucket_object_lock_configuration.logs[0].rule[0].default_retention[0].mode == "COMPLIANCE" && aws_s3_bucket_object_lock_configuration.logs[0].rule[0].default_retention[0].days == 90
    error_message = "The lock must have the mode and days asked for."
  }
}

run "force_destroy_on_request" {
  command = plan

  variables {
    force_destroy = true
  }

  assert {
    condition     = aws_s3_bucket.logs.force_destroy
    error_message = "force_destroy = true must be honoured."
  }
}

run "longest_name_fits" {
  command = plan

  variables {
    name = "abcdefghijklmnopqrstuvwx"
  }

  assert {
    condition     = length(aws_s3_bucket.logs.bucket) <= 63
    error_message = "The bucket name must not be longer than S3 allows."
  }
}

run "names_are_checked" {
  command = plan

  variables {
    name = "abcdefghijklmnopqrstuvwxy"
  }

  expect_failures = [var.name]
}

run "name_without_capitals" {
  command = plan

  variables {
    name = "TrailKeeper"
  }

  expect_failures = [var.name]
}

run "name_without_double_hyphen" {
  command = plan

  variables {
    name = "trail--keeper"
  }

  expect_failures = [var.name]
}

run "retention_is_checked" {
  command = plan

  variables {
    log_retention_days = 0
  }

  expect_failures = [var.log_retention_days]
}

run "lock_mode_is_checked" {
  command = plan

  variables {
    object_lock = { mode = "FOREVER", days = 1 }
  }

  expect_failures = [var.object_lock]
}

run "lock_days_are_checked" {
  command = plan

  variables {
    object_lock = { days = 0 }
  }

  expect_failures = [var.object_lock]
}

run "bucket_and_key_are_changed_by_those_who_are_named" {
  command = plan

  variables {
    only_changed_by = ["arn:aws:iam::123456789012:role/deploy"]
  }

  assert {
    condition = alltrue([for policy in [aws_s3_bucket_policy.logs.policy, aws_kms_key_policy.logs.policy] :
      [for s in jsondecode(policy).Statement : s.Condition if s.Sid == "OnlyNamedChange"] == [
        { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::123456789012:root"] } }
      ]
    ])
    error_message = "Those who are named, and the root user, who alone could undo a mistake."
  }
  assert {
    condition     = !anytrue([for s in jsondecode(aws_s3_bucket_policy.logs.policy).Statement : contains(flatten([s.Action]), "s3:PutObject") || contains(flatten([s.Action]), "s3:GetBucketAcl") if s.Sid == "OnlyNamedChange"])
    error_message = "CloudTrail must not be kept from writing."
  }
}

run "nobody_is_named_unless_somebody_is" {
  command = plan

  assert {
    condition     = !strcontains("${aws_s3_bucket_policy.logs.policy}${aws_kms_key_policy.logs.policy}", "OnlyNamedChange")
    error_message = "By default IAM decides."
  }
}

run "refuses_everybody" {
  command = plan

  variables {
    only_changed_by = ["arn:aws:iam::*:role/*"]
  }

  expect_failures = [var.only_changed_by]
}
