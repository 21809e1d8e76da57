# The understudy: the same function a second time. Plans against a mocked provider: no
# account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan

  override_resource {
    target = aws_iam_role.responder
    values = { arn = "arn:aws:iam::123456789012:role/trailkeeper-responder" }
  }

  override_resource {
    target = aws_iam_role.understudy
    values = { arn = "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy" }
  }

  override_resource {
    target = aws_iam_role.understudy_sweep
    values = { arn = "arn:aws:iam::123456789012:role/trailkeeper-sweep-understudy" }
  }

  override_resource {
    target = aws_lambda_function.understudy
    values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder-understudy" }
  }
}

variables {
  # Any file does: a plan reads only its hash.
  package         = "main.tf"
  guard_responder = false
  baselines = [
    {
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
      parameter_name            = "/trailkeeper/trailkeeper/first/1111"
      parameter_path            = "/trailkeeper/trailkeeper/first"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      cloud_watch_logs_role_arn = "arn:aws:iam::123456789012:role/copy"
    },
  ]
  topic_arn         = "arn:aws:sns:eu-central-1:123456789012:alerts"
  topic_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/topic"
}

run "it_is_the_same_function_once_more" {
  command = plan

  assert {
    condition = alltrue([for setting in ["runtime", "handler", "architectures", "filename", "source_code_hash", "memory_size", "timeout"] :
      jsonencode(aws_lambda_function.understudy[0][setting]) == jsonencode(aws_lambda_function.responder[setting])
    ])
    error_message = "One package, and run alike."
  }
  assert {
    condition = (
      aws_lambda_function.understudy[0].function_name == "trailkeeper-responder-understudy"
      && aws_lambda_function.understudy[0].role == "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy"
      && aws_iam_role.understudy[0].name == "trailkeeper-responder-understudy"
      && aws_iam_role.understudy[0].assume_role_policy == aws_iam_role.responder.assume_role_policy
      && aws_iam_role_policy.understudy[0].role == "trailkeeper-responder-understudy"
    )
    error_message = "It must have a name and a role of its own."
  }
  assert {
    condition = (
      aws_lambda_function.understudy[0].logging_config[0].log_group == "/aws/lambda/trailkeeper-responder-understudy"
      && aws_cloudwatch_log_group.understudy[0].name == "/aws/lambda/trailkeeper-responder-understudy"
      && aws_cloudwatch_log_group.understudy[0].kms_key_id == aws_kms_key.logs.arn
      && aws_cloudwatch_log_group.understudy[0].retention_in_days == 365
    )
    error_message = "It must have a log of its own, encrypted and kept as the responder's."
  }
  assert {
    condition     = aws_lambda_function.understudy[0].reserved_concurrent_executions == 1
    error_message = "A flood elsewhere must not starve it."
  }
  assert {
    condition = (
      aws_lambda_function_event_invoke_config.understudy[0].function_name == "trailkeeper-responder-understudy"
      && aws_lambda_function_event_invoke_config.understudy[0].maximum_event_age_in_seconds == 300
      && aws_lambda_function_event_invoke_config.understudy[0].destination_config[0].on_failure[0].destination == aws_sqs_queue.dead_letters.arn
    )
    error_message = "A sweep that fails is tried until the next one is due, and ends in the queue."
  }
  assert {
    condition     = output.understudy_function_name == "trailkeeper-responder-understudy" && output.understudy_role_name == "trailkeeper-responder-understudy" && output.understudy_schedule_name == "trailkeeper-sweep-understudy"
    error_message = "The outputs must lead to it."
  }
}

