locals {
  # In a key policy the resource "*" means this one key.
  # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        # Without it nobody could manage the key. It also lets the IAM policy
        # of a publisher, such as the responder's role, grant the key's use.
        Sid       = "AccountManagesKey"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        # Without it alarms fail silently: CloudWatch cannot encrypt the message.
        Sid       = "AlarmsUseKey"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account }
          ArnLike      = { "aws:SourceArn" = local.alarm_arns }
        }
      },
      ], flatten([for conditions in local.publisher_conditions : [
        {
          # SNS encrypts with the publisher's permissions, and only SNS may ask.
          Sid       = "MembersUseKey"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = "*"
          Condition = merge(conditions.role, {
            StringEquals = merge(conditions.role.StringEquals, { "kms:ViaService" = "sns.${local.region}.${data.aws_partition.current.dns_suffix}" })
          })
        },
        {
          Sid       = "MembersAlarmsUseKey"
          Effect    = "Allow"
          Principal = { Service = "cloudwatch.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = conditions.alarms
        },
        ]]), [for condition in local.is_not_named : {
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

resource "aws_kms_key" "topic" {
  description             = "Messages of the topic ${local.topic_name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = local.key_policy
  tags                    = var.tags

  lifecycle {
    # A key is made with its policy. Changes of it are the next resource's.
    ignore_changes = [policy]
  }
}

# Apart from the key, which must be there before what is declared of it can name it: the
# policy changes only after that is written.
resource "aws_kms_key_policy" "topic" {
  key_id = aws_kms_key.topic.key_id
  policy = local.key_policy

  # Only so does the provider leave the policy as it is when this resource goes: it is that
  # of a key in use, if the key is being replaced. The account's root is in every policy
  # above.
  bypass_policy_lockout_safety_check = true

  lifecycle {
    # The provider would go on with the old key.
    replace_triggered_by = [aws_kms_key.topic.key_id]
  }

  depends_on = [aws_ssm_parameter.evidence]
}

resource "aws_kms_alias" "topic" {
  name          = "alias/${local.topic_name}"
  target_key_id = aws_kms_key.topic.key_id
}
