data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account    = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  region     = data.aws_region.current.id

  # Names are fixed here so that policies can name things before they exist.
  function_name  = "${var.name}-responder"
  role_name      = "${var.name}-responder"
  log_group_name = "/aws/lambda/${local.function_name}"
  queue_name     = "${var.name}-dead-letters"
  rule_name      = "${var.name}-trail-changes"
  table_name     = "${var.name}-incidents"
  schedule_name  = "${var.name}-sweep"
  schedule_group = var.name

  role_arn      = "arn:${local.partition}:iam::${local.account}:role/${local.role_name}"
  function_arn  = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.function_name}"
  log_group_arn = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${local.log_group_name}"
  queue_arn     = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.queue_name}"
  rule_arn      = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${local.rule_name}"
  table_arn     = "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${local.table_name}"

  trail_arns = [for baseline in var.baselines : baseline.trail_arn]

  evidence = [for thing in var.evidence : merge(
    { arn = thing.arn, trail_arn = thing.trail_arn, parameter = thing.parameter_name },
    thing.alias == null ? {} : { alias = thing.alias },
  )]

  environment = merge(local.hub_environment, {
    TRAILKEEPER_TRAILS            = join(",", [for baseline in var.baselines : "${baseline.trail_arn}=${baseline.parameter_name}"])
    TRAILKEEPER_EVIDENCE          = length(var.evidence) > 0 ? jsonencode(local.evidence) : ""
    TRAILKEEPER_TOPIC_ARN         = var.topic_arn
    TRAILKEEPER_CHAT_TOPIC_ARN    = var.chat_topic_arn == null ? "" : var.chat_topic_arn
    TRAILKEEPER_SECURITY_HUB      = var.security_hub ? "true" : ""
    TRAILKEEPER_MODE              = var.mode
    TRAILKEEPER_ROLE_ARN          = local.role_arn
    TRAILKEEPER_INCIDENTS_TABLE   = local.table_name
    TRAILKEEPER_CHANGE_PRINCIPALS = join(",", distinct(var.change_principals))
    TRAILKEEPER_PEER_ROLES        = join(",", distinct(concat(local.understudy_role_arns, var.peer_roles)))
    TRAILKEEPER_BREAK_GLASS       = length(var.break_glass) > 0 ? jsonencode(var.break_glass) : ""
    TRAILKEEPER_CONTAINMENT       = var.containment == null ? "" : jsonencode(merge(var.containment, { exempt = concat(local.own_parts, var.containment.exempt) }))
  })

  runtime = "provided.al2023"
  handler = "bootstrap"
  # The instruction set, megabytes of /tmp, and what the function logs. The level is not a
  # choice: Lambda takes metric lines for INFO and would drop them above it.
  architectures = [var.architecture]
  storage       = 512
  logging       = { format = "JSON", level = "INFO", system_level = "INFO" }
  # A hub lists and looks at all accounts in one run.
  timeout = local.is_hub ? 300 : 60
}

resource "aws_lambda_function" "responder" {
  #checkov:skip=CKV_AWS_50:Tracing would add a permission and work to the path that must be fast. Logs and metrics carry the timing.
  #checkov:skip=CKV_AWS_116:Asynchronous failures go to the same queue through aws_lambda_function_event_invoke_config, which also keeps the error.
  #checkov:skip=CKV_AWS_117:The function talks to AWS APIs only. A VPC would add endpoints and NAT that can fail or be cut off.
  #checkov:skip=CKV_AWS_173:The environment holds names and no secret. A customer key would let anyone who disables it stop the responder.
  #checkov:skip=CKV_AWS_272:The package is pinned by its SHA-256. A signing profile needs a bucket and a release process outside this module.
  function_name    = local.function_name
  description      = "Keeps CloudTrail trails as Terraform declared them"
  role             = aws_iam_role.responder.arn
  runtime          = local.runtime
  handler          = local.handler
  architectures    = local.architectures
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  timeout          = local.timeout
  memory_size      = var.memory_size
  tags             = var.tags

  # -1 is how Lambda spells "no reservation".
  reserved_concurrent_executions = coalesce(var.reserved_concurrency, -1)

  environment {
    # Lambda refuses empty values.
    variables = merge({ for name, value in local.environment : name => value if value != "" }, local.guard_environment)
  }

  logging_config {
    log_format            = local.logging.format
    log_group             = aws_cloudwatch_log_group.responder.name
    application_log_level = local.logging.level
    system_log_level      = local.logging.system_level
  }

  ephemeral_storage {
    size = local.storage
  }

  lifecycle {
    precondition {
      condition     = split(":", var.topic_arn)[3] == local.region
      error_message = "CloudWatch alarms notify topics of their own region only, and this module is deployed in ${local.region}. Use a topic of that region instead of ${var.topic_arn}."
    }

    precondition {
      condition     = var.chat_topic_arn == null ? true : split(":", var.chat_topic_arn)[3] == local.region
      error_message = "The function publishes in ${local.region} only. Use a topic of that region for chats."
    }

    precondition {
      condition     = local.environment_bytes <= local.environment_limit
      error_message = "The function's environment would have ${local.environment_bytes} bytes, and Lambda takes ${local.environment_limit} at most. Name fewer trails, one with {account} in its ARN stands for that trail in every account; or fewer change_principals, peer_roles, hub.excluded_accounts, break_glass entries or containment patterns."
    }
  }

  # A function without its permissions would fail on the first event. The table is named
  # and not referred to: what is declared of the function is to depend on nothing that is
  # made.
  depends_on = [aws_dynamodb_table.incidents, aws_iam_role_policy.responder]
}

resource "aws_lambda_function_event_invoke_config" "responder" {
  function_name                = aws_lambda_function.responder.function_name
  maximum_retry_attempts       = local.invocation_retries.attempts
  maximum_event_age_in_seconds = local.invocation_retries.age

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }
}

resource "aws_cloudwatch_log_group" "responder" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
  tags              = var.tags

  # What is declared of it comes first: support.tf.
  depends_on = [aws_ssm_parameter.guard]
}
