locals {
  trail_arns = [for b in var.baselines : b.trail_arn]
  regions    = distinct([for arn in local.trail_arns : split(":", arn)[3]])

  # Where the calls of global services are recorded, by partition: what an actor did in
  # IAM stands there and nowhere else. IAM's endpoints are in these regions.
  # https://docs.aws.amazon.com/general/latest/gr/iam-service.html
  global_regions  = { aws = "us-east-1", aws-us-gov = "us-gov-west-1", aws-cn = "cn-north-1" }
  partitions      = distinct([for arn in local.trail_arns : split(":", arn)[1]])
  history_regions = distinct(concat(local.regions, compact([for p in local.partitions : lookup(local.global_regions, p, "")])))

  heals = var.mode == "enforce"
  # The trails whose baselines guard something, by what that is.
  guarded = {
    settings          = [for b in var.baselines : b.trail_arn if b.guards.settings]
    event_selectors   = [for b in var.baselines : b.trail_arn if b.guards.event_selectors]
    insight_selectors = [for b in var.baselines : b.trail_arn if b.guards.insight_selectors]
    tags              = [for b in var.baselines : b.trail_arn if b.guards.tags]
  }
  complete   = [for b in var.baselines : b.trail_arn if b.can_be_recreated]
  logs_roles = distinct([for b in var.baselines : b.cloud_watch_logs_role_arn if b.cloud_watch_logs_role_arn != null])

  log_buckets    = [for thing in var.evidence : thing.arn if thing.kind == "log_bucket"]
  locked_buckets = [for thing in var.evidence : thing.arn if thing.kind == "log_bucket" && contains(thing.restored, "object_lock")]
  lost_buckets   = [for thing in var.evidence : thing.arn if thing.kind == "log_bucket" && contains(thing.restored, "exists")]
  log_keys       = [for thing in var.evidence : thing.arn if thing.kind == "log_key"]
  key_policies   = [for thing in var.evidence : thing.arn if thing.kind == "log_key" && contains(thing.restored, "policy")]
  key_rotations  = [for thing in var.evidence : thing.arn if thing.kind == "log_key" && contains(thing.restored, "rotation")]

  # What not every bucket is guarded for, by what of it is restored.
  bucket_reads = {
    logging         = "s3:GetBucketLogging"
    notification    = "s3:GetBucketNotification"
    replication     = "s3:GetReplicationConfiguration"
    request_payment = "s3:GetBucketRequestPayment"
  }
  bucket_writes = {
    logging         = "s3:PutBucketLogging"
    notification    = "s3:PutBucketNotification"
    replication     = "s3:PutReplicationConfiguration"
    request_payment = "s3:PutBucketRequestPayment"
  }
  bucket_fields = distinct(flatten([for thing in var.evidence : thing.restored if thing.kind == "log_bucket"]))

  organization_trails = [for b in var.baselines : b.trail_arn if b.is_organization_trail]
  service_linked_roles = distinct([
    for arn in local.organization_trails :
    "arn:${split(":", arn)[1]}:iam::${coalesce(var.account, split(":", arn)[4])}:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"
  ])

  # One statement per purpose, each needed by a call of the function; with each,
  # when it is needed.
  candidates = [
    [local.heals, {
      Sid      = "RestoreTrails"
      Effect   = "Allow"
      Action   = "cloudtrail:StartLogging"
      Resource = local.trail_arns
    }],
    [local.heals && length(local.guarded.settings) > 0, {
      Sid      = "ReconcileSettings"
      Effect   = "Allow"
      Action   = "cloudtrail:UpdateTrail"
      Resource = local.guarded.settings
    }],
    [local.heals && length(local.guarded.event_selectors) > 0, {
      Sid      = "ReconcileEventSelectors"
      Effect   = "Allow"
      Action   = "cloudtrail:PutEventSelectors"
      Resource = local.guarded.event_selectors
    }],
    [local.heals && length(local.guarded.insight_selectors) > 0, {
      Sid      = "ReconcileInsightSelectors"
      Effect   = "Allow"
      Action   = "cloudtrail:PutInsightSelectors"
      Resource = local.guarded.insight_selectors
    }],
    [local.heals && length(local.guarded.tags) > 0, {
      Sid      = "ReconcileTags"
      Effect   = "Allow"
      Action   = ["cloudtrail:AddTags", "cloudtrail:RemoveTags"]
      Resource = local.guarded.tags
    }],
    [local.heals && length(local.complete) > 0, {
      Sid      = "RecreateTrails"
      Effect   = "Allow"
      Action   = "cloudtrail:CreateTrail"
      Resource = local.complete
    }],
    [local.heals && length(local.logs_roles) > 0, {
      # A trail is given the role that writes its copy to CloudWatch Logs.
      Sid       = "PassLogsRole"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = local.logs_roles
      Condition = { StringEquals = { "iam:PassedToService" = "cloudtrail.amazonaws.com" } }
    }],
    [local.heals && length(local.organization_trails) > 0, {
      # CloudTrail looks these up with the caller's permissions when a trail of an
      # organisation is started, updated or made. AWS's list also has Enable- and
      # DisableAWSServiceAccess: left out, no call here changes trusted access.
      # Organizations knows no resource for these three.
      # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
      Sid    = "HealOrganizationTrails"
      Effect = "Allow"
      Action = [
        "organizations:DescribeOrganization",
        "organizations:ListAccounts",
        "organizations:ListAWSServiceAccessForOrganization",
      ]
      Resource = ["*"]
    }],
    [local.heals && length(local.organization_trails) > 0, {
      # From the same list: CloudTrail's own role, and no other.
      Sid      = "UseCloudTrailRole"
      Effect   = "Allow"
      Action   = ["iam:CreateServiceLinkedRole", "iam:GetRole"]
      Resource = local.service_linked_roles
    }],
    [true, {
      # Of every trail: a capture reads everything, whatever is guarded.
      Sid    = "VerifyTrails"
      Effect = "Allow"
      Action = [
        "cloudtrail:GetEventSelectors",
        "cloudtrail:GetInsightSelectors",
        "cloudtrail:GetTrail",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:ListTags",
      ]
      Resource = local.trail_arns
    }],
    [length(local.log_buckets) > 0, {
      Sid    = "VerifyBuckets"
      Effect = "Allow"
      Action = sort(concat([
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
      ], [for field, call in local.bucket_reads : call if contains(local.bucket_fields, field)]))
      Resource = local.log_buckets
    }],
    [length(local.locked_buckets) > 0, {
      Sid      = "VerifyObjectLock"
      Effect   = "Allow"
      Action   = "s3:GetBucketObjectLockConfiguration"
      Resource = local.locked_buckets
    }],
    [local.heals && length(local.log_buckets) > 0, {
      # Their settings. Nothing can be replicated without a role to pass. Whoever may set a
      # bucket's policy can let somebody else at its logs, and a lifecycle lets them expire:
      # object lock is the answer to that.
      Sid    = "RestoreBuckets"
      Effect = "Allow"
      Action = sort(concat([
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ], [for field, call in local.bucket_writes : call if contains(local.bucket_fields, field)]))
      Resource = local.log_buckets
    }],
    [local.heals && length(local.log_buckets) > 0, {
      # Whatever it writes into the bucket's policy, this role itself gets no log.
      Sid      = "NoLogs"
      Effect   = "Deny"
      Action   = ["s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*"]
      Resource = [for arn in local.log_buckets : "${arn}/*"]
    }],
    [local.heals && length(local.locked_buckets) > 0, {
      Sid      = "RestoreObjectLock"
      Effect   = "Allow"
      Action   = "s3:PutBucketObjectLockConfiguration"
      Resource = local.locked_buckets
    }],
    [local.heals && length(local.lost_buckets) > 0, {
      Sid      = "RecreateBuckets"
      Effect   = "Allow"
      Action   = "s3:CreateBucket"
      Resource = local.lost_buckets
    }],
    [length(local.log_keys) > 0, {
      # Under its alias too: the resource is the key that the alias stands for.
      Sid      = "VerifyKeys"
      Effect   = "Allow"
      Action   = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"]
      Resource = local.log_keys
    }],
    [local.heals && length(local.log_keys) > 0, {
      Sid      = "RestoreKeys"
      Effect   = "Allow"
      Action   = ["kms:CancelKeyDeletion", "kms:EnableKey"]
      Resource = local.log_keys
    }],
    [local.heals && length(local.key_policies) > 0, {
      Sid      = "RestoreKeyPolicies"
      Effect   = "Allow"
      Action   = "kms:PutKeyPolicy"
      Resource = local.key_policies
    }],
    [local.heals && length(local.key_rotations) > 0, {
      Sid      = "RestoreKeyRotations"
      Effect   = "Allow"
      Action   = "kms:EnableKeyRotation"
      Resource = local.key_rotations
    }],
    [true, {
      # Who did it, and what else he did. The event history has no ARN to name, so the
      # region is the narrowest limit.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html
      Sid       = "AttributeChanges"
      Effect    = "Allow"
      Action    = "cloudtrail:LookupEvents"
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:RequestedRegion" = try(one(local.history_regions), local.history_regions) } }
    }],
  ]

  # Without a trail there is nothing to allow.
  statements = [for candidate in local.candidates : candidate[1] if candidate[0] && length(var.baselines) > 0]
}
