# The understudy: the same package as a second function, with a role and a schedule of
# its own. Nobody sends it events. It sweeps, so that whoever takes the responder's
# function, role, concurrency or schedule still finds the trails restarted and is told of.
locals {
  # A hub without a trail of its own has nothing that an understudy could sweep: for its
  # members, their own responders are the second ones.
  understudy = var.understudy && length(var.baselines) > 0

  understudy_name           = "${local.function_name}-understudy"
  understudy_schedule_name  = "${local.schedule_name}-understudy"
  understudy_schedule_group = "${var.name}-understudy"
  understudy_log_group_name = "/aws/lambda/${local.understudy_name}"
  understudy_arn            = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.understudy_name}"
  understudy_log_group_arn  = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${local.understudy_log_group_name}"
  understudy_schedule_arn   = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule/${local.understudy_schedule_group}/${local.understudy_schedule_name}"
  understudy_group_arn      = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule-group/${local.understudy_schedule_group}"

  understudy_schedule_description = "Compares every protected trail with its baseline, should the responder not"

  understudy_timeout = 60
  # One run at a time is enough for sweeps; where nothing can be reserved, nothing is.
  understudy_concurrency = coalesce(var.reserved_concurrency, -1) == -1 ? -1 : 1
  # The next sweep does the same.
  understudy_retries = { attempts = 2, age = max(60, var.sweep_interval_minutes * 60) }

  # What both have.
  own_role_arns  = concat([local.role_arn], local.understudy_role_arns)
  log_group_arns = concat([local.log_group_arn], local.understudy ? [local.understudy_log_group_arn] : [])

  # Written out, so that a plan can measure the responder's environment.
  understudy_role_arns       = local.understudy ? ["arn:${local.partition}:iam::${local.account}:role/${local.understudy_name}"] : []
  understudy_sweep_role_arns = local.understudy ? ["arn:${local.partition}:iam::${local.account}:role/${local.understudy_schedule_name}"] : []

  # The responder's but for the two roles, without members, and without containment:
  # who is limited is decided in one place. It is never larger than that, so it is not
  # measured.
  understudy_environment = merge(
    { for name, value in local.environment : name => value if !contains(keys(local.hub_environment), name) },
    {
      TRAILKEEPER_ROLE_ARN    = join("", local.understudy_role_arns)
      TRAILKEEPER_PEER_ROLES  = join(",", distinct(concat([local.role_arn], var.peer_roles)))
      TRAILKEEPER_CONTAINMENT = ""
    },
  )

  # What the responder may do for the account's own trails, but for its log.
  understudy_resources = {
    ReadBaselines = local.readable["understudy"]
    WriteLogs     = "${local.understudy_log_group_arn}:log-stream:*"
  }
  understudy_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.healing_statements,
      [
        for statement in local.own_statements :
        merge(statement[1], [for sid, resource in local.understudy_resources : { Resource = resource } if sid == statement[1].Sid]...)
        if statement[0]
      ],
      # It looks after the responder's parts too: what the responder cannot see any more, or
      # cannot put back, such as the responder's own concurrency.
      local.guard_statements,
    )
  })
}

resource "aws_iam_role" "understudy" {
  count = local.understudy ? 1 : 0

  name                 = local.understudy_name
  description          = "What the Trailkeeper responder's understudy may do"
  assume_role_policy   = local.trust_policy
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  # What is declared of it comes first: support.tf.
  depends_on = [aws_ssm_parameter.guard]
}

resource "aws_iam_role_policy" "understudy" {
  count = local.understudy ? 1 : 0

  name   = local.understudy_name
  role   = aws_iam_role.understudy[0].name
  policy = local.understudy_role_policy

  lifecycle {
    precondition {
      condition     = length(local.understudy_role_policy) <= local.role_policy_limit
      error_message = "The policy of the understudy's role would have ${length(local.understudy_role_policy)} characters, and IAM takes ${local.role_policy_limit} at most. ${local.role_policy_advice} So does understudy = false."
    }
  }
}

