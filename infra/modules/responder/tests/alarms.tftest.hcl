# The alarms. Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  guard_responder = false
  # Any file does: a plan reads only its hash.
  package = "main.tf"
  baselines = [
    {
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
      parameter_name            = "/trailkeeper/trailkeeper/first/1111"
      parameter_path            = "/trailkeeper/trailkeeper/first"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      cloud_watch_logs_role_arn = "arn:aws:iam::123456789012:role/copy"
    },
    {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"
      parameter_name   = "/trailkeeper/trailkeeper/second/2222"
      parameter_path   = "/trailkeeper/trailkeeper/second"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    },
  ]
  topic_arn         = "arn:aws:sns:eu-central-1:123456789012:alerts"
  topic_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/topic"
}

run "every_failure_raises_an_alarm" {
  command = plan

  assert {
    condition = { for key, a in aws_cloudwatch_metric_alarm.this : key => "${a.alarm_name}: ${a.namespace} ${a.metric_name} ${a.statistic} ${join(",", [for k, v in a.dimensions : "${k}=${v}"])}" } == {
      errors                   = "trailkeeper-responder-errors: AWS/Lambda Errors Sum FunctionName=trailkeeper-responder"
      restoration_failures     = "trailkeeper-responder-restoration-failures: Trailkeeper RestorationFailures Sum FunctionName=trailkeeper-responder"
      heartbeat                = "trailkeeper-responder-heartbeat: Trailkeeper Sweeps Sum FunctionName=trailkeeper-responder"
      throttles                = "trailkeeper-responder-throttles: AWS/Lambda Throttles Sum FunctionName=trailkeeper-responder"
      dead_letters             = "trailkeeper-dead-letters: AWS/SQS ApproximateNumberOfMessagesVisible Maximum QueueName=trailkeeper-dead-letters"
      failed_invocations       = "trailkeeper-trail-changes-failed-invocations: AWS/Events FailedInvocations Sum RuleName=trailkeeper-trail-changes"
      failed_sweep_invocations = "trailkeeper-sweep-failed-invocations: AWS/Scheduler TargetErrorCount Sum ScheduleGroup=trailkeeper"
      lost_events              = "trailkeeper-trail-changes-lost-events: AWS/Events InvocationsFailedToBeSentToDlq Sum RuleName=trailkeeper-trail-changes"
      lost_failures            = "trailkeeper-responder-lost-failures: AWS/Lambda DestinationDeliveryFailures Sum FunctionName=trailkeeper-responder"
      understudy_errors        = "trailkeeper-responder-understudy-errors: AWS/Lambda Errors Sum FunctionName=trailkeeper-responder-understudy"
      understudy_heartbeat     = "trailkeeper-responder-understudy-heartbeat: Trailkeeper Sweeps Sum FunctionName=trailkeeper-responder-understudy"
    }
    error_message = "Each way to fail must be watched."
  }
  assert {
    condition = alltrue([for key, a in aws_cloudwatch_metric_alarm.this :
      a.comparison_operator == "GreaterThanThreshold" && a.threshold == 0
      && a.period == 60 && a.evaluation_periods == 1
      && a.treat_missing_data == "notBreaching"
      if !endswith(key, "heartbeat")
    ])
    error_message = "One failure in one minute must raise the alarm; silence must not."
  }
  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.this : a.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alerts"])])
    error_message = "Every alarm must notify the topic."
  }
  assert {
    condition     = output.alarm_names == { for key, a in aws_cloudwatch_metric_alarm.this : key => a.alarm_name }
    error_message = "Every alarm must be listed."
  }
}

run "silence_raises_an_alarm" {
  command = plan

  assert {
    condition = alltrue([for key in ["heartbeat", "understudy_heartbeat"] : (
      aws_cloudwatch_metric_alarm.this[key].comparison_operator == "LessThanThreshold"
      && aws_cloudwatch_metric_alarm.this[key].threshold == 1
      && aws_cloudwatch_metric_alarm.this[key].period == 300
      && aws_cloudwatch_metric_alarm.this[key].evaluation_periods == 3
      && aws_cloudwatch_metric_alarm.this[key].treat_missing_data == "breaching"
    )])
    error_message = "Three intervals without a sweep must raise the alarm, without any metric too, whichever of the two is silent."
  }
}

run "members_that_are_not_swept_raise_an_alarm" {
  command = plan

  variables {
    sweep_interval_minutes = 10
    hub = {
      organization_id = "o-a1b2c3d4e5"
      bus_name        = "trailkeeper"
      external_id     = "6b1f0c1e-6d0e-4d7a-9b55-1f6f1c1f2a3b"
      member_baselines = [{
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
        parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
        parameter_path   = "/trailkeeper/trailkeeper/audit"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      }]
    }
  }

  assert {
    condition = { for key in ["unreachable_accounts", "unswept_accounts"] : key => {
      is   = "${aws_cloudwatch_metric_alarm.this[key].namespace} ${aws_cloudwatch_metric_alarm.this[key].metric_name} ${aws_cloudwatch_metric_alarm.this[key].statistic}"
      of   = aws_cloudwatch_metric_alarm.this[key].dimensions
      when = "${aws_cloudwatch_metric_alarm.this[key].comparison_operator} ${aws_cloudwatch_metric_alarm.this[key].threshold}, ${aws_cloudwatch_metric_alarm.this[key].evaluation_periods} of ${aws_cloudwatch_metric_alarm.this[key].period} s, ${aws_cloudwatch_metric_alarm.this[key].treat_missing_data}"
      to   = aws_cloudwatch_metric_alarm.this[key].alarm_actions
      } } == {
      unreachable_accounts = {
        is   = "Trailkeeper AccountsUnreachable Sum"
        of   = tomap({ FunctionName = "trailkeeper-responder" })
        when = "GreaterThanThreshold 0, 1 of 600 s, notBreaching"
        to   = toset(["arn:aws:sns:eu-central-1:123456789012:alerts"])
      }
      unswept_accounts = {
        is   = "Trailkeeper AccountsSwept Sum"
        of   = tomap({ FunctionName = "trailkeeper-responder" })
        when = "LessThanThreshold 1, 3 of 600 s, breaching"
        to   = toset(["arn:aws:sns:eu-central-1:123456789012:alerts"])
      }
    }
    error_message = "Accounts that cannot be entered, and accounts that nobody looks at, must be told."
  }
}
