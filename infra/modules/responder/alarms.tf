locals {
  # A rule on a bus of its own has two dimensions.
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
  hub_alarms = {
    failed_member_invocations = {
      name        = "${local.hub_rule_name}-failed-invocations"
      description = "EventBridge could not reach the responder with a member's event. Sweep, then check the function's permission and the queue ${local.queue_name}."
      namespace   = "AWS/Events"
      metric      = "FailedInvocations"
      statistic   = "Sum"
      dimensions  = { EventBusName = try(var.hub.bus_name, ""), RuleName = local.hub_rule_name }
    }
    lost_member_events = {
      name        = "${local.hub_rule_name}-lost-events"
      description = "EventBridge gave up a member's event and could not keep it in the queue ${local.queue_name} either. Sweep, then check the queue and its policy."
      namespace   = "AWS/Events"
      metric      = "InvocationsFailedToBeSentToDlq"
      statistic   = "Sum"
      dimensions  = { EventBusName = try(var.hub.bus_name, ""), RuleName = local.hub_rule_name }
    }
  }

  # The same of the rules for what belongs to a trail.
  evidence_alarms = merge([for kind, name in local.evidence_rule_names : {
    "failed_${kind}_invocations" = {
      name        = "${name}-failed-invocations"
      description = "EventBridge could not reach the responder. Sweep, then check the function's permission and the queue ${local.queue_name}."
      namespace   = "AWS/Events"
      metric      = "FailedInvocations"
      statistic   = "Sum"
      dimensions  = { RuleName = name }
    }
    "lost_${kind}_events" = {
      name        = "${name}-lost-events"
      description = "EventBridge gave up an event and could not keep it in the queue ${local.queue_name} either. Sweep, then check the queue and its policy."
      namespace   = "AWS/Events"
      metric      = "InvocationsFailedToBeSentToDlq"
      statistic   = "Sum"
      dimensions  = { RuleName = name }
    }
  }]...)

  understudy_alarms = { for key, alarm in {
    understudy_errors = {
      name        = "${local.understudy_name}-errors"
      description = "The understudy failed: should the responder be taken, nobody would take over. Look at the log group ${local.understudy_log_group_name}."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      statistic   = "Sum"
      dimensions  = { FunctionName = local.understudy_name }
    }
  } : key => alarm if local.understudy }

  # One failure in one minute is enough. These metrics exist only while something
  # happens: silence is the normal state of a responder, so it counts as good.
  failure_alarms = {
    errors = {
      name        = "${local.function_name}-errors"
      description = "The responder failed: a trail may not be logging, or a notice was not sent. Look at the log group ${local.log_group_name}."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      statistic   = "Sum"
      dimensions  = { FunctionName = local.function_name }
    }
    restoration_failures = {
      name        = "${local.function_name}-restoration-failures"
      description = "A trail is not as it was declared and the responder could not heal it. Read the notice, and heal the trail by hand."
      namespace   = "Trailkeeper"
      metric      = "RestorationFailures"
      statistic   = "Sum"
      dimensions  = { FunctionName = local.function_name }
    }
    throttles = {
      name        = "${local.function_name}-throttles"
      description = "The responder could not start for lack of concurrency. Restorations are late; look for a burst of calls on the trail or a changed reservation."
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
    failed_sweep_invocations = {
      name        = "${local.schedule_name}-failed-invocations"
      description = "The schedule could not invoke the responder. Check the trails by hand, then the role ${local.schedule_name} and the function."
      namespace   = "AWS/Scheduler"
      metric      = "TargetErrorCount"
      statistic   = "Sum"
      dimensions  = { ScheduleGroup = local.schedule_group }
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

  alarms = merge(
    { for key, alarm in merge(local.failure_alarms, local.evidence_alarms, local.understudy_alarms, { for key, alarm in local.hub_alarms : key => alarm if local.is_hub }) : key => merge(alarm, {
      comparison = "GreaterThanThreshold"
      threshold  = 0
      period     = 60
      periods    = 1
      missing    = "notBreaching"
    }) },
    {
      # The other way round: here silence is the failure.
      heartbeat = {
        name        = "${local.function_name}-heartbeat"
        description = "No sweep for three intervals: the responder has gone quiet and guards nothing. Check the schedule ${local.schedule_name}, then the function, its role and its concurrency; then the trails by hand."
        namespace   = "Trailkeeper"
        metric      = "Sweeps"
        statistic   = "Sum"
        dimensions  = { FunctionName = local.function_name }
        comparison  = "LessThanThreshold"
        threshold   = 1
        period      = var.sweep_interval_minutes * 60
        periods     = 3
        missing     = "breaching"
      }
    },
    { for key, alarm in {
      understudy_heartbeat = {
        name        = "${local.understudy_name}-heartbeat"
        description = "No sweep of the understudy for three intervals: nobody would take over from the responder. Check the schedule ${local.understudy_schedule_name}, then the function ${local.understudy_name}, its role and its concurrency."
        namespace   = "Trailkeeper"
        metric      = "Sweeps"
        statistic   = "Sum"
        dimensions  = { FunctionName = local.understudy_name }
        comparison  = "LessThanThreshold"
        threshold   = 1
        period      = var.sweep_interval_minutes * 60
        periods     = 3
        missing     = "breaching"
      }
    } : key => alarm if local.understudy },
    # A hub's sweep of the members. One interval is one period, so that an alarm
    # stays on from sweep to sweep instead of ringing anew with each.
    { for key, alarm in {
      unreachable_accounts = {
        name        = "${local.function_name}-unreachable-accounts"
        description = "Accounts could not be entered, and nothing is healed there. Read the notice; then check the role ${local.member_role_name} there, or exclude them."
        namespace   = "Trailkeeper"
        metric      = "AccountsUnreachable"
        statistic   = "Sum"
        dimensions  = { FunctionName = local.function_name }
        comparison  = "GreaterThanThreshold"
        threshold   = 0
        period      = var.sweep_interval_minutes * 60
        periods     = 1
        missing     = "notBreaching"
      }
      # Silence is the failure here too. A sweep that cannot list the accounts, or is
      # ended by force, still has a heartbeat or says nothing at all.
      unswept_accounts = {
        name        = "${local.function_name}-unswept-accounts"
        description = "No account of the organisation was swept for three intervals. Check that this account may list the organisation's accounts, then the log group ${local.log_group_name}."
        namespace   = "Trailkeeper"
        metric      = "AccountsSwept"
        statistic   = "Sum"
        dimensions  = { FunctionName = local.function_name }
        comparison  = "LessThanThreshold"
        threshold   = 1
        period      = var.sweep_interval_minutes * 60
        periods     = 3
        missing     = "breaching"
      }
    } : key => alarm if local.is_hub },
    # The heartbeat of a shared sweep: its start tells nothing of what became of
    # the accounts. An empty queue has no age, and that is good.
    { for key, alarm in {
      sweep_backlog = {
        name        = "${local.sweep_queue_name}-backlog"
        description = "Members wait to be swept for three intervals or more: the sweep does not get on, or fails. Check the event source of ${local.function_name}, its concurrency and its log; then the queue ${local.queue_name}."
        namespace   = "AWS/SQS"
        metric      = "ApproximateAgeOfOldestMessage"
        statistic   = "Maximum"
        dimensions  = { QueueName = local.sweep_queue_name }
        comparison  = "GreaterThanThreshold"
        threshold   = 3 * var.sweep_interval_minutes * 60
        period      = 60
        periods     = 1
        missing     = "notBreaching"
      }
    } : key => alarm if local.fan_out },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = each.value.name
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.topic_arn]
  tags                = var.tags

  # What is declared of it comes first: support.tf.
  depends_on = [aws_ssm_parameter.guard]
}
