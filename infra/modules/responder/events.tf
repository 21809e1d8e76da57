locals {
  # No parameters and no error code: oversized calls lose the former, and
  # denied attempts carry the latter. The function looks at both. Each name
  # exists at one of the two services only, so one pattern holds all.
  event_pattern = jsonencode({
    source        = ["aws.cloudtrail", "aws.organizations"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    account       = [local.account]
    region        = [local.region]
    detail = {
      eventSource = ["cloudtrail.amazonaws.com", "organizations.amazonaws.com"]
      eventName = [
        # CloudTrail: what changes a trail.
        "StopLogging",
        "UpdateTrail",
        "DeleteTrail",
        "PutEventSelectors",
        "PutInsightSelectors",
        "AddTags",
        "RemoveTags",
        "CreateTrail",
        # CloudTrail: what is only reported.
        "DeregisterOrganizationDelegatedAdmin",
        "PutEventConfiguration",
        # Organizations: reported. They arrive in us-east-1 only.
        "DisableAWSServiceAccess",
        "DeregisterDelegatedAdministrator",
      ]
    }
  })

  foreign_region_arns  = [for arn in local.trail_arns : arn if split(":", arn)[3] != local.region]
  foreign_account_arns = [for arn in local.trail_arns : arn if split(":", arn)[4] != local.account]
}

resource "aws_cloudwatch_event_rule" "trail_changes" {
  name          = local.rule_name
  description   = "Somebody changed, or tried to change, a trail of this account and region"
  event_pattern = local.event_pattern
  tags          = var.tags

  lifecycle {
    precondition {
      condition     = length(local.foreign_region_arns) == 0
      error_message = "A trail is changed in its home region only, and its events arrive there; but this module is deployed in ${local.region}. Deploy it in the home region of: ${join(", ", local.foreign_region_arns)}."
    }

    precondition {
      condition     = length(local.foreign_account_arns) == 0
      error_message = "Only the account that owns a trail can heal it, and this module is deployed in ${local.account}. Deploy it in the account of: ${join(", ", local.foreign_account_arns)}."
    }
  }

  # A trail of the same configuration exists before its trigger, and on destroy
  # the trigger goes first: its removal by Terraform is never answered.
  depends_on = [var.trails_ready]
}

resource "aws_cloudwatch_event_target" "responder" {
  rule = aws_cloudwatch_event_rule.trail_changes.name
  arn  = aws_lambda_function.responder.arn

  # A late restoration is better than none: use all the time EventBridge has.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
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
  statement_id  = "TrailChangesRule"
  function_name = aws_lambda_function.responder.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.trail_changes.arn
}
