# What belongs to a trail has rules of its own: one for all would be too large.
locals {
  evidence_rule_names = { for thing in var.evidence : thing.kind => "${var.name}-${replace(thing.kind, "_", "-")}-changes" }
  evidence_rule_arns  = { for kind, name in local.evidence_rule_names : kind => "arn:${local.partition}:events:${local.region}:${local.account}:rule/${name}" }
}

resource "aws_cloudwatch_event_rule" "evidence" {
  for_each = local.evidence_rule_names

  name          = each.value
  description   = local.rules[each.key].description
  event_pattern = jsonencode(local.rules[each.key].pattern)
  tags          = var.tags

  # As with the trail's own rule.
  depends_on = [var.trails_ready, aws_lambda_function.responder, aws_lambda_function.understudy]
}

resource "aws_cloudwatch_event_target" "evidence" {
  for_each = local.evidence_rule_names

  rule      = aws_cloudwatch_event_rule.evidence[each.key].name
  target_id = local.target_id
  arn       = aws_lambda_function.responder.arn

  retry_policy {
    maximum_event_age_in_seconds = local.target_retries.maximum_event_age_in_seconds
    maximum_retry_attempts       = local.target_retries.maximum_retry_attempts
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  depends_on = [
    var.trails_ready,
    aws_lambda_permission.evidence,
    aws_lambda_function_event_invoke_config.responder,
    aws_sqs_queue_policy.dead_letters,
  ]
}

resource "aws_lambda_permission" "evidence" {
  for_each = local.evidence_rule_names

  statement_id  = local.rules[each.key].sid
  function_name = aws_lambda_function.responder.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.evidence[each.key].arn
}
