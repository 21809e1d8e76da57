locals {
  # No aws:SourceArn or aws:SourceAccount here: Lambda does not promise to send
  # them when it assumes an execution role, and a role that cannot be assumed
  # is a dead responder. iam:PassRole is what guards this trust.
  # https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
  trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LambdaAssumesRole"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

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

  # One statement per purpose, each needed by a call of the function or by
  # Lambda on its behalf; with each, when it is needed.
  role_statements = [
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
    [true, {
      # The last part of a parameter's name is the hash of its value. While the
      # baseline changes, the old name is read and then the new one.
      Sid      = "ReadBaselines"
      Effect   = "Allow"
      Action   = "ssm:GetParameter"
      Resource = [for b in var.baselines : "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${b.parameter_path}/*"]
    }],
    [true, {
      # The event history has no ARN to name, so the region is the narrowest limit.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html
      Sid       = "AttributeChanges"
      Effect    = "Allow"
      Action    = "cloudtrail:LookupEvents"
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = local.region } }
    }],
    [true, {
      Sid      = "RememberIncidents"
      Effect   = "Allow"
      Action   = "dynamodb:PutItem"
      Resource = local.table_arn
    }],
    [true, {
      Sid      = "PublishNotices"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = var.topic_arn
    }],
    [var.topic_kms_key_arn != null, {
      # SNS encrypts with the publisher's permissions, and only SNS may ask.
      Sid       = "EncryptNotices"
      Effect    = "Allow"
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = var.topic_kms_key_arn
      Condition = { StringEquals = { "kms:ViaService" = "sns.${local.region}.${local.dns_suffix}" } }
    }],
    [true, {
      # Lambda writes the log with the role's permissions. It does not create
      # the group, so that a deleted group is not silently remade without key.
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${local.log_group_arn}:log-stream:*"
    }],
    [true, {
      # Lambda sends failed events with the role's permissions.
      Sid      = "SendDeadLetters"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = local.queue_arn
    }],
  ]

  role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in local.role_statements : statement[1] if statement[0]]
  })
}

resource "aws_iam_role" "responder" {
  name               = local.role_name
  description        = "What the Trailkeeper responder may do"
  assume_role_policy = local.trust_policy
  tags               = var.tags
}

resource "aws_iam_role_policy" "responder" {
  name   = local.role_name
  role   = aws_iam_role.responder.name
  policy = local.role_policy
}
