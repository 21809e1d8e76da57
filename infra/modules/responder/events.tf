locals {
  foreign_region_arns = [for arn in local.trail_arns : arn if split(":", arn)[3] != local.region]
  # The management account owns an organisation's trail, and a delegated
  # administrator may change it from its own account.
  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
  foreign_account_arns = [for b in var.baselines : b.trail_arn if split(":", b.trail_arn)[4] != local.account && !b.is_organization_trail]
}

module "event_pattern" {
  source = "../event-pattern"

  evidence = var.evidence
  responder = var.guard_responder ? {
    name      = var.name
    functions = trimsuffix(local.function_arn, local.function_name)
    topic     = var.topic_evidence
  } : null
}

resource "aws_cloudwatch_event_rule" "trail_changes" {
  name          = local.rule_name
  description   = local.rules["trail"].description
  event_pattern = jsonencode(local.rules["trail"].pattern)
  tags          = var.tags

  lifecycle {
    precondition {
      condition     = length(local.foreign_region_arns) == 0
      error_message = "A trail is changed in its home region only, and its events arrive there; but this module is deployed in ${local.region}. Deploy it in the home region of: ${join(", ", local.foreign_region_arns)}."
    }

    precondition {
      condition     = length(local.foreign_account_arns) == 0
      error_message = "Only the account that owns a trail can heal it, and this module is deployed in ${local.account}. Deploy it in the account of: ${join(", ", local.foreign_account_arns)}. A delegated administrator can heal the organisation's trail from another account if its baseline says is_organization_trail = true."
    }
  }

  # A trail of the same configuration exists before its trigger, and on destroy
  # the trigger goes first: its removal by Terraform is never answered. It is changed
  # after the function was told what it is to be.
  depends_on = [var.trails_ready, aws_lambda_function.responder, aws_lambda_function.understudy]
}

resource "aws_cloudwatch_event_target" "responder" {
  rule      = aws_cloudwatch_event_rule.trail_changes.name
  target_id = local.target_id
  arn       = aws_lambda_function.responder.arn

  retry_policy {
    maximum_event_age_in_seconds = local.target_retries.maximum_event_age_in_seconds
    maximum_retry_attempts       = local.target_retries.maximum_retry_attempts
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  # Events flow only once everything behind the rule is ready. The trails are
  # named for the same reason as above.
  depends_on = [
    var.trails_ready,
    aws_lambda_permission.rule,
    aws_lambda_function_event_invoke_config.responder,
    aws_sqs_queue_policy.dead_letters,
  ]
}

resource "aws_lambda_permission" "rule" {
  statement_id  = local.rules["trail"].sid
  function_name = aws_lambda_function.responder.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.trail_changes.arn
}
