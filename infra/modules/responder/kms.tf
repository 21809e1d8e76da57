locals {
  # In a key policy the resource "*" means this one key.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Without it nobody could manage the key.
        Sid       = "AccountManagesKey"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "LogGroupUsesKey"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.${local.dns_suffix}" }
        Action = [
          "kms:Decrypt",
          "kms:DescribeKey",
          "kms:Encrypt",
          "kms:GenerateDataKey*",
          "kms:ReEncrypt*",
        ]
        Resource = "*"
        Condition = {
          ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = try(one(local.log_group_arns), local.log_group_arns) }
        }
      },
    ]
  })
}

resource "aws_kms_key" "logs" {
  description             = "Log group ${local.log_group_name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = local.key_policy
  tags                    = var.tags
}

resource "aws_kms_alias" "logs" {
  name          = "alias/${local.function_name}-logs"
  target_key_id = aws_kms_key.logs.key_id
}
