# The function and what wakes it. Plans against a mocked provider: no account, no
# emulator.

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

run "function_is_what_the_package_expects" {
  command = plan

  assert {
    condition     = aws_lambda_function.responder.runtime == "provided.al2023" && aws_lambda_function.responder.handler == "bootstrap"
    error_message = "The package is a bootstrap binary for provided.al2023."
  }
  assert {
    condition     = aws_lambda_function.responder.architectures == tolist(["arm64"])
    error_message = "arm64 is the default."
  }
  assert {
    condition     = aws_lambda_function.responder.timeout == 60 && aws_lambda_function.responder.memory_size == 256
    error_message = "The retries inside the function are sized for 60 s, its memory for 256 MB."
  }
  assert {
    condition     = aws_lambda_function.responder.source_code_hash == filebase64sha256("main.tf")
    error_message = "A new package must lead to a new deployment."
  }
  assert {
    condition = aws_lambda_function.responder.environment[0].variables == tomap({
      TRAILKEEPER_TRAILS          = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first=/trailkeeper/trailkeeper/first/1111,arn:aws:cloudtrail:eu-central-1:123456789012:trail/second=/trailkeeper/trailkeeper/second/2222"
      TRAILKEEPER_TOPIC_ARN       = "arn:aws:sns:eu-central-1:123456789012:alerts"
      TRAILKEEPER_MODE            = "enforce"
      TRAILKEEPER_ROLE_ARN        = "arn:aws:iam::123456789012:role/trailkeeper-responder"
      TRAILKEEPER_PEER_ROLES      = "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy"
      TRAILKEEPER_INCIDENTS_TABLE = "trailkeeper-incidents"
    })
    error_message = "The function knows these variables and no other."
  }
  assert {
    condition     = aws_lambda_function.responder.logging_config[0].log_format == "JSON" && aws_lambda_function.responder.logging_config[0].log_group == "/aws/lambda/trailkeeper-responder"
    error_message = "The function must log JSON to its own group."
  }
  assert {
    condition     = aws_cloudwatch_log_group.responder.kms_key_id == aws_kms_key.logs.arn && aws_cloudwatch_log_group.responder.retention_in_days == 365 && aws_kms_key.logs.enable_key_rotation
    error_message = "The log group must be encrypted with a rotating customer key and kept for a year."
  }
  assert {
    condition = (
      aws_lambda_function.responder.function_name == "trailkeeper-responder"
      && aws_iam_role.responder.name == "trailkeeper-responder"
      && aws_cloudwatch_event_rule.trail_changes.name == "trailkeeper-trail-changes"
      && aws_sqs_queue.dead_letters.name == "trailkeeper-dead-letters"
      && aws_dynamodb_table.incidents.name == "trailkeeper-incidents"
    )
    error_message = "Names must follow the prefix."
  }
}

run "x86_64_on_request" {
  command = plan

  variables {
    architecture = "x86_64"
  }

  assert {
    condition     = aws_lambda_function.responder.architectures == tolist(["x86_64"])
    error_message = "architecture must be honoured."
  }
}

run "change_principals_on_request" {
  command = plan

  variables {
    change_principals = ["arn:aws:iam::123456789012:role/pipeline", "arn:aws:iam::123456789012:user/ops/alice", "arn:aws:iam::123456789012:role/pipeline"]
  }

  assert {
    condition     = aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_CHANGE_PRINCIPALS"] == "arn:aws:iam::123456789012:role/pipeline,arn:aws:iam::123456789012:user/ops/alice"
    error_message = "The function must know them, each once."
  }
}

run "break_glass_on_request" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::{account}:role/admin-*", reason = "CHG-2041: move the logs", expires_at = "2026-01-02T03:04:05Z" }]
  }

  assert {
    condition     = jsondecode(aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_BREAK_GLASS"]) == jsondecode(jsonencode(var.break_glass))
    error_message = "The function must know the entries, the expired too."
  }
}

