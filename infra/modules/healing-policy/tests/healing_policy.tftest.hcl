# No provider, no account: the module only says something.

variables {
  baselines = [
    {
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:{account}:trail/first"
      parameter_name            = "/trailkeeper/trailkeeper/first/1111"
      parameter_path            = "/trailkeeper/trailkeeper/first"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      cloud_watch_logs_role_arn = "arn:aws:iam::{account}:role/copy"
    },
    {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"
      parameter_name   = "/trailkeeper/trailkeeper/second/2222"
      parameter_path   = "/trailkeeper/trailkeeper/second"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    },
  ]
}

run "one_statement_per_purpose" {
  command = apply

  assert {
    condition = { for s in jsondecode(jsonencode(output.statements)) : s.Sid => [s.Effect, flatten([s.Action]), s.Resource] } == {
      RestoreTrails             = ["Allow", ["cloudtrail:StartLogging"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"]]
      ReconcileSettings         = ["Allow", ["cloudtrail:UpdateTrail"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      ReconcileEventSelectors   = ["Allow", ["cloudtrail:PutEventSelectors"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      ReconcileInsightSelectors = ["Allow", ["cloudtrail:PutInsightSelectors"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      ReconcileTags             = ["Allow", ["cloudtrail:AddTags", "cloudtrail:RemoveTags"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      RecreateTrails            = ["Allow", ["cloudtrail:CreateTrail"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      PassLogsRole              = ["Allow", ["iam:PassRole"], ["arn:aws:iam::{account}:role/copy"]]
      VerifyTrails              = ["Allow", ["cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"]]
      AttributeChanges          = ["Allow", ["cloudtrail:LookupEvents"], ["*"]]
    }
    error_message = "Each statement must name the trails it is for, and keep {account}."
  }
  assert {
    condition = { for s in jsondecode(jsonencode(output.statements)) : s.Sid => s.Condition if can(s.Condition) } == {
      PassLogsRole     = { StringEquals = { "iam:PassedToService" = "cloudtrail.amazonaws.com" } }
      AttributeChanges = { StringEquals = { "aws:RequestedRegion" = ["eu-central-1", "us-east-1"] } }
    }
    error_message = "The role is passed to CloudTrail only, and the event history is the trails' region's and that of IAM's calls."
  }
}

run "observe_has_no_permission_to_change" {
  command = apply

  variables {
    mode = "observe"
  }

  assert {
    condition     = [for s in jsondecode(jsonencode(output.statements)) : s.Sid] == ["VerifyTrails", "AttributeChanges"]
    error_message = "Observing needs to read, nothing else."
  }
}

run "without_trails_nothing_is_allowed" {
  command = apply

  variables {
    baselines = []
  }

  assert {
    condition     = length(output.statements) == 0
    error_message = "IAM refuses a statement without a resource."
  }
}

run "organisation_trails_need_organizations" {
  command = apply

  variables {
    baselines = [{
      trail_arn             = "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/all"
      parameter_name        = "/trailkeeper/trailkeeper/all/1111"
      parameter_path        = "/trailkeeper/trailkeeper/all"
      can_be_recreated      = false
      guards                = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      is_organization_trail = true
    }]
  }

  assert {
    condition = { for s in jsondecode(jsonencode(output.statements)) : s.Sid => [flatten([s.Action]), s.Resource] } == {
      RestoreTrails          = [["cloudtrail:StartLogging"], ["arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/all"]]
      HealOrganizationTrails = [["organizations:DescribeOrganization", "organizations:ListAccounts", "organizations:ListAWSServiceAccessForOrganization"], ["*"]]
      UseCloudTrailRole      = [["iam:CreateServiceLinkedRole", "iam:GetRole"], ["arn:aws-us-gov:iam::111122223333:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"]]
      VerifyTrails           = [["cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags"], ["arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/all"]]
      AttributeChanges       = [["cloudtrail:LookupEvents"], ["*"]]
    }
    error_message = "What CloudTrail asks of whoever heals an organisation's trail, and no more."
  }
  assert {
    condition     = one([for s in jsondecode(jsonencode(output.statements)) : s.Condition.StringEquals["aws:RequestedRegion"] if s.Sid == "AttributeChanges"]) == "us-gov-west-1"
    error_message = "IAM's calls of GovCloud are recorded in the trail's own region here."
  }
  assert {
    condition     = !strcontains(jsonencode(output.statements), "AWSServiceAccess\"")
    error_message = "Trusted access is not the responder's to change."
  }
}

run "a_delegated_administrator_uses_its_own_accounts_role" {
  command = apply

  variables {
    account = "123456789012"
    baselines = [{
      trail_arn             = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/all"
      parameter_name        = "/trailkeeper/trailkeeper/all/1111"
      parameter_path        = "/trailkeeper/trailkeeper/all"
      can_be_recreated      = false
      guards                = { settings = true, event_selectors = false, insight_selectors = false, tags = false }
      is_organization_trail = true
    }]
  }

  assert {
    condition = { for s in jsondecode(jsonencode(output.statements)) : s.Sid => s.Resource if contains(["ReconcileSettings", "UseCloudTrailRole"], s.Sid) } == {
      ReconcileSettings = ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/all"]
      UseCloudTrailRole = ["arn:aws:iam::123456789012:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"]
    }
    error_message = "The trail is the management account's; the role is looked for where the caller is."
  }
}

run "observing_an_organisation_trail_needs_only_reads" {
  command = apply

  variables {
    mode = "observe"
    baselines = [{
      trail_arn             = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/all"
      parameter_name        = "/trailkeeper/trailkeeper/all/1111"
      parameter_path        = "/trailkeeper/trailkeeper/all"
      can_be_recreated      = true
      guards                = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      is_organization_trail = true
    }]
  }

  assert {
    condition     = [for s in jsondecode(jsonencode(output.statements)) : s.Sid] == ["VerifyTrails", "AttributeChanges"]
    error_message = "Observing needs to read, nothing else."
  }
}

run "trails_of_two_regions" {
  command = apply

  variables {
    baselines = [for region in ["eu-central-1", "us-east-1"] : {
      trail_arn        = "arn:aws:cloudtrail:${region}:{account}:trail/first"
      parameter_name   = "/trailkeeper/trailkeeper/first/1111"
      parameter_path   = "/trailkeeper/trailkeeper/first"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  assert {
    condition     = one([for s in jsondecode(jsonencode(output.statements)) : s.Condition.StringEquals["aws:RequestedRegion"] if s.Sid == "AttributeChanges"]) == ["eu-central-1", "us-east-1"]
    error_message = "The event history may be read where the trails are."
  }
}

run "all_trails_of_an_account_are_refused" {
  command = plan

  variables {
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/*"
      parameter_name   = "/trailkeeper/trailkeeper/first/1111"
      parameter_path   = "/trailkeeper/trailkeeper/first"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  expect_failures = [var.baselines]
}

run "trails_of_all_accounts_are_refused" {
  command = plan

  variables {
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:*:trail/first"
      parameter_name   = "/trailkeeper/trailkeeper/first/1111"
      parameter_path   = "/trailkeeper/trailkeeper/first"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  expect_failures = [var.baselines]
}

run "any_role_to_pass_is_refused" {
  command = plan

  variables {
    baselines = [{
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
      parameter_name            = "/trailkeeper/trailkeeper/first/1111"
      parameter_path            = "/trailkeeper/trailkeeper/first"
      can_be_recreated          = false
      guards                    = { settings = true, event_selectors = false, insight_selectors = false, tags = false }
      cloud_watch_logs_role_arn = "arn:aws:iam::123456789012:role/*"
    }]
  }

  expect_failures = [var.baselines]
}

run "an_unknown_mode_is_refused" {
  command = plan

  variables {
    mode = "Enforce"
  }

  expect_failures = [var.mode]
}

run "an_account_is_twelve_digits" {
  command = plan

  variables {
    account = "*"
  }

  expect_failures = [var.account]
}

# The log bucket and the key, by what of them is restored.
run "bucket_and_key" {
  command = apply

  variables {
    evidence = [
      { kind = "log_bucket", arn = "arn:aws:s3:::logs", restored = ["policy", "object_lock", "notification", "replication", "logging", "exists"] },
      { kind = "log_key", arn = "arn:aws:kms:eu-central-1:123456789012:key/k", restored = ["state", "policy", "rotation"] },
    ]
  }

  assert {
    condition = { for s in jsondecode(jsonencode(output.statements)) : s.Sid => [flatten([s.Action]), s.Resource] if length(regexall("Bucket|Key|Lock", s.Sid)) > 0 } == {
      VerifyBuckets       = [["s3:GetBucketLogging", "s3:GetBucketNotification", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration"], ["arn:aws:s3:::logs"]]
      VerifyObjectLock    = [["s3:GetBucketObjectLockConfiguration"], ["arn:aws:s3:::logs"]]
      RestoreBuckets      = [["s3:PutBucketLogging", "s3:PutBucketNotification", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration"], ["arn:aws:s3:::logs"]]
      RestoreObjectLock   = [["s3:PutBucketObjectLockConfiguration"], ["arn:aws:s3:::logs"]]
      RecreateBuckets     = [["s3:CreateBucket"], ["arn:aws:s3:::logs"]]
      VerifyKeys          = [["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"], ["arn:aws:kms:eu-central-1:123456789012:key/k"]]
      RestoreKeys         = [["kms:CancelKeyDeletion", "kms:EnableKey"], ["arn:aws:kms:eu-central-1:123456789012:key/k"]]
      RestoreKeyPolicies  = [["kms:PutKeyPolicy"], ["arn:aws:kms:eu-central-1:123456789012:key/k"]]
      RestoreKeyRotations = [["kms:EnableKeyRotation"], ["arn:aws:kms:eu-central-1:123456789012:key/k"]]
    }
    error_message = "Each statement must name the one bucket or key, and no log may be read or deleted."
  }
  assert {
    condition     = [for s in jsondecode(jsonencode(output.statements)) : [s.Sid, s.Action, s.Resource] if s.Effect == "Deny"] == [["NoLogs", ["s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*"], ["arn:aws:s3:::logs/*"]]]
    error_message = "Whoever may set the bucket's policy must not give itself the logs."
  }
}

run "a_bucket_of_which_less_is_guarded" {
  command = apply

  variables {
    evidence = [{ kind = "log_bucket", arn = "arn:aws:s3:::logs", restored = ["policy", "replication"] }]
  }

  assert {
    condition = [for s in jsondecode(jsonencode(output.statements)) : [s.Sid, [for action in s.Action : action if length(regexall("Logging|Notification|Replication|Create", action)) > 0]] if strcontains(s.Sid, "Bucket")] == [
      ["VerifyBuckets", ["s3:GetReplicationConfiguration"]],
      ["RestoreBuckets", ["s3:PutReplicationConfiguration"]],
    ]
    error_message = "What something else sets must not be changeable, and no bucket be made unless that is opted in."
  }
}

run "a_key_of_which_only_the_state_is_restored" {
  command = apply

  variables {
    evidence = [{ kind = "log_key", arn = "arn:aws:kms:eu-central-1:123456789012:key/k", restored = ["state"] }]
  }

  assert {
    condition     = [for s in jsondecode(jsonencode(output.statements)) : s.Sid if length(regexall("Bucket|Key|Lock", s.Sid)) > 0] == ["VerifyKeys", "RestoreKeys"]
    error_message = "What is left to people must not be changeable."
  }
}

run "observing_reads_bucket_and_key" {
  command = apply

  variables {
    mode = "observe"
    evidence = [
      { kind = "log_bucket", arn = "arn:aws:s3:::logs", restored = ["policy", "object_lock"] },
      { kind = "log_key", arn = "arn:aws:kms:eu-central-1:123456789012:key/k", restored = ["state", "policy", "rotation"] },
    ]
  }

  assert {
    condition     = [for s in jsondecode(jsonencode(output.statements)) : s.Sid] == ["VerifyTrails", "VerifyBuckets", "VerifyObjectLock", "VerifyKeys", "AttributeChanges"]
    error_message = "Observing needs to read, nothing else."
  }
}
