locals {
  alarms = {
    errors = {
      name        = "${local.function_name}-errors"
      description = "The responder failed: a trail may not be logging, or a notice was not sent. Look at the log group ${local.log_group_name}."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      statistic   = "Sum"
      dimensions  = { FunctionName = local.function_name }
    }
    throttles = {
      name        = "${local.function_name}-throttles"
      description = "The responder could not start for lack of concurrency. Restorations are late; look for a burst of StopLogging calls or a changed reservation."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      statistic   = "Sum"
      dimensions  = { FunctionName = local.function_name }
    }
    dead_letters = {
      name        = local.queue_name
      description = "An event was given up. Check the trail by hand, then read the queue ${local.queue_name}."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      statistic   = "Maximum"
      dimensions  = { QueueName = local.queue_name }
    }
    failed_invocations = {
      name        = "${local.rule_name}-failed-invocations"
      description = "EventBridge could not reach the responder. Check the trail by hand, then the function's permission and the queue ${local.queue_name}."
      namespace   = "AWS/Events"
      metric      = "FailedInvocations"
      statistic   = "Sum"
      dimensions  = { RuleName = local.rule_name }
    }
    lost_events = {
      name        = "${local.rule_name}-lost-events"
      description = "EventBridge gave up an event and could not keep it in the queue ${local.queue_name} either. Check the trail by hand, then the queue and its policy."
      namespace   = "AWS/Events"
      metric      = "InvocationsFailedToBeSentToDlq"
      statistic   = "Sum"
      dimensions  = { RuleName = local.rule_name }
    }
    lost_failures = {
      name        = "${local.function_name}-lost-failures"
      description = "The responder failed for good and the event could not be kept in the queue ${local.queue_name}. Check the trail by hand, then the queue and the role."
      namespace   = "AWS/Lambda"
      metric      = "DestinationDeliveryFailures"
      statistic   = "Sum"
      dimensions  = { FunctionName = local.function_name }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = each.value.name
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [var.topic_arn]
  tags                = var.tags

  # These metrics exist only while something happens. Silence is the normal
  # state of a responder, so it counts as good.
  treat_missing_data = "notBreaching"
}
