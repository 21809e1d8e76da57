locals {
  noncurrent_days = 90
  upload_days     = 7

  bucket_name = "${var.name}-logs-${local.account}-${local.region}"
  bucket_arn  = "arn:${local.partition}:s3:::${local.bucket_name}"

  # Where CloudTrail writes. An organisation's trail writes below the organisation's
  # id, and below the management account's while it is changed from or to one.
  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html#org-trail-bucket-policy
  log_paths = [for part in compact([local.owner, try(var.organization.id, null)]) : join("/", compact([var.s3_key_prefix, "AWSLogs", part]))]

  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
  bucket_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "CloudTrailReadsAcl"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = local.bucket_arn
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "CloudTrailWritesLogs"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = try(one([for path in local.log_paths : "${local.bucket_arn}/${path}/*"]), [for path in local.log_paths : "${local.bucket_arn}/${path}/*"])
        Condition = {
          StringEquals = {
            "aws:SourceArn" = local.trail_arn
            "s3:x-amz-acl"  = "bucket-owner-full-control"
          }
        }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      ], [for condition in local.is_not_named : {
        # CloudTrail needs none of these, and expiry is no call of anybody's.
        Sid       = "OnlyNamedChange"
        Effect    = "Deny"
        Principal = "*"
        Action = [
          "s3:BypassGovernanceRetention",
          "s3:DeleteBucket",
          "s3:DeleteBucketPolicy",
          "s3:DeleteObject",
          "s3:DeleteObjectVersion",
          "s3:PutBucketAcl",
          "s3:PutBucketNotification",
          "s3:PutBucketObjectLockConfiguration",
          "s3:PutBucketOwnershipControls",
          "s3:PutBucketPolicy",
          "s3:PutBucketPublicAccessBlock",
          "s3:PutBucketVersioning",
          "s3:PutEncryptionConfiguration",
          "s3:PutLifecycleConfiguration",
          "s3:PutReplicationConfiguration",
        ]
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = condition
    }])
  })

  # The root user is left out: nobody else could undo a mistake in this list.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
  is_not_named = [for named in [var.only_changed_by] : {
    ArnNotLike = { "aws:PrincipalArn" = concat(named, ["arn:${local.partition}:iam::${local.account}:root"]) }
  } if length(named) > 0]
}

resource "aws_s3_bucket" "logs" {
  #checkov:skip=CKV_AWS_18:Access logs would need a second bucket that nothing reads. Reads of the logs can be recorded as CloudTrail data events instead.
  #checkov:skip=CKV_AWS_144:A replica belongs in another account, and this module has only one.
  #checkov:skip=CKV2_AWS_62:Nothing consumes object notifications. Integrity is proven by log file validation.
  bucket              = local.bucket_name
  force_destroy       = var.force_destroy
  object_lock_enabled = var.object_lock != null
  tags                = var.tags

  # Destroy runs backwards: a bucket that is kept because it holds logs
  # also keeps the key that can read them.
  depends_on = [aws_kms_key.logs]
}

# All that follows changes only after the function knows what is declared of it now, and
# is there before the trail is, and so before the function's triggers.
resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }

  depends_on = [var.responder_ready]
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true

  depends_on = [var.responder_ready]
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Enabled"
  }

  depends_on = [var.responder_ready]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.logs.arn
    }
  }

  depends_on = [var.responder_ready]
}

resource "aws_s3_bucket_object_lock_configuration" "logs" {
  count = var.object_lock == null ? 0 : 1

  bucket = aws_s3_bucket.logs.id

  rule {
    default_retention {
      mode = var.object_lock.mode
      days = var.object_lock.days
    }
  }

  depends_on = [aws_s3_bucket_versioning.logs, var.responder_ready]
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    id     = "expire-logs"
    status = "Enabled"

    filter {}

    expiration {
      days = var.log_retention_days
    }

    # A log becomes noncurrent when it expires or when somebody deletes it.
    # The wait is the time left to notice the latter.
    noncurrent_version_expiration {
      noncurrent_days = local.noncurrent_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = local.upload_days
    }
  }

  rule {
    id     = "remove-empty-delete-markers"
    status = "Enabled"

    filter {}

    expiration {
      expired_object_delete_marker = true
    }
  }

  depends_on = [aws_s3_bucket_versioning.logs, var.responder_ready]
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = local.bucket_policy

  # S3 refuses parallel changes to one bucket's access settings.
  depends_on = [
    var.responder_ready,
    aws_s3_bucket_public_access_block.logs,
    aws_s3_bucket_ownership_controls.logs,
  ]
}
