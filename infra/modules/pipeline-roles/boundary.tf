locals {
  evidence_actions = ["cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "kms:DisableKey", "kms:ScheduleKeyDeletion", "s3:BypassGovernanceRetention", "s3:DeleteBucket*", "s3:DeleteObject*"]

  # What the apply role may at most do, whatever is attached to it later. A
  # boundary allows nothing by itself; the policy write.tf says what is allowed.
  apply_boundary_statements = [
    [true, {
      Sid    = "OnlyTheseServices"
      Effect = "Allow"
      Action = concat(
        ["cloudtrail:*", "cloudwatch:*", "dynamodb:*", "events:*", "iam:*", "kms:*", "lambda:*", "logs:*", "s3:*", "scheduler:*", "sns:*", "sqs:*", "ssm:*"],
        var.stack_sets ? ["cloudformation:*", "organizations:Describe*", "organizations:List*"] : [],
      )
      Resource = "*"
    }],
    # Also users, groups, managed policies and other OIDC providers: these have no such ARN.
    [true, {
      Sid         = "NoIamBeyondThePrefix"
      Effect      = "Deny"
      Action      = "iam:*"
      NotResource = local.resources.roles
    }],
    # The pipeline cannot give itself more. Its roles are changed from outside.
    [true, {
      Sid      = "NotItsOwnRoles"
      Effect   = "Deny"
      Action   = "iam:*"
      Resource = [local.resources.own_roles, local.resources.own_policies]
    }],
    # Trust is given once, when a role is made: then it carries the workloads'
    # boundary. IAM cannot ask for that boundary here, so a role that is there, such
    # as one that StackSets made, could be opened to anybody.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    [!var.allow_trust_changes, {
      Sid      = "TrustStays"
      Effect   = "Deny"
      Action   = "iam:UpdateAssumeRolePolicy"
      Resource = "*"
    }],
    [var.require_workload_boundary, {
      Sid    = "OnlyBoundedRoles"
      Effect = "Deny"
      Action = [
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
      ]
      Resource  = "*"
      Condition = { StringNotEquals = { "iam:PermissionsBoundary" = aws_iam_policy.workload_boundary.arn } }
    }],
    [var.require_workload_boundary, {
      Sid      = "BoundariesStay"
      Effect   = "Deny"
      Action   = "iam:DeleteRolePermissionsBoundary"
      Resource = "*"
    }],
    # Neither directly nor as part of an apply that replaces a trail: who wants
    # that does it without the pipeline, or allows it for a while.
    [!var.allow_destroy, {
      Sid      = "EvidenceStays"
      Effect   = "Deny"
      Action   = local.evidence_actions
      Resource = concat(local.resources.trails, var.guarded_trail_arns, [local.resources.keys, "${local.arn}:s3:::${var.name}-logs-*"])
    }],
    # Policies say who may read logs; the pipeline itself never does.
    [true, {
      Sid      = "NoLogs"
      Effect   = "Deny"
      Action   = ["s3:GetObject*", "s3:PutObject*"]
      Resource = "${local.arn}:s3:::${var.name}-logs-*/*"
    }],
  ]

  # What a role that the pipeline makes may at most do: the union of what
  # Trailkeeper's modules give to their roles, and nothing that stops a trail.
  workload_boundary_statements = [
    {
      Sid      = "HealTrails"
      Effect   = "Allow"
      Action   = ["cloudtrail:AddTags", "cloudtrail:CreateTrail", "cloudtrail:Get*", "cloudtrail:ListTags", "cloudtrail:PutEventSelectors", "cloudtrail:PutInsightSelectors", "cloudtrail:RemoveTags", "cloudtrail:StartLogging", "cloudtrail:UpdateTrail"]
      Resource = concat(local.resources.trails, var.guarded_trail_arns)
    },
    {
      # The settings of the log bucket. What is in it, nobody may read, write or delete.
      Sid    = "GuardBucket"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration",
        "s3:PutBucketLogging", "s3:PutBucketNotification", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketRequestPayment", "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration",
      ]
      Resource = local.resources.buckets
    },
    {
      # Also of a key whose alias was taken away.
      Sid      = "GuardKey"
      Effect   = "Allow"
      Action   = ["kms:CancelKeyDeletion", "kms:DescribeKey", "kms:EnableKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"]
      Resource = local.resources.keys
    },
    {
      # Whoever may set a key's policy has the key.
      Sid       = "RestoreKey"
      Effect    = "Allow"
      Action    = ["kms:EnableKeyRotation", "kms:PutKeyPolicy"]
      Resource  = local.resources.keys
      Condition = local.key_is_ours
    },
    {
      # The event history has no ARN.
      Sid      = "AttributeChanges"
      Effect   = "Allow"
      Action   = "cloudtrail:LookupEvents"
      Resource = "*"
    },
    {
      # A trail may have a role that writes its copy to CloudWatch Logs.
      Sid       = "PassLogsRole"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = "${local.arn}:iam::${local.account}:role/*"
      Condition = { StringEquals = { "iam:PassedToService" = "cloudtrail.amazonaws.com" } }
    },
    {
      # CloudTrail asks these of whoever changes an organisation's trail, and a hub
      # lists accounts. Organizations knows no resource for them.
      Sid      = "HealOrganizationTrails"
      Effect   = "Allow"
      Action   = ["organizations:DescribeOrganization", "organizations:ListAWSServiceAccessForOrganization", "organizations:ListAccounts"]
      Resource = "*"
    },
    {
      Sid      = "UseCloudTrailRole"
      Effect   = "Allow"
      Action   = ["iam:CreateServiceLinkedRole", "iam:GetRole"]
      Resource = "${local.arn}:iam::${local.account}:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"
    },
    {
      Sid      = "HealMembers"
      Effect   = "Allow"
      Action   = "sts:AssumeRole"
      Resource = "${local.arn}:iam::*:role/${var.name}-remediation"
    },
    {
      Sid      = "ReadBaselines"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter", "ssm:GetParametersByPath"]
      Resource = local.resources.parameters
    },
    {
      Sid      = "RememberIncidents"
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeTimeToLive", "dynamodb:GetItem", "dynamodb:GetResourcePolicy", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      Resource = local.resources.tables
    },
    {
      # A member's responder publishes to the security account's topic.
      Sid      = "PublishNotices"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = concat(["${local.arn}:sns:*:*:${var.name}-*"], var.topic_arns)
    },
    {
      # Findings of the account's own, with security_hub.
      Sid      = "ReportFindings"
      Effect   = "Allow"
      Action   = "securityhub:BatchImportFindings"
      Resource = "${local.arn}:securityhub:*:${local.account}:product/${local.account}/default"
    },
    {
      # Keys have no names, and the topic's may be another account's.
      Sid       = "EncryptNotices"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = { StringLike = { "kms:ViaService" = "sns.*" } }
    },
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${local.resources.log_groups}:*"
    },
    {
      Sid      = "UseQueues"
      Effect   = "Allow"
      Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"]
      Resource = local.resources.queues
    },
    {
      Sid      = "InvokeResponder"
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = local.resources.functions
    },
    {
      # The responder looks after its own rules, schedule and concurrency.
      Sid      = "GuardRules"
      Effect   = "Allow"
      Action   = ["events:DescribeRule", "events:ListTargetsByRule", "events:PutRule", "events:PutTargets"]
      Resource = local.resources.rules
    },
    {
      Sid      = "GuardSchedule"
      Effect   = "Allow"
      Action   = ["scheduler:CreateSchedule", "scheduler:CreateScheduleGroup", "scheduler:GetSchedule", "scheduler:UpdateSchedule"]
      Resource = concat(local.resources.schedules, local.resources.groups)
    },
    {
      Sid       = "PassSweepRole"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = "${local.arn}:iam::${local.account}:role/${var.name}-sweep"
      Condition = { StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }
    },
    {
      Sid      = "GuardFunction"
      Effect   = "Allow"
      Action   = ["lambda:DeleteFunctionConcurrency", "lambda:GetFunction*", "lambda:GetPolicy", "lambda:PutFunctionConcurrency"]
      Resource = local.resources.functions
    },
    {
      # And reads what it leans on.
      Sid      = "GuardRoles"
      Effect   = "Allow"
      Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
      Resource = "${local.arn}:iam::${local.account}:role/${var.name}-*"
    },
    {
      Sid      = "GuardTopic"
      Effect   = "Allow"
      Action   = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:SetTopicAttributes", "sns:Subscribe"]
      Resource = "${local.arn}:sns:*:${local.account}:${var.name}-*"
    },
    {
      # Asked for by what their names begin with.
      Sid      = "ReadAlarmsAndLogGroups"
      Effect   = "Allow"
      Action   = ["cloudwatch:DescribeAlarms", "logs:DescribeLogGroups"]
      Resource = ["${local.arn}:cloudwatch:*:${local.account}:alarm:*", "${local.arn}:logs:*:${local.account}:log-group:*"]
    },
    {
      # SNS knows no subscription as a resource.
      Sid      = "ReadSubscriptions"
      Effect   = "Allow"
      Action   = "sns:GetSubscriptionAttributes"
      Resource = "*"
    },
    {
      # The hub's bus is in another account.
      Sid      = "ForwardEvents"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = "${local.arn}:events:*:*:event-bus/${var.name}"
    },
  ]
}

resource "aws_iam_policy" "apply_boundary" {
  #checkov:skip=CKV_AWS_355:A boundary is the most that may ever be allowed and allows nothing itself.
  #checkov:skip=CKV_AWS_286:The same; what would let the role give itself more is denied below.
  #checkov:skip=CKV_AWS_287:The same.
  #checkov:skip=CKV_AWS_288:The same.
  #checkov:skip=CKV_AWS_289:The same.
  #checkov:skip=CKV_AWS_290:The same.
  name        = "${local.prefix}-apply-boundary"
  description = "The most that Trailkeeper's apply role may do"
  tags        = var.tags

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for s in local.apply_boundary_statements : s[1] if s[0]]
  })
}

resource "aws_iam_policy" "workload_boundary" {
  name        = "${local.prefix}-workload-boundary"
  description = "The most that a role made by Trailkeeper's pipeline may do"
  tags        = var.tags

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.workload_boundary_statements
  })
}