run "it_knows_what_the_responder_knows_and_that_one_for_a_peer" {
  command = plan

  variables {
    peer_roles     = ["arn:aws:iam::123456789012:role/trailkeeper-remediation"]
    chat_topic_arn = "arn:aws:sns:eu-central-1:123456789012:chat"
    security_hub   = true
    break_glass    = [{ principal = "arn:aws:iam::{account}:role/admin-*", reason = "CHG-2041: move the logs", expires_at = "2026-01-02T03:04:05Z" }]
    containment    = {}
  }

  assert {
    condition = aws_lambda_function.understudy[0].environment[0].variables == tomap(merge(
      { for name, value in aws_lambda_function.responder.environment[0].variables : name => value if name != "TRAILKEEPER_CONTAINMENT" },
      {
        TRAILKEEPER_ROLE_ARN   = "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy"
        TRAILKEEPER_PEER_ROLES = "arn:aws:iam::123456789012:role/trailkeeper-responder,arn:aws:iam::123456789012:role/trailkeeper-remediation"
      },
    ))
    error_message = "Trails, topics, table, mode and break-glass must be the responder's, without containment."
  }
  assert {
    condition     = aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_PEER_ROLES"] == "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy,arn:aws:iam::123456789012:role/trailkeeper-remediation"
    error_message = "What the understudy does must be no attack to the responder."
  }
  assert {
    condition     = contains(keys(aws_lambda_function.responder.environment[0].variables), "TRAILKEEPER_CONTAINMENT") && length([for s in jsondecode(aws_iam_role_policy.understudy[0].policy).Statement : s if strcontains(s.Sid, "Contain")]) == 0
    error_message = "Whom to contain is for the responder alone."
  }
}

run "it_is_told_no_more_than_the_responder" {
  command = plan

  variables {
    guard_responder = true
  }

  assert {
    # So whatever fits there fits here: the responder's is measured.
    condition     = length(jsonencode(aws_lambda_function.understudy[0].environment[0].variables)) <= local.environment_bytes && local.environment_bytes == length(jsonencode(aws_lambda_function.responder.environment[0].variables))
    error_message = "The understudy's variables must not be larger than the measured ones."
  }
}

run "its_role_may_do_what_the_responders_may_and_write_its_own_log" {
  command = plan

  assert {
    condition = (
      replace(aws_iam_role_policy.understudy[0].policy, "log-group:/aws/lambda/trailkeeper-responder-understudy:", "LOG")
      == replace(aws_iam_role_policy.responder.policy, "log-group:/aws/lambda/trailkeeper-responder:", "LOG")
    )
    error_message = "The same statements, but for the log."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.understudy[0].policy, "log-group:/aws/lambda/trailkeeper-responder:")
    error_message = "The responder's log is not the understudy's to write."
  }
}

run "observing_it_may_change_nothing" {
  command = plan

  variables {
    mode = "observe"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.understudy[0].policy).Statement : s.Sid] == ["VerifyTrails", "AttributeChanges", "ReadBaselines", "RememberIncidents", "PublishNotices", "EncryptNotices", "WriteLogs", "SendDeadLetters"]
    error_message = "Observing needs to read and to tell, nothing else."
  }
  assert {
    condition     = aws_lambda_function.understudy[0].environment[0].variables["TRAILKEEPER_MODE"] == "observe"
    error_message = "It must know the mode."
  }
}

run "it_sweeps_by_a_schedule_of_its_own" {
  command = plan

  assert {
    condition = (
      aws_scheduler_schedule.understudy[0].name == "trailkeeper-sweep-understudy"
      && aws_scheduler_schedule.understudy[0].group_name == "trailkeeper-understudy"
      && aws_scheduler_schedule_group.understudy[0].name == "trailkeeper-understudy"
      && aws_scheduler_schedule.understudy[0].schedule_expression == aws_scheduler_schedule.sweep.schedule_expression
      && aws_scheduler_schedule.understudy[0].flexible_time_window[0].mode == "OFF"
    )
    error_message = "As often as the responder, in a group of its own: one call deletes all schedules of a group."
  }
  assert {
    condition = (
      aws_scheduler_schedule.understudy[0].target[0].arn == "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder-understudy"
      && aws_scheduler_schedule.understudy[0].target[0].role_arn == "arn:aws:iam::123456789012:role/trailkeeper-sweep-understudy"
      && jsondecode(aws_scheduler_schedule.understudy[0].target[0].input) == { trailkeeper = "sweep" }
      && aws_scheduler_schedule.understudy[0].target[0].retry_policy[0].maximum_event_age_in_seconds == 300
      && aws_scheduler_schedule.understudy[0].target[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn
    )
    error_message = "The schedule must tell the understudy to sweep, with a role of its own."
  }
  assert {
    condition = one(jsondecode(aws_iam_role.understudy_sweep[0].assume_role_policy).Statement).Condition.StringEquals == {
      "aws:SourceAccount" = "123456789012"
      "aws:SourceArn"     = "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/trailkeeper-understudy"
    }
    error_message = "Only schedules of its group may use the role."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.understudy_sweep[0].policy).Statement : s.Sid => [s.Effect, s.Action, s.Resource] } == {
      InvokeUnderstudy = ["Allow", "lambda:InvokeFunction", "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder-understudy"]
      SendDeadLetters  = ["Allow", "sqs:SendMessage", "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters"]
    }
    error_message = "The role may invoke the understudy and keep what it could not deliver."
  }
}

