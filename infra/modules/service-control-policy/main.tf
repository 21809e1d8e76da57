data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition

  # Whoever takes a name that is exempt is exempt. So the same ARNs are among
  # what nobody else may make or change. StackSets makes its own roles with a
  # service-linked one, which no such policy binds.
  # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#scp-effects-not-affected
  operators = concat(["arn:${local.partition}:iam::*:role/stacksets-exec-*"], var.exempt_principals)

  # Those that heal. The name of the responder's role is let through only where
  # there is a responder: elsewhere it is one more name for an attacker to take.
  healers = concat(
    ["arn:${local.partition}:iam::*:role/${var.name}-remediation"],
    [for account in var.member_responders ? ["*"] : var.hub_account_id[*] : "arn:${local.partition}:iam::${account}:role/${var.name}-responder"],
  )

  trails = [for name in distinct(var.trail_names) : "cloudtrail:*:*:trail/${name}"]

  # What Trailkeeper itself does, and nobody else may.
  guarded = {
    trails = {
      actions = [
        "cloudtrail:AddTags",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:PutInsightSelectors",
        "cloudtrail:RemoveTags",
        "cloudtrail:UpdateTrail",
      ]
      resources = local.trails
    }
    # Whoever can write here can silence a notice.
    incidents = {
      actions = [
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:PartiQL*",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
      ]
      resources = ["dynamodb:*:*:table/${var.name}-incidents"]
    }
  }

  # What Trailkeeper consists of: only those who deploy it may touch it. Actions
  # end in * where all that begin so are changes.
  machinery = {
    # No healing needs these, so a stolen session of a healer must not have them.
    trails = {
      actions   = ["cloudtrail:DeleteTrail", "cloudtrail:PutEventConfiguration", "cloudtrail:StopLogging"]
      resources = local.trails
    }
    # Nothing runs or records in a region that is switched off.
    region = {
      actions   = ["account:DisableRegion"]
      resources = ["account::*:account"]
    }
    roles = {
      # iam:PassRole: other code must not run with the responder's role.
      actions = [
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRole*",
        "iam:DetachRolePolicy",
        "iam:PassRole",
        "iam:PutRole*",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole*",
      ]
      resources = concat(
        [for role in ["remediation", "responder", "sweep", "forwarding-*"] : "iam::*:role/${var.name}-${role}"],
        [for arn in local.operators : trimprefix(arn, "arn:${local.partition}:")],
      )
    }
    rules = {
      actions   = ["events:DeleteRule", "events:DisableRule", "events:Put*", "events:RemoveTargets"]
      resources = ["events:*:*:rule/${var.name}-forwarding", "events:*:*:rule/${var.name}-trail-changes"]
    }
    queues = {
      actions   = ["sqs:AddPermission", "sqs:Delete*", "sqs:PurgeQueue", "sqs:RemovePermission", "sqs:SetQueueAttributes"]
      resources = ["sqs:*:*:${var.name}-*dead-letters"]
    }
    # Of the responder in the member: where there is none, nothing matches.
    function = {
      # Not lambda:Invoke*: the schedule's role needs it.
      actions = [
        "lambda:AddPermission",
        "lambda:Create*",
        "lambda:Delete*",
        "lambda:Put*",
        "lambda:RemovePermission",
        "lambda:Update*",
      ]
      resources = ["lambda:*:*:function:${var.name}-responder*"]
    }
    schedule = {
      actions   = ["scheduler:Create*", "scheduler:Delete*", "scheduler:Update*"]
      resources = ["scheduler:*:*:schedule*/${var.name}", "scheduler:*:*:schedule/${var.name}/*"]
    }
    table = {
      actions   = ["dynamodb:DeleteResourcePolicy", "dynamodb:DeleteTable", "dynamodb:PutResourcePolicy", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive"]
      resources = ["dynamodb:*:*:table/${var.name}-incidents"]
    }
    parameters = {
      actions   = ["ssm:DeleteParameter*", "ssm:PutParameter"]
      resources = ["ssm:*:*:parameter/trailkeeper/${var.name}/*"]
    }
    log_group = {
      actions = [
        "logs:AssociateKmsKey",
        "logs:Delete*",
        "logs:DisassociateKmsKey",
        "logs:PutDataProtectionPolicy",
        "logs:PutRetentionPolicy",
        "logs:PutSubscriptionFilter",
      ]
      resources = ["logs:*:*:log-group:/aws/lambda/${var.name}-responder*"]
    }
    # A mute rule is asked for on each alarm that it mutes too.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html
    alarms = {
      actions = [
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DisableAlarmActions",
        "cloudwatch:PutAlarmMuteRule",
        "cloudwatch:PutCompositeAlarm",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:SetAlarmState",
      ]
      resources = ["cloudwatch:*:*:alarm:${var.name}-*"]
    }
    # A stack can be changed with the role it was made with.
    stacks = {
      actions = [
        "cloudformation:Cancel*",
        "cloudformation:Continue*",
        "cloudformation:Create*",
        "cloudformation:Delete*",
        "cloudformation:Execute*",
        "cloudformation:Rollback*",
        "cloudformation:Set*",
        "cloudformation:Update*",
      ]
      resources = ["cloudformation:*:*:stack/StackSet-${var.name}*"]
    }
  }

  # Actions and resources of different services can stand in one statement:
  # an action matches resources of its own kind only. That keeps it short.
  content = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTrailkeeperChanges"
        Effect    = "Deny"
        Action    = flatten(values(local.guarded)[*].actions)
        Resource  = [for arn in flatten(values(local.guarded)[*].resources) : "arn:${local.partition}:${arn}"]
        Condition = { ArnNotLike = { "aws:PrincipalArn" = concat(local.healers, local.operators) } }
      },
      {
        Sid       = "OnlyOperatorsStopOrChange"
        Effect    = "Deny"
        Action    = flatten(values(local.machinery)[*].actions)
        Resource  = [for arn in flatten(values(local.machinery)[*].resources) : "arn:${local.partition}:${arn}"]
        Condition = { ArnNotLike = { "aws:PrincipalArn" = local.operators } }
      },
      {
        # An account that leaves, or is closed, takes its trail out of reach. The
        # management account can still remove and close it. A member that accepts
        # another organisation's invitation leaves this one, and has nothing else
        # to accept.
        # https://docs.aws.amazon.com/organizations/latest/APIReference/API_AcceptHandshake.html
        Sid      = "StayInOrganization"
        Effect   = "Deny"
        Action   = ["account:CloseAccount", "organizations:AcceptHandshake", "organizations:LeaveOrganization"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_organizations_policy" "this" {
  name        = "${var.name}-guard"
  description = "Keeps account administrators off the trails that Trailkeeper guards, and off Trailkeeper"
  type        = "SERVICE_CONTROL_POLICY"
  content     = local.content
  tags        = var.tags

  lifecycle {
    precondition {
      condition     = length(local.content) <= 5120
      error_message = "The policy has ${length(local.content)} characters, and Organizations takes 5120 at most. Name fewer trails or exempt principals; * can stand for parts of a role's name."
    }

    precondition {
      condition     = alltrue([for arn in var.exempt_principals : split(":", arn)[1] == local.partition])
      error_message = "Every ARN in exempt_principals must be of the partition ${local.partition}."
    }
  }
}

resource "aws_organizations_policy_attachment" "this" {
  for_each = toset(var.targets)

  policy_id = aws_organizations_policy.this.id
  target_id = each.value
}
