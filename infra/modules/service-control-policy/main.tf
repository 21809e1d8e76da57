data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition

  # Whoever takes a name that is exempt is exempt. So the same ARNs are among
  # what nobody else may make or change. StackSets makes its own roles with a
  # service-linked one, which no such policy binds.
  # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#scp-effects-not-affected
  operators = concat(["iam::*:role/stacksets-exec-*"], [for arn in var.exempt_principals : trimprefix(arn, "arn:${local.partition}:")])

  # Trailkeeper's own roles. Those of the responder, and of its understudy by the *, are
  # let through only where there is one: elsewhere they are more names for an attacker
  # to take. Nobody else makes a role of such a name: all that begin so are guarded below.
  trailkeeper = concat(
    ["iam::*:role/${var.name}-remediation"],
    [
      for pair in setproduct(var.member_responders ? ["*"] : var.hub_account_id[*], ["responder*", "sweep*"]) :
      "iam::${pair[0]}:role/${var.name}-${pair[1]}"
    ],
  )

  # A trail's name stands for its ARN in every account and region.
  trails = concat(
    [for name in distinct(var.trail_names) : "cloudtrail:*:*:trail/${name}"],
    [for arn in distinct(var.guarded_trail_arns) : trimprefix(arn, "arn:${local.partition}:") if !contains(var.trail_names, split("/", arn)[1])],
  )

  function = "lambda:*:*:function:${var.name}-responder*"

  # What Trailkeeper itself does, and nobody else may.
  guarded = {
    trails = {
      actions   = ["cloudtrail:AddTags", "cloudtrail:Put*", "cloudtrail:RemoveTags", "cloudtrail:UpdateTrail"]
      resources = local.trails
    }
    # Whoever can write here can silence a notice, or lengthen break-glass.
    incidents = {
      actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = ["dynamodb:*:*:table/${var.name}-incidents"]
    }
    # Whoever invokes it can forge events and take all its runs. The schedule's role
    # may; EventBridge is no principal of an account, so it is not bound.
    function = {
      actions   = ["lambda:Invoke*"]
      resources = [local.function]
    }
    # Whoever takes a message keeps accounts from being swept. Of the hub only: Lambda
    # takes them with the responder's role.
    sweep_queue = {
      actions   = var.hub_account_id == null ? [] : local.queue_actions
      resources = [for account in var.hub_account_id[*] : "sqs:*:${account}:${var.name}-sweep-accounts"]
    }
  }

  # What Trailkeeper consists of: only those who deploy it may touch it. Actions
  # end in * where all that begin so, on such a resource, are changes; nowhere else,
  # because not every partition's policies take it there.
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
        "iam:AttachRole*",
        "iam:CreateRole",
        "iam:DeleteRole*",
        "iam:DetachRole*",
        "iam:PassRole",
        "iam:PutRole*",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssume*",
        "iam:UpdateRole*",
      ]
      resources = concat(["iam::*:role/${var.name}-*"], local.operators)
    }
    # A permissions boundary is as good as the policy of the role.
    policies = {
      actions   = ["iam:CreatePolicy*", "iam:DeletePolicy*", "iam:SetDefault*"]
      resources = ["iam::*:policy/${var.name}-*"]
    }
    rules = {
      actions   = ["events:Delete*", "events:Disable*", "events:Put*", "events:Remove*"]
      resources = ["events:*:*:rule/${var.name}-*"]
    }
    queues = {
      actions   = local.queue_actions
      resources = ["sqs:*:*:${var.name}-*dead-letters"]
    }
    # Of the responder in the member: where there is none, nothing matches.
    function = {
      actions   = ["lambda:Add*", "lambda:Create*", "lambda:Delete*", "lambda:Put*", "lambda:Remove*", "lambda:Update*"]
      resources = [local.function]
    }
    # Of the responder, and of its understudy in a group beside it.
    schedule = {
      actions   = ["scheduler:Create*", "scheduler:Delete*", "scheduler:Update*"]
      resources = ["scheduler:*:*:schedule-group/${var.name}*", "scheduler:*:*:schedule/${var.name}*/*"]
    }
    # The responder only puts and updates items.
    table = {
      actions   = ["dynamodb:BatchWrite*", "dynamodb:Delete*", "dynamodb:PartiQL*", "dynamodb:PutResource*", "dynamodb:UpdateC*", "dynamodb:UpdateG*", "dynamodb:UpdateK*", "dynamodb:UpdateT*"]
      resources = ["dynamodb:*:*:table/${var.name}-incidents"]
    }
    parameters = {
      actions   = ["ssm:Delete*", "ssm:Put*"]
      resources = ["ssm:*:*:parameter/trailkeeper/${var.name}/*"]
    }
    log_group = {
      actions   = local.log_group_actions
      resources = ["logs:*:*:log-group:/aws/lambda/${var.name}-responder*"]
    }
    # A mute rule is asked for on each alarm that it mutes too.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html
    alarms = {
      actions   = ["cloudwatch:Delete*", "cloudwatch:Disable*", "cloudwatch:Put*", "cloudwatch:Set*"]
      resources = ["cloudwatch:*:*:alarm:${var.name}-*"]
    }
    # A stack can be changed with the role it was made with.
    stacks = {
      actions = [
        "cloudformation:C*",
        "cloudformation:Delete*",
        "cloudformation:Execute*",
        "cloudformation:Rollback*",
        "cloudformation:Set*",
        "cloudformation:Update*",
      ]
      resources = ["cloudformation:*:*:stack/StackSet-${var.name}*"]
    }
    # Where the logs are. Nobody has to write there: CloudTrail itself is not bound.
    evidence = {
      actions = flatten([
        for service, actions in local.evidence_actions : actions if contains(local.evidence[*].service, service)
      ])
      resources = flatten([for item in local.evidence : [item.arn, item.within]])
    }
  }

  # A message that somebody reads is out of sight, and so of the alarm that counts it.
  queue_actions = [
    "sqs:AddPermission",
    "sqs:Change*",
    "sqs:Delete*",
    "sqs:PurgeQueue",
    "sqs:Receive*",
    "sqs:Remove*",
    "sqs:Set*",
    "sqs:StartMessage*",
  ]
  # Not Put*: the responder writes its log.
  log_group_actions = [
    "logs:Associate*",
    "logs:Delete*",
    "logs:Disassociate*",
    "logs:PutDataProtection*",
    "logs:PutRetention*",
    "logs:PutSubscription*",
  ]

  evidence = [
    for arn in distinct(var.evidence_arns) : {
      service = split(":", arn)[2]
      arn     = trimprefix(arn, "arn:${local.partition}:")
      # Objects in the bucket, streams in the log group.
      within = [for end in { kms = [], logs = [":*"], s3 = ["/*"] }[split(":", arn)[2]] : "${trimprefix(arn, "arn:${local.partition}:")}${end}"]
    }
  ]
  evidence_actions = {
    kms  = ["kms:Delete*", "kms:Disable*", "kms:PutKeyPolicy", "kms:ScheduleKey*"]
    logs = local.log_group_actions
    s3   = ["s3:Bypass*", "s3:CreateBucket", "s3:Delete*", "s3:Put*", "s3:Replicate*", "s3:Update*"]
  }

  # A partition that is left open opens nothing, as an account is in one only, and
  # is shorter.
  content = jsonencode({
    Version = "2012-10-17"
    # Actions and resources of different services can stand in one statement:
    # an action matches resources of its own kind only. That keeps it short.
    Statement = [
      {
        Sid       = "OnlyTrailkeeperChanges"
        Effect    = "Deny"
        Action    = flatten(values(local.guarded)[*].actions)
        Resource  = [for arn in flatten(values(local.guarded)[*].resources) : "arn:*:${arn}"]
        Condition = { ArnNotLike = { "aws:PrincipalArn" = [for arn in concat(local.trailkeeper, local.operators) : "arn:*:${arn}"] } }
      },
      {
        Sid       = "OnlyOperatorsStopOrChange"
        Effect    = "Deny"
        Action    = distinct(flatten(values(local.machinery)[*].actions))
        Resource  = [for arn in flatten(values(local.machinery)[*].resources) : "arn:*:${arn}"]
        Condition = { ArnNotLike = { "aws:PrincipalArn" = [for arn in local.operators : "arn:*:${arn}"] } }
      },
      {
        # Invoking by another way: from a queue or stream. A mapping has no name, so
        # the function is named in the condition. The hub has one, for its sweep queue.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
        Sid      = "NobodyMaps"
        Effect   = "Deny"
        Action   = ["lambda:CreateEventSource*", "lambda:UpdateEventSource*"]
        Resource = "*"
        Condition = merge(
          { ArnLike = { "lambda:FunctionArn" = "arn:*:${local.function}" } },
          [for account in var.hub_account_id[*] : { StringNotEquals = { "aws:PrincipalAccount" = account } }]...
        )
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
  count = var.targets == null ? 0 : 1

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
      condition     = alltrue([for arn in concat(var.exempt_principals, var.guarded_trail_arns, var.evidence_arns) : split(":", arn)[1] == local.partition])
      error_message = "Every ARN in exempt_principals, guarded_trail_arns and evidence_arns must be of the partition ${local.partition}."
    }
  }
}

resource "aws_organizations_policy_attachment" "this" {
  for_each = toset(coalesce(var.targets, []))

  policy_id = aws_organizations_policy.this[0].id
  target_id = each.value
}

resource "aws_organizations_policy" "surroundings" {
  count = var.targets == null ? 0 : 1

  name        = "${var.name}-guard-surroundings"
  description = "Keeps account administrators off the topics, keys, buckets and buses that Trailkeeper needs"
  type        = "SERVICE_CONTROL_POLICY"
  content     = local.surroundings_content
  tags        = var.tags

  lifecycle {
    precondition {
      condition     = length(local.surroundings_content) <= 5120
      error_message = "The second policy has ${length(local.surroundings_content)} characters, and Organizations takes 5120 at most. Name fewer exempt principals; * can stand for parts of a role's name."
    }
  }
}

resource "aws_organizations_policy_attachment" "surroundings" {
  for_each = toset(coalesce(var.targets, []))

  policy_id = aws_organizations_policy.surroundings[0].id
  target_id = each.value
}

# One policy was all there was.
moved {
  from = aws_organizations_policy.this
  to   = aws_organizations_policy.this[0]
}
