locals {
  schedule_group_arn = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule-group/${local.schedule_group}"

  # Of the responder, and of its understudy.
  swept = {
    responder  = { group_arn = local.schedule_group_arn, function_arn = local.function_arn }
    understudy = { group_arn = local.understudy_group_arn, function_arn = local.understudy_arn }
  }

  # The source must be the group: Scheduler does not name the schedule.
  # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
  sweep_trust_policies = { for key, swept in local.swept : key => jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "SchedulerAssumesRole"
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account
          "aws:SourceArn"     = swept.group_arn
        }
      }
    }]
  }) }

  sweep_role_policies = { for key, swept in local.swept : key => jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = key == "responder" ? "InvokeResponder" : "InvokeUnderstudy"
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = swept.function_arn
      },
      {
        # Scheduler sends what it could not deliver with the role's permissions.
        Sid      = "SendDeadLetters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = local.queue_arn
      },
    ]
  }) }
}

resource "aws_iam_role" "sweep" {
  name                 = local.schedule_name
  description          = "Lets the schedule ${local.schedule_name} invoke the Trailkeeper responder"
  assume_role_policy   = local.sweep_trust_policies["responder"]
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  # What is declared of it comes first: support.tf.
  depends_on = [aws_ssm_parameter.guard]
}

resource "aws_iam_role_policy" "sweep" {
  name   = local.schedule_name
  role   = aws_iam_role.sweep.name
  policy = local.sweep_role_policies["responder"]
}

resource "aws_scheduler_schedule_group" "sweep" {
  name = local.schedule_group
  tags = var.tags
}

# Events are delivered at best effort, and not at all while no trail logs. The
# sweep finds what no event told of.
resource "aws_scheduler_schedule" "sweep" {
  #checkov:skip=CKV_AWS_297:The input is no secret. A customer key would let anyone who disables it stop the sweep.
  name        = local.schedule_name
  group_name  = aws_scheduler_schedule_group.sweep.name
  description = local.schedule_description

  schedule_expression = local.schedule_expression

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.responder.arn
    role_arn = aws_iam_role.sweep.arn
    input    = local.schedule_input

    retry_policy {
      maximum_event_age_in_seconds = local.schedule_retries.maximum_event_age_in_seconds
      maximum_retry_attempts       = local.schedule_retries.maximum_retry_attempts
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }

  # As with the rule: the trails exist before, and on destroy the sweep ends first, before
  # the rules and targets that it would put back.
  depends_on = [
    var.trails_ready,
    aws_cloudwatch_event_target.evidence,
    aws_cloudwatch_event_target.member_changes,
    aws_cloudwatch_event_target.responder,
    aws_iam_role_policy.sweep,
    aws_lambda_function_event_invoke_config.responder,
    aws_sqs_queue_policy.dead_letters,
  ]
}