run "no_break_glass_by_default" {
  command = plan

  assert {
    condition     = !contains(keys(aws_lambda_function.responder.environment[0].variables), "TRAILKEEPER_BREAK_GLASS")
    error_message = "Without entries the function is told of none."
  }
}

run "told_incidents_are_remembered_for_a_while" {
  command = plan

  assert {
    condition = [for s in jsondecode(aws_dynamodb_resource_policy.incidents.policy).Statement : [s.Effect, s.Principal, s.Action, s.Condition]] == [
      ["Deny", "*", ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate", "dynamodb:PutItem", "dynamodb:UpdateItem"], { ArnNotEquals = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/trailkeeper-responder", "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy"] } }]
    ]
    error_message = "Nobody but the two functions may write to the table: an entry silences a notice."
  }
  assert {
    condition     = aws_dynamodb_table.incidents.hash_key == "id" && one([for a in aws_dynamodb_table.incidents.attribute : "${a.name} ${a.type}"]) == "id S"
    error_message = "Entries have the key that the function writes."
  }
  assert {
    condition     = aws_dynamodb_table.incidents.ttl[0].enabled && aws_dynamodb_table.incidents.ttl[0].attribute_name == "expires_at"
    error_message = "Entries must expire by themselves."
  }
  assert {
    condition     = aws_dynamodb_table.incidents.billing_mode == "PAY_PER_REQUEST" && length(aws_dynamodb_table.incidents.server_side_encryption) == 0
    error_message = "The table must not depend on a key that can be disabled, nor on capacity that can run out."
  }
}

run "the_outputs_lead_to_what_was_made" {
  command = plan

  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"])
    error_message = "All trails must be listed."
  }
  assert {
    condition     = output.event_rule_name == "trailkeeper-trail-changes" && output.schedule_name == "trailkeeper-sweep" && output.schedule_group_name == "trailkeeper" && output.incidents_table_name == "trailkeeper-incidents"
    error_message = "Rule, schedule and table must be named."
  }
}

run "concurrency_is_reserved" {
  command = plan

  assert {
    condition     = aws_lambda_function.responder.reserved_concurrent_executions == 5
    error_message = "A flood elsewhere must not starve the responder."
  }
}

run "null_reserves_nothing" {
  command = plan

  variables {
    reserved_concurrency = null
  }

  assert {
    condition     = aws_lambda_function.responder.reserved_concurrent_executions == -1
    error_message = "null must mean no reservation."
  }
}

run "rule_pins_the_events" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.trail_changes.event_pattern) == {
      source        = ["aws.cloudtrail", "aws.organizations"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      account       = ["123456789012"]
      region        = ["eu-central-1"]
      detail = {
        eventSource = ["cloudtrail.amazonaws.com", "organizations.amazonaws.com"]
        eventName = [
          "StopLogging", "UpdateTrail", "DeleteTrail", "PutEventSelectors", "PutInsightSelectors", "AddTags", "RemoveTags", "CreateTrail",
          "DeregisterOrganizationDelegatedAdmin", "PutEventConfiguration", "DisableAWSServiceAccess", "DeregisterDelegatedAdministrator", "LeaveOrganization", "RemoveAccountFromOrganization", "CloseAccount",
        ]
      }
    }
    error_message = "The pattern must pin source, type, account, region, service and calls, and look at no parameter or error code."
  }
}