run "without_it_nothing_of_it_is_made" {
  command = plan

  variables {
    understudy = false
  }

  assert {
    condition = length(concat(
      aws_lambda_function.understudy, aws_lambda_function_event_invoke_config.understudy, aws_cloudwatch_log_group.understudy,
      aws_iam_role.understudy, aws_iam_role_policy.understudy, aws_iam_role.understudy_sweep, aws_iam_role_policy.understudy_sweep,
      aws_scheduler_schedule_group.understudy, aws_scheduler_schedule.understudy,
    )) == 0
    error_message = "understudy = false makes one function and no more."
  }
  assert {
    condition = alltrue([
      length([for key in keys(aws_cloudwatch_metric_alarm.this) : key if strcontains(key, "understudy")]) == 0,
      !contains(keys(aws_lambda_function.responder.environment[0].variables), "TRAILKEEPER_PEER_ROLES"),
      !strcontains("${aws_dynamodb_resource_policy.incidents.policy}${aws_kms_key.logs.policy}", "understudy"),
    ])
    error_message = "Nothing is let through, or waited for, that is not there."
  }
  assert {
    condition     = output.understudy_function_name == null && output.understudy_role_arn == null && output.understudy_role_name == null && output.understudy_schedule_name == null
    error_message = "The outputs must say that there is none."
  }
}

run "where_nothing_can_be_reserved_nothing_is" {
  command = plan

  variables {
    reserved_concurrency = null
  }

  assert {
    condition     = aws_lambda_function.understudy[0].reserved_concurrent_executions == -1
    error_message = "An account with a limit of 10 refuses any reservation."
  }
}

run "a_hub_without_trails_of_its_own_has_none" {
  command = plan

  variables {
    baselines = []
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
    condition     = length(aws_lambda_function.understudy) + length(aws_scheduler_schedule.understudy) + length(aws_iam_role.understudy) == 0 && output.understudy_function_name == null
    error_message = "There is nothing that it could sweep."
  }
}