resource "aws_cloudwatch_log_group" "understudy" {
  count = local.understudy ? 1 : 0

  name              = local.understudy_log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
  tags              = var.tags

  # What is declared of it comes first: support.tf.
  depends_on = [aws_ssm_parameter.guard]
}

resource "aws_lambda_function" "understudy" {
  #checkov:skip=CKV_AWS_50:As with the responder: tracing would add a permission and work.
  #checkov:skip=CKV_AWS_116:As with the responder: failures go to the queue through aws_lambda_function_event_invoke_config.
  #checkov:skip=CKV_AWS_117:As with the responder: it talks to AWS APIs only.
  #checkov:skip=CKV_AWS_173:As with the responder: the environment holds names and no secret.
  #checkov:skip=CKV_AWS_272:As with the responder: the package is pinned by its SHA-256.
  count = local.understudy ? 1 : 0

  function_name    = local.understudy_name
  description      = "Sweeps the trails beside the Trailkeeper responder"
  role             = aws_iam_role.understudy[0].arn
  runtime          = local.runtime
  handler          = local.handler
  architectures    = local.architectures
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  timeout          = local.understudy_timeout
  memory_size      = var.memory_size
  tags             = var.tags

  reserved_concurrent_executions = local.understudy_concurrency

  environment {
    variables = merge({ for name, value in local.understudy_environment : name => value if value != "" }, local.guard_environment)
  }

  logging_config {
    log_format            = local.logging.format
    log_group             = aws_cloudwatch_log_group.understudy[0].name
    application_log_level = local.logging.level
    system_log_level      = local.logging.system_level
  }

  ephemeral_storage {
    size = local.storage
  }

  depends_on = [aws_iam_role_policy.understudy]
}

resource "aws_lambda_function_event_invoke_config" "understudy" {
  count = local.understudy ? 1 : 0

  function_name                = aws_lambda_function.understudy[0].function_name
  maximum_retry_attempts       = local.understudy_retries.attempts
  maximum_event_age_in_seconds = local.understudy_retries.age

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }
}

resource "aws_iam_role" "understudy_sweep" {
  count = local.understudy ? 1 : 0

  name                 = local.understudy_schedule_name
  description          = "Lets the schedule ${local.understudy_schedule_name} invoke the Trailkeeper responder's understudy"
  assume_role_policy   = local.sweep_trust_policies["understudy"]
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  # What is declared of it comes first: support.tf.
  depends_on = [aws_ssm_parameter.guard]
}

resource "aws_iam_role_policy" "understudy_sweep" {
  count = local.understudy ? 1 : 0

  name   = local.understudy_schedule_name
  role   = aws_iam_role.understudy_sweep[0].name
  policy = local.sweep_role_policies["understudy"]
}

resource "aws_scheduler_schedule_group" "understudy" {
  count = local.understudy ? 1 : 0

  name = local.understudy_schedule_group
  tags = var.tags
}

resource "aws_scheduler_schedule" "understudy" {
  #checkov:skip=CKV_AWS_297:As with the responder's sweep: the input is no secret.
  count = local.understudy ? 1 : 0

  name        = local.understudy_schedule_name
  group_name  = aws_scheduler_schedule_group.understudy[0].name
  description = local.understudy_schedule_description

  schedule_expression = local.schedule_expression

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.understudy[0].arn
    role_arn = aws_iam_role.understudy_sweep[0].arn
    input    = local.schedule_input

    retry_policy {
      maximum_event_age_in_seconds = local.schedule_retries.maximum_event_age_in_seconds
      maximum_retry_attempts       = local.schedule_retries.maximum_retry_attempts
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }

  # As with the responder's sweep; and on destroy it goes before the responder's parts,
  # which it would put back.
  depends_on = [
    var.trails_ready,
    aws_cloudwatch_event_target.guard_rule,
    aws_iam_role_policy.understudy_sweep,
    aws_lambda_function_event_invoke_config.understudy,
    aws_sqs_queue_policy.dead_letters,
  ]
}
