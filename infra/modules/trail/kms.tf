locals {
  # In a key policy the resource "*" means this one key.
  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        # Without it nobody could manage the key. Who may read logs is then
        # decided by IAM policies of this account.
        Sid       = "AccountManagesKey"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "CloudTrailEncryptsLogs"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:GenerateDataKey*"
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceArn" = local.trail_arn }
          # Any region, as AWS has it: a multi-region trail delivers from all.
          StringLike = {
            "kms:EncryptionContext:aws:cloudtrail:arn" = "arn:${local.partition}:cloudtrail:*:${local.owner}:trail/${var.name}"
          }
        }
      },
      {
        # S3 reuses a bucket key, and CloudTrail asks for Decrypt on such a bucket.
        Sid       = "CloudTrailUsesBucketKey"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:Decrypt"
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "CloudTrailDescribesKey"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:DescribeKey"
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      ], [for condition in local.is_not_named : {
        Sid       = "OnlyNamedChange"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action = [
          "kms:CreateGrant",
          "kms:DeleteAlias",
          "kms:DisableKey",
          "kms:DisableKeyRotation",
          "kms:PutKeyPolicy",
          "kms:ScheduleKeyDeletion",
          "kms:UpdateAlias",
        ]
        Resource  = "*"
        Condition = condition
    }])
  })
}

resource "aws_kms_key" "logs" {
  description             = "CloudTrail logs of the trail ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
  tags                    = var.tags
}

resource "aws_kms_alias" "logs" {
  name          = "alias/${var.name}-logs"
  target_key_id = aws_kms_key.logs.key_id
}