run "of_a_hub_it_sweeps_the_hubs_own_trails_only" {
  command = plan

  variables {
    reserved_concurrency = 5
    hub = {
      organization_id   = "o-a1b2c3d4e5"
      bus_name          = "trailkeeper"
      external_id       = "6b1f0c1e-6d0e-4d7a-9b55-1f6f1c1f2a3b"
      excluded_accounts = ["111122223333"]
      fan_out           = true
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
    condition = aws_lambda_function.understudy[0].environment[0].variables == tomap({
      TRAILKEEPER_TRAILS          = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first=/trailkeeper/trailkeeper/first/1111"
      TRAILKEEPER_TOPIC_ARN       = "arn:aws:sns:eu-central-1:123456789012:alerts"
      TRAILKEEPER_MODE            = "enforce"
      TRAILKEEPER_ROLE_ARN        = "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy"
      TRAILKEEPER_PEER_ROLES      = "arn:aws:iam::123456789012:role/trailkeeper-responder"
      TRAILKEEPER_INCIDENTS_TABLE = "trailkeeper-incidents"
    })
    error_message = "It must know no member."
  }
  assert {
    condition = alltrue([
      !strcontains(aws_iam_role_policy.understudy[0].policy, "sts:AssumeRole"),
      !strcontains(aws_iam_role_policy.understudy[0].policy, "sweep-accounts"),
      [for s in jsondecode(aws_iam_role_policy.understudy[0].policy).Statement : s.Resource if s.Sid == "ReadBaselines"] == [["arn:aws:ssm:eu-central-1:123456789012:parameter/trailkeeper/trailkeeper/first/*"]],
    ])
    error_message = "It must enter no member, take no message of the hub's sweep, and read its own baselines only."
  }
  assert {
    condition     = aws_lambda_function.understudy[0].timeout == 60
    error_message = "Its own trails need no more time than elsewhere."
  }
}

run "it_looks_after_the_responders_parts" {
  command = plan

  variables {
    guard_responder = true
  }

  assert {
    condition     = aws_lambda_function.understudy[0].environment[0].variables["TRAILKEEPER_GUARD"] == aws_ssm_parameter.guard["list"].name
    error_message = "The same parts, by the same list."
  }
  assert {
    condition = (
      jsonencode(jsondecode(aws_ssm_parameter.guard["understudy_function"].insecure_value).declared.configuration) == jsonencode(merge(
        { for name, value in aws_lambda_function.understudy[0].environment[0].variables : name => value if name != "TRAILKEEPER_GUARD" },
        {
          timeout          = aws_lambda_function.understudy[0].timeout
          memory           = aws_lambda_function.understudy[0].memory_size
          storage          = one(aws_lambda_function.understudy[0].ephemeral_storage).size
          role             = "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy"
          handler          = aws_lambda_function.understudy[0].handler
          runtime          = aws_lambda_function.understudy[0].runtime
          architectures    = aws_lambda_function.understudy[0].architectures
          layers           = []
          file_systems     = []
          kms_key          = null
          subnets          = []
          dead_letter      = null
          snap_start       = "None"
          log_group        = aws_cloudwatch_log_group.understudy[0].name
          log_format       = one(aws_lambda_function.understudy[0].logging_config).log_format
          log_level        = one(aws_lambda_function.understudy[0].logging_config).application_log_level
          system_log_level = one(aws_lambda_function.understudy[0].logging_config).system_log_level
        },
      ))
      && jsondecode(aws_ssm_parameter.guard["understudy_function"].insecure_value).declared.code == aws_lambda_function.understudy[0].source_code_hash
      && jsondecode(aws_ssm_parameter.guard["understudy_function"].insecure_value).declared.concurrency == aws_lambda_function.understudy[0].reserved_concurrent_executions
      && jsondecode(aws_ssm_parameter.guard["understudy_function"].insecure_value).declared.permissions == {}
      && jsondecode(aws_ssm_parameter.guard["understudy_function"].insecure_value).declared.retries == {
        attempts   = aws_lambda_function_event_invoke_config.understudy[0].maximum_retry_attempts
        age        = aws_lambda_function_event_invoke_config.understudy[0].maximum_event_age_in_seconds
        on_failure = "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters"
        on_success = null
      }
    )
    error_message = "Its own function must be declared as it is made."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.understudy[0].policy).Statement : s if contains(["RestoreRules", "RestoreTargets", "RestoreSchedule", "RestoreConcurrency", "ReadBaselines"], s.Sid)] == [
      for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s if contains(["RestoreRules", "RestoreTargets", "RestoreSchedule", "RestoreConcurrency", "ReadBaselines"], s.Sid)
    ]
    error_message = "It may put back what the responder may."
  }
  assert {
    condition = jsondecode(aws_ssm_parameter.guard["understudy_function"].insecure_value).restored == [] && length([
      for s in concat(jsondecode(aws_iam_role_policy.understudy[0].policy).Statement, jsondecode(aws_iam_role_policy.responder.policy).Statement) : s
      if strcontains(jsonencode(s.Action), "FunctionConcurrency\"") && strcontains(jsonencode(s.Resource), "understudy") && s.Sid != "VerifyFunction"
    ]) == 0
    error_message = "Neither role may set the understudy's concurrency: whoever had the responder's would end both."
  }
}
