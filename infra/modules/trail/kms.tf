locals {
  key_alias = "alias/${var.name}-logs"

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

  lifecycle {
    # A key is made with its policy. Changes of it are the next resource's.
    ignore_changes = [policy]
  }
}

# Apart from the key, which must be there before its baseline can name it: the policy
# changes only after the function knows the new one.
resource "aws_kms_key_policy" "logs" {
  key_id = aws_kms_key.logs.key_id
  policy = local.key_policy

  # Only so does the provider leave the policy as it is when this resource goes. Else it
  # takes CloudTrail's permission away first thing when the key is replaced, while the
  # trail still uses the old one and the function guards it; and the protection of a key
  # that is kept until its logs are gone. The account's root is in every policy above.
  bypass_policy_lockout_safety_check = true

  lifecycle {
    # The provider would go on with the old key.
    replace_triggered_by = [aws_kms_key.logs.key_id]
  }

  depends_on = [var.responder_ready]
}

resource "aws_kms_alias" "logs" {
  name          = local.key_alias
  target_key_id = aws_kms_key.logs.key_id

  # It moves to a new key only after the function knows that key.
  depends_on = [var.responder_ready]
}
