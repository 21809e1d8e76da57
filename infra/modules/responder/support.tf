# What the responder leans on, as parts of its list: roles, topic with its key, alarms,
# queue, log group and table. All but the topic and the key's state are told of, not put back. Terraform changes them before the
# function is told of it, or at any time; their documents come first, and the old ones go
# last: meanwhile the function leaves alone what the two say otherwise.
locals {
  # Each name begins with this. Others of such a name are nobody's business.
  alarms_arn       = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.name}-*"
  queue_retention  = 1209600
  expiry_attribute = "expires_at"

  # Each of the two functions looks at the roles of both: who takes one's is seen by the other.
  guarded_role_arns = merge(
    { role = local.role_arn, sweep_role = local.sweep_role_arn },
    { for key, name in { understudy_role = local.understudy_name, understudy_sweep_role = local.understudy_schedule_name } : key => "arn:${local.partition}:iam::${local.account}:role/${name}" if local.understudy },
  )
  guarded_roles = { for key, role in {
    role                  = { policy = local.role_policy, trust = local.trust_policy }
    sweep_role            = { policy = local.sweep_role_policies["responder"], trust = local.sweep_trust_policies["responder"] }
    understudy_role       = { policy = local.understudy_role_policy, trust = local.trust_policy }
    understudy_sweep_role = { policy = try(local.sweep_role_policies["understudy"], null), trust = try(local.sweep_trust_policies["understudy"], null) }
  } : key => merge(role, { arn = local.guarded_role_arns[key] }) if contains(keys(local.guarded_role_arns), key) }

  guarded_log_groups = merge(
    { log_group = local.log_group_arn },
    { for arn in [local.understudy_log_group_arn] : "understudy_log_group" => arn if local.understudy },
  )

  support_parts = merge(
    { for key, role in local.guarded_roles : key => {
      arn = role.arn
      declared = {
        exists = true
        # The statements themselves could be more than a parameter holds.
        policy = merge(
          { Version = jsondecode(role.policy).Version },
          { for statement in jsondecode(role.policy).Statement : statement.Sid => sha256(jsonencode(statement)) },
        )
        # Of the same name as the role.
        policies = [reverse(split("/", role.arn))[0]]
        attached = []
        boundary = var.permissions_boundary
        trust    = jsondecode(role.trust)
      }
      restored = []
    } },
    {
      alarms = {
        arn = local.alarms_arn
        declared = {
          alarms = { for alarm in values(local.alarms) : alarm.name => join(" ", [
            "${alarm.namespace}/${alarm.metric}",
            join(",", sort([for name, value in alarm.dimensions : "${name}=${value}"])),
            alarm.statistic,
            "${alarm.period}s",
            "x${alarm.periods}",
            alarm.comparison,
            alarm.threshold,
            alarm.missing,
            "->",
            var.topic_arn,
          ]) }
        }
        restored = []
      }
      queue = {
        arn = local.queue_arn
        declared = {
          exists    = true
          policy    = jsondecode(local.queue_policy)
          retention = tostring(local.queue_retention)
          kms_key   = null
        }
        restored = []
      }
      table = {
        arn = local.table_arn
        declared = {
          exists = true
          policy = jsondecode(local.table_policy)
          expiry = local.expiry_attribute
        }
        restored = []
      }
    },
    { for key, arn in local.guarded_log_groups : key => {
      arn = arn
      declared = {
        exists    = true
        retention = var.log_retention_days
        kms_key   = aws_kms_key.logs.arn
      }
      restored = []
    } },
  )

  topic_parts = flatten([for topic in var.topic_evidence[*] : [
    { arn = topic.arn, parameter = topic.parameter_name },
    { arn = topic.key_arn, parameter = topic.key_parameter_name },
  ]])

  support_candidates = [
    [true, {
      # What else is declared while it is being deployed.
      Sid      = "FindParts"
      Effect   = "Allow"
      Action   = "ssm:GetParametersByPath"
      Resource = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${local.guard_path}/*"
    }],
    [true, {
      Sid      = "VerifyRoles"
      Effect   = "Allow"
      Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
      Resource = values(local.guarded_role_arns)
    }],
    [true, {
      # Asked for alarms by what their names begin with, CloudWatch wants to know of all.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
      Sid      = "VerifyAlarms"
      Effect   = "Allow"
      Action   = "cloudwatch:DescribeAlarms"
      Resource = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:*"
    }],
    [true, {
      Sid      = "VerifyQueue"
      Effect   = "Allow"
      Action   = "sqs:GetQueueAttributes"
      Resource = local.queue_arn
    }],
    [true, {
      # Log groups are listed by what their names begin with, and CloudWatch Logs wants to
      # know of all.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
      Sid      = "VerifyLogGroup"
      Effect   = "Allow"
      Action   = "logs:DescribeLogGroups"
      Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:*"
    }],
    [true, {
      Sid      = "VerifyTable"
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeTimeToLive", "dynamodb:GetResourcePolicy"]
      Resource = local.table_arn
    }],
    [var.topic_evidence != null, {
      Sid      = "VerifyTopic"
      Effect   = "Allow"
      Action   = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"]
      Resource = var.topic_arn
    }],
    [var.topic_evidence != null, {
      # SNS knows no subscription as a resource.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
      Sid       = "VerifySubscriptions"
      Effect    = "Allow"
      Action    = "sns:GetSubscriptionAttributes"
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = local.region } }
    }],
    [var.topic_evidence != null, {
      # Both in one: a role has not much room.
      Sid      = "GuardTopicKey"
      Effect   = "Allow"
      Action   = concat(["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"], var.mode == "enforce" ? ["kms:CancelKeyDeletion", "kms:EnableKey"] : [])
      Resource = one(var.topic_evidence[*].key_arn)
    }],
    [var.topic_evidence != null && var.mode == "enforce", {
      # Nothing here can delete a topic or a subscription.
      Sid      = "RestoreTopic"
      Effect   = "Allow"
      Action   = ["sns:SetTopicAttributes", "sns:Subscribe"]
      Resource = var.topic_arn
    }],
  ]
  support_statements = [for candidate in local.support_candidates : candidate[1] if candidate[0] && var.guard_responder]
}
