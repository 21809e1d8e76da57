locals {
  # What Trailkeeper makes, by its names. Any region: the organisation's
  # modules reach the region of the global events too.
  arn = "arn:${local.partition}"
  resources = {
    trails       = ["${local.arn}:cloudtrail:*:${local.account}:trail/${var.name}", "${local.arn}:cloudtrail:*:${local.account}:trail/${var.name}-*"]
    buckets      = "${local.arn}:s3:::${var.name}-*"
    objects      = "${local.arn}:s3:::${var.name}-*/*"
    keys         = "${local.arn}:kms:*:${local.account}:key/*"
    aliases      = "${local.arn}:kms:*:${local.account}:alias/${var.name}-*"
    topics       = "${local.arn}:sns:*:${local.account}:${var.name}-*"
    queues       = "${local.arn}:sqs:*:${local.account}:${var.name}-*"
    functions    = "${local.arn}:lambda:*:${local.account}:function:${var.name}-*"
    mappings     = "${local.arn}:lambda:*:${local.account}:event-source-mapping:*"
    buses        = "${local.arn}:events:*:${local.account}:event-bus/${var.name}"
    rules        = ["${local.arn}:events:*:${local.account}:rule/${var.name}-*", "${local.arn}:events:*:${local.account}:rule/${var.name}/${var.name}-*"]
    groups       = [for group in ["", "-understudy"] : "${local.arn}:scheduler:*:${local.account}:schedule-group/${var.name}${group}"]
    schedules    = [for group in ["", "-understudy"] : "${local.arn}:scheduler:*:${local.account}:schedule/${var.name}${group}/${var.name}-*"]
    tables       = "${local.arn}:dynamodb:*:${local.account}:table/${var.name}-*"
    parameters   = "${local.arn}:ssm:*:${local.account}:parameter/trailkeeper/${var.name}/*"
    log_groups   = "${local.arn}:logs:*:${local.account}:log-group:/aws/lambda/${var.name}-*"
    alarms       = "${local.arn}:cloudwatch:*:${local.account}:alarm:${var.name}-*"
    roles        = "${local.arn}:iam::${local.account}:role/${var.name}-*"
    stack_sets   = ["${local.arn}:cloudformation:*:${local.account}:stackset/${var.name}-*:*", "${local.arn}:cloudformation:*:${local.account}:stackset-target/${var.name}-*:*/*", "${local.arn}:cloudformation:*::type/resource/*"]
    own_roles    = "${local.arn}:iam::${local.account}:role/${local.prefix}-*"
    own_policies = "${local.arn}:iam::${local.account}:policy/${local.prefix}-*"
  }

  # Keys have no names. A key is ours by its alias, and has none for a moment
  # while Terraform makes it.
  # https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
  key_is_ours = { "ForAnyValue:StringLike" = { "kms:ResourceAliases" = "alias/${var.name}-*" } }
  key_is_new  = { Null = { "kms:ResourceAliases" = "true" } }
}