run "nothing_is_lost_on_the_way" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_target.responder.arn == aws_lambda_function.responder.arn && aws_cloudwatch_event_target.responder.rule == aws_cloudwatch_event_rule.trail_changes.name
    error_message = "The rule must invoke the function."
  }
  assert {
    condition     = aws_cloudwatch_event_target.responder.retry_policy[0].maximum_event_age_in_seconds == 86400 && aws_cloudwatch_event_target.responder.retry_policy[0].maximum_retry_attempts == 185
    error_message = "EventBridge must try as long as it can."
  }
  assert {
    condition     = aws_cloudwatch_event_target.responder.dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn
    error_message = "What EventBridge cannot deliver must end in the queue."
  }
  assert {
    condition = (
      aws_lambda_function_event_invoke_config.responder.maximum_retry_attempts == 2
      && aws_lambda_function_event_invoke_config.responder.maximum_event_age_in_seconds == 21600
      && aws_lambda_function_event_invoke_config.responder.destination_config[0].on_failure[0].destination == aws_sqs_queue.dead_letters.arn
    )
    error_message = "What the function cannot handle must be retried twice and end in the queue."
  }
  assert {
    condition = (
      aws_lambda_permission.rule.principal == "events.amazonaws.com"
      && aws_lambda_permission.rule.action == "lambda:InvokeFunction"
      && aws_lambda_permission.rule.source_arn == aws_cloudwatch_event_rule.trail_changes.arn
    )
    error_message = "Only this rule may invoke the function."
  }
}

run "the_schedule_sweeps" {
  command = plan

  assert {
    condition = (
      aws_scheduler_schedule.sweep.name == "trailkeeper-sweep"
      && aws_scheduler_schedule.sweep.group_name == "trailkeeper"
      && aws_scheduler_schedule_group.sweep.name == "trailkeeper"
      && aws_scheduler_schedule.sweep.schedule_expression == "rate(5 minutes)"
      && aws_scheduler_schedule.sweep.flexible_time_window[0].mode == "OFF"
    )
    error_message = "Every five minutes, to the minute, in a group of its own."
  }
  assert {
    condition = (
      aws_scheduler_schedule.sweep.target[0].arn == aws_lambda_function.responder.arn
      && aws_scheduler_schedule.sweep.target[0].role_arn == aws_iam_role.sweep.arn
      && jsondecode(aws_scheduler_schedule.sweep.target[0].input) == { trailkeeper = "sweep" }
    )
    error_message = "The schedule must tell the function to sweep."
  }
  assert {
    condition = (
      aws_scheduler_schedule.sweep.target[0].retry_policy[0].maximum_event_age_in_seconds == 300
      && aws_scheduler_schedule.sweep.target[0].retry_policy[0].maximum_retry_attempts == 185
      && aws_scheduler_schedule.sweep.target[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn
    )
    error_message = "A sweep is tried until the next one is due, and then ends in the queue."
  }
}

run "sweep_role_is_for_this_schedule" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.sweep.assume_role_policy).Statement == [{
      Sid       = "SchedulerAssumesRole"
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = {
        "aws:SourceAccount" = "123456789012"
        "aws:SourceArn"     = "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/trailkeeper"
      } }
    }]
    error_message = "Only schedules of this group may use the role."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.sweep.policy).Statement : s.Sid => [s.Effect, s.Action, s.Resource] } == {
      InvokeResponder = ["Allow", "lambda:InvokeFunction", "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder"]
      SendDeadLetters = ["Allow", "sqs:SendMessage", "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters"]
    }
    error_message = "The role may invoke the function and keep what it could not deliver."
  }
  assert {
    condition     = aws_iam_role_policy.sweep.role == aws_iam_role.sweep.name && aws_iam_role.sweep.name == "trailkeeper-sweep"
    error_message = "The policy must be the role's own."
  }
}

run "every_minute_on_request" {
  command = plan

  variables {
    sweep_interval_minutes = 1
  }

  assert {
    condition     = aws_scheduler_schedule.sweep.schedule_expression == "rate(1 minute)"
    error_message = "Scheduler wants the singular."
  }
  assert {
    condition     = aws_scheduler_schedule.sweep.target[0].retry_policy[0].maximum_event_age_in_seconds == 60 && aws_cloudwatch_metric_alarm.this["heartbeat"].period == 60
    error_message = "Retries and heartbeat must follow the interval."
  }
}
