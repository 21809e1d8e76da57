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

  # What heals, reads back and attributes the trails; the same in every role that
  # heals one: modules/healing-policy.
  healing_statements = module.healing_policy.statements

  # The rest of the role: one statement per purpose, each needed by a call of the
  # function or by Lambda on its behalf; with each, when it is needed.
  own_statements = [
    [true, {
      # Of trails, of what belongs to them, and of the parts. The last part of a parameter's
      # name is the hash of its value. While one changes, the old name is read and then the
      # new one.
      Sid      = "ReadBaselines"
      Effect   = "Allow"
      Action   = "ssm:GetParameter"
      Resource = local.readable["responder"]
    }],
    [true, {
      # Read and updated are the groups of incidents, what break-glass leaves alone, and which findings are open.
      Sid      = "RememberIncidents"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      Resource = local.table_arn
    }],
    [true, {
      Sid      = "PublishNotices"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = var.topic_arn
    }],
    [var.chat_topic_arn != null, {
      Sid      = "PublishToChats"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = var.chat_topic_arn
    }],
    [var.security_hub, {
      # The account's own product: what it imports is about this account.
      Sid      = "ReportFindings"
      Effect   = "Allow"
      Action   = "securityhub:BatchImportFindings"
      Resource = "arn:${local.partition}:securityhub:${local.region}:${local.account}:product/${local.account}/default"
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

  # With the parts, below what all names of this deployment begin with: an ARN for each
  # trail beside that would leave little room for trails.
  own_path = "/trailkeeper/${var.name}/"
  readable = { for key, baselines in { responder = local.all_baselines, understudy = var.baselines } : key => [
    for path in distinct(concat(
      [for b in baselines : var.guard_responder && startswith(b.parameter_path, local.own_path) ? local.own_path : "${b.parameter_path}/"],
      var.guard_responder ? [local.own_path] : [],
    )) : "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${path}*"
  ] }

  # Of all inline policies of a role; jsonencode writes no white space, which would not count.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  role_policy_limit  = 10240
  role_policy_advice = "Protect fewer trails with this responder: name fewer in baselines (of the root module: existing_trails), or guard less of them, or use a second responder of another name. A shorter name, no containment and guard_responder = false make it smaller too."

  role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.healing_statements,
      [for statement in local.own_statements : statement[1] if statement[0]],
      local.guard_statements,
      local.hub_statements,
      local.containment_statements,
    )
  })
}

module "healing_policy" {
  source = "../healing-policy"

  baselines = var.baselines
  evidence  = var.evidence
  mode      = var.mode
  account   = local.account
}

resource "aws_iam_role" "responder" {
  name                 = local.role_name
  description          = "What the Trailkeeper responder may do"
  assume_role_policy   = local.trust_policy
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  # What is declared of it comes first: support.tf.
  depends_on = [aws_ssm_parameter.guard]
}

resource "aws_iam_role_policy" "responder" {
  name   = local.role_name
  role   = aws_iam_role.responder.name
  policy = local.role_policy

  lifecycle {
    precondition {
      condition     = length(local.role_policy) <= local.role_policy_limit
      error_message = "The role's policy would have ${length(local.role_policy)} characters, and IAM takes ${local.role_policy_limit} at most. ${local.role_policy_advice}"
    }
  }
}
