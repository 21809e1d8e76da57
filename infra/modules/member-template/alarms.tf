# The alarms of the module responder, in the member, on the security account's topic.
locals {
  failure_alarms = {
    Errors              = ["${local.function_name}-errors", "AWS/Lambda", "Errors", "Sum", "FunctionName", local.function_name, "The responder failed: a trail may not be logging, or a notice was not sent."]
    RestorationFailures = ["${local.function_name}-restoration-failures", "Trailkeeper", "RestorationFailures", "Sum", "FunctionName", local.function_name, "A trail is not as it was declared and the responder could not heal it."]
    Throttles           = ["${local.function_name}-throttles", "AWS/Lambda", "Throttles", "Sum", "FunctionName", local.function_name, "The responder could not start for lack of concurrency. Restorations are late."]
    DeadLetters         = [local.queue_name, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "QueueName", local.queue_name, "An event was given up. Check the trail by hand, then read the queue."]
    FailedInvocations   = ["${local.rule_name}-failed-invocations", "AWS/Events", "FailedInvocations", "Sum", "RuleName", local.rule_name, "EventBridge could not reach the responder. Check the trail by hand."]
    FailedSweeps        = ["${local.schedule_name}-failed-invocations", "AWS/Scheduler", "TargetErrorCount", "Sum", "ScheduleGroup", var.name, "The schedule could not invoke the responder. Check the trail by hand."]
    LostEvents          = ["${local.rule_name}-lost-events", "AWS/Events", "InvocationsFailedToBeSentToDlq", "Sum", "RuleName", local.rule_name, "EventBridge gave up an event and could not keep it in the queue either. Check the trail by hand."]
    LostFailures        = ["${local.function_name}-lost-failures", "AWS/Lambda", "DestinationDeliveryFailures", "Sum", "FunctionName", local.function_name, "The responder failed for good and the event could not be kept in the queue. Check the trail by hand."]
    # Whether events reach the hub.
    Unforwarded = [local.forwarding_queue, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "QueueName", local.forwarding_queue, "An event did not reach the security account. Check the hub's event bus and its policy."]
  }

  alarm_resources = merge([for responder in var.responder[*] : merge(
    { for id, alarm in local.failure_alarms : "${id}Alarm" => {
      Type = "AWS::CloudWatch::Alarm"
      Properties = {
        AlarmName          = alarm[0]
        Namespace          = alarm[1]
        MetricName         = alarm[2]
        Statistic          = alarm[3]
        Dimensions         = [{ Name = alarm[4], Value = alarm[5] }]
        AlarmDescription   = alarm[6]
        ComparisonOperator = "GreaterThanThreshold"
        Threshold          = 0
        Period             = 60
        EvaluationPeriods  = 1
        # These metrics exist only while something happens: silence is good.
        TreatMissingData = "notBreaching"
        AlarmActions     = [responder.topic_arn]
      }
    } },
    {
      # The other way round: here silence is the failure.
      HeartbeatAlarm = {
        Type = "AWS::CloudWatch::Alarm"
        Properties = {
          AlarmName          = "${local.function_name}-heartbeat"
          Namespace          = "Trailkeeper"
          MetricName         = "Sweeps"
          Statistic          = "Sum"
          Dimensions         = [{ Name = "FunctionName", Value = local.function_name }]
          AlarmDescription   = "No sweep for three intervals: the responder has gone quiet and guards nothing. Check the schedule, then the function and its role; then the trails by hand."
          ComparisonOperator = "LessThanThreshold"
          Threshold          = 1
          Period             = responder.sweep_interval_minutes * 60
          EvaluationPeriods  = 3
          TreatMissingData   = "breaching"
          AlarmActions       = [responder.topic_arn]
        }
      }
    },
  )]...)
}
