# The responder itself: its documents, what wakes it for its own parts, what it may do.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package = "main.tf"
  baselines = [{
    trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
    parameter_name   = "/trailkeeper/trailkeeper/first/1111"
    parameter_path   = "/trailkeeper/trailkeeper/first"
    can_be_recreated = true
    guards           = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
  }]
  topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts"
  topic_evidence = {
    arn                = "arn:aws:sns:eu-central-1:123456789012:alerts"
    parameter_name     = "/trailkeeper/trailkeeper/guard/topic/3333333333333333333333333333333333333333333333333333333333333333"
    key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/4c5d6e7f-0a1b-4c2d-8e3f-5a6b7c8d9e0f"
    key_parameter_name = "/trailkeeper/trailkeeper/guard/topic_key/4444444444444444444444444444444444444444444444444444444444444444"
  }
}

run "every_part_has_a_document" {
  command = plan

  assert {
    condition = toset([for part in jsondecode(aws_ssm_parameter.guard["list"].insecure_value).parts : part.arn]) == toset([
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-trail-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-rule-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-schedule-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-function-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-role-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-support-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-topic-key-changes",
      "arn:aws:scheduler:eu-central-1:123456789012:schedule/trailkeeper/trailkeeper-sweep",
      "arn:aws:scheduler:eu-central-1:123456789012:schedule/trailkeeper-understudy/trailkeeper-sweep-understudy",
      "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder",
      "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder-understudy",
      "arn:aws:iam::123456789012:role/trailkeeper-responder",
      "arn:aws:iam::123456789012:role/trailkeeper-sweep",
      "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy",
      "arn:aws:iam::123456789012:role/trailkeeper-sweep-understudy",
      "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/trailkeeper-responder-understudy",
      "arn:aws:sns:eu-central-1:123456789012:alerts",
      var.topic_evidence.key_arn,
      "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:trailkeeper-*",
      "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters",
      "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/trailkeeper-responder",
      "arn:aws:dynamodb:eu-central-1:123456789012:table/trailkeeper-incidents",
    ])
    error_message = "All rules, the schedule, the function and what it leans on must be in the list."
  }
  assert {
    condition     = alltrue([for part in jsondecode(aws_ssm_parameter.guard["list"].insecure_value).parts : one([for key, document in aws_ssm_parameter.guard : document.name if key != "list" && try(jsondecode(document.insecure_value).arn, "") == part.arn]) == part.parameter if !contains([var.topic_evidence.arn, var.topic_evidence.key_arn], part.arn)])
    error_message = "The list must name the document of each part."
  }
  assert {
    condition     = alltrue([for document in values(aws_ssm_parameter.guard) : endswith(document.name, "/${sha256(document.insecure_value)}") && length(document.insecure_value) < 8192])
    error_message = "A document's name must end in its hash, and 8 KB is what a parameter holds."
  }
  assert {
    condition     = aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_GUARD"] == aws_ssm_parameter.guard["list"].name
    error_message = "The function must be told the list."
  }
}

run "what_is_declared_is_what_is_made" {
  command = plan

  assert {
    condition = alltrue([for rule in concat([aws_cloudwatch_event_rule.trail_changes], values(aws_cloudwatch_event_rule.guard)) : length([
      for document in [for d in values(aws_ssm_parameter.guard) : jsondecode(d.insecure_value)] : document
      if try(endswith(document.arn, "rule/${rule.name}") && jsonencode(document.declared.pattern) == jsonencode(jsondecode(rule.event_pattern)) && document.declared.description == rule.description, false)
    ]) == 1])
    error_message = "Pattern and description of each rule must be declared."
  }
  assert {
    condition = alltrue([for target in concat([aws_cloudwatch_event_target.responder], values(aws_cloudwatch_event_target.guard), values(aws_cloudwatch_event_target.guard_rule)) : target.target_id == "responder" && jsondecode(aws_ssm_parameter.guard["rule_trail"].insecure_value).declared.targets.responder.RetryPolicy == {
      MaximumEventAgeInSeconds = target.retry_policy[0].maximum_event_age_in_seconds
      MaximumRetryAttempts     = target.retry_policy[0].maximum_retry_attempts
    }])
    error_message = "The targets must be declared as they are made."
  }
  assert {
    condition = jsondecode(aws_ssm_parameter.guard["schedule"].insecure_value).declared == {
      exists      = true
      state       = "ENABLED"
      expression  = aws_scheduler_schedule.sweep.schedule_expression
      description = aws_scheduler_schedule.sweep.description
      window      = { Mode = "OFF" }
      start       = null
      end         = null
      kms_key     = null
      target = {
        Arn              = "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder"
        RoleArn          = "arn:aws:iam::123456789012:role/trailkeeper-sweep"
        Input            = aws_scheduler_schedule.sweep.target[0].input
        RetryPolicy      = { MaximumEventAgeInSeconds = 300, MaximumRetryAttempts = 185 }
        DeadLetterConfig = { Arn = "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters" }
      }
    }
    error_message = "The whole schedule must be declared."
  }
  assert {
    condition = jsondecode(aws_ssm_parameter.guard["understudy_schedule"].insecure_value) == {
      schema  = "trailkeeper.evidence"
      version = 1
      arn     = "arn:aws:scheduler:eu-central-1:123456789012:schedule/${aws_scheduler_schedule.understudy[0].group_name}/${aws_scheduler_schedule.understudy[0].name}"
      declared = merge(jsondecode(aws_ssm_parameter.guard["schedule"].insecure_value).declared, {
        expression  = aws_scheduler_schedule.understudy[0].schedule_expression
        description = aws_scheduler_schedule.understudy[0].description
        target = merge(jsondecode(aws_ssm_parameter.guard["schedule"].insecure_value).declared.target, {
          Arn     = "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder-understudy"
          RoleArn = "arn:aws:iam::123456789012:role/trailkeeper-sweep-understudy"
          Input   = aws_scheduler_schedule.understudy[0].target[0].input
        })
      })
      restored = []
    }
    error_message = "The understudy's schedule must be declared too, and be left to people."
  }
  assert {
    condition = jsonencode(jsondecode(aws_ssm_parameter.guard["function"].insecure_value).declared.configuration) == jsonencode(merge(
      { for name, value in aws_lambda_function.responder.environment[0].variables : name => value if name != "TRAILKEEPER_GUARD" },
      {
        timeout          = aws_lambda_function.responder.timeout
        memory           = aws_lambda_function.responder.memory_size
        storage          = one(aws_lambda_function.responder.ephemeral_storage).size
        role             = "arn:aws:iam::123456789012:role/trailkeeper-responder"
        handler          = aws_lambda_function.responder.handler
        runtime          = aws_lambda_function.responder.runtime
        architectures    = aws_lambda_function.responder.architectures
        layers           = []
        file_systems     = []
        kms_key          = null
        subnets          = []
        dead_letter      = null
        snap_start       = "None"
        log_group        = aws_cloudwatch_log_group.responder.name
        log_format       = one(aws_lambda_function.responder.logging_config).log_format
        log_level        = one(aws_lambda_function.responder.logging_config).application_log_level
        system_log_level = one(aws_lambda_function.responder.logging_config).system_log_level
      },
    ))
    error_message = "Configuration and environment of the function must be declared, but for what holds the hash of them."
  }
  assert {
    condition     = jsondecode(aws_ssm_parameter.guard["function"].insecure_value).declared.code == aws_lambda_function.responder.source_code_hash && jsondecode(aws_ssm_parameter.guard["function"].insecure_value).declared.concurrency == 5 && jsondecode(aws_ssm_parameter.guard["function"].insecure_value).restored == ["concurrency"]
    error_message = "The package must be declared, and only concurrency be restored."
  }
  assert {
    condition = { for id, statement in jsondecode(aws_ssm_parameter.guard["function"].insecure_value).declared.permissions : id => statement.Condition.ArnLike["AWS:SourceArn"] } == {
      TrailChangesRule    = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-trail-changes"
      RuleChangesRule     = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-rule-changes"
      ScheduleChangesRule = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-schedule-changes"
      FunctionChangesRule = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-function-changes"
      RoleChangesRule     = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-role-changes"
      SupportChangesRule  = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-support-changes"
      TopicKeyChangesRule = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-topic-key-changes"
    } && toset(concat([aws_lambda_permission.rule.statement_id], [for p in values(aws_lambda_permission.guard) : p.statement_id])) == toset(keys(jsondecode(aws_ssm_parameter.guard["function"].insecure_value).declared.permissions))
    error_message = "Every permission must be declared."
  }
}

run "its_rules_fit_and_look_here_only" {
  command = plan

  assert {
    condition     = alltrue([for kind, rule in aws_cloudwatch_event_rule.guard : length(rule.event_pattern) <= 2048 && jsondecode(rule.event_pattern).account == ["123456789012"] && jsondecode(rule.event_pattern).region == [kind == "role" ? "us-east-1" : "eu-central-1"]])
    error_message = "Each rule must fit and be for this account and region: of IAM, for the one that records its calls."
  }
}

run "what_it_leans_on_is_declared_as_it_is_made" {
  command = plan

  assert {
    condition = jsondecode(aws_ssm_parameter.guard["role"].insecure_value).declared == {
      exists = true
      policy = merge({ Version = "2012-10-17" }, {
        for statement in jsondecode(aws_iam_role_policy.responder.policy).Statement : statement.Sid => sha256(jsonencode(statement))
      })
      policies = [aws_iam_role_policy.responder.name]
      attached = []
      boundary = null
      trust    = jsondecode(aws_iam_role.responder.assume_role_policy)
    }
    error_message = "The whole role must be declared, each statement by its digest."
  }
  assert {
    condition     = aws_iam_role_policy.responder.name == aws_iam_role.responder.name && aws_iam_role_policy.sweep.name == aws_iam_role.sweep.name
    error_message = "The function reads the policy that bears the role's name."
  }
  assert {
    condition     = length(distinct([for statement in jsondecode(aws_iam_role_policy.responder.policy).Statement : statement.Sid])) == length(jsondecode(aws_iam_role_policy.responder.policy).Statement)
    error_message = "Each statement must have a name of its own."
  }
  assert {
    condition = jsondecode(aws_ssm_parameter.guard["alarms"].insecure_value).declared.alarms == {
      for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name =>
      "${alarm.namespace}/${alarm.metric_name} ${join(",", [for name, value in alarm.dimensions : "${name}=${value}"])} ${alarm.statistic} ${alarm.period}s x${alarm.evaluation_periods} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.treat_missing_data} -> ${one(alarm.alarm_actions)}"
    }
    error_message = "Every alarm must be declared as it is made."
  }
  assert {
    condition     = alltrue([for name in keys(jsondecode(aws_ssm_parameter.guard["alarms"].insecure_value).declared.alarms) : startswith(name, "trailkeeper-")])
    error_message = "The alarms are asked for by what their names begin with."
  }
  assert {
    condition     = jsonencode(jsondecode(aws_ssm_parameter.guard["queue"].insecure_value).declared.policy) == jsonencode(jsondecode(aws_sqs_queue_policy.dead_letters.policy)) && jsondecode(aws_ssm_parameter.guard["queue"].insecure_value).declared.retention == tostring(aws_sqs_queue.dead_letters.message_retention_seconds)
    error_message = "The queue must be declared as it is made."
  }
  assert {
    condition     = jsondecode(aws_ssm_parameter.guard["log_group"].insecure_value).declared == { exists = true, retention = aws_cloudwatch_log_group.responder.retention_in_days, kms_key = aws_cloudwatch_log_group.responder.kms_key_id }
    error_message = "The log group must be declared as it is made."
  }
  assert {
    condition     = jsonencode(jsondecode(aws_ssm_parameter.guard["table"].insecure_value).declared.policy) == jsonencode(jsondecode(aws_dynamodb_resource_policy.incidents.policy)) && jsondecode(aws_ssm_parameter.guard["table"].insecure_value).declared.expiry == aws_dynamodb_table.incidents.ttl[0].attribute_name
    error_message = "The table must be declared as it is made."
  }
  assert {
    condition     = alltrue([for key in ["role", "sweep_role", "alarms", "queue", "log_group", "table"] : jsondecode(aws_ssm_parameter.guard[key].insecure_value).restored == []])
    error_message = "What could be more than the responder itself is left to people."
  }
}

run "a_topic_of_somebody_else_is_not_guarded" {
  command = plan

  variables {
    topic_evidence = null
  }

  assert {
    condition     = !contains([for part in jsondecode(aws_ssm_parameter.guard["list"].insecure_value).parts : part.arn], var.topic_arn) && length([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid if strcontains(s.Sid, "Topic")]) == 0 && !contains(keys(aws_cloudwatch_event_rule.guard), "topic_key")
    error_message = "Whose topic it is guards it."
  }
}

run "each_permission_names_one_thing" {
  command = plan

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid if contains(["VerifyRules", "RestoreRules", "RestoreTargets", "VerifySchedule", "RestoreSchedule", "RestoreScheduleGroup", "PassSweepRole", "VerifyFunction", "RestoreConcurrency", "FindParts", "VerifyRoles", "VerifyAlarms", "VerifyQueue", "VerifyLogGroup", "VerifyTable", "VerifyTopic", "VerifySubscriptions", "GuardTopicKey", "RestoreTopic"], s.Sid)] == [
      "VerifyRules", "RestoreRules", "RestoreTargets", "VerifySchedule", "RestoreSchedule", "RestoreScheduleGroup", "PassSweepRole", "VerifyFunction", "RestoreConcurrency", "FindParts", "VerifyRoles", "VerifyAlarms", "VerifyQueue", "VerifyLogGroup", "VerifyTable", "VerifyTopic", "VerifySubscriptions", "GuardTopicKey", "RestoreTopic",
    ]
    error_message = "What heals needs these."
  }
  assert {
    condition = alltrue(flatten([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : [
      for action in flatten([s.Action]) : !contains(["events:DisableRule", "events:DeleteRule", "events:RemoveTargets", "scheduler:DeleteSchedule", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:AddPermission", "lambda:RemovePermission", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "sns:DeleteTopic", "sns:Unsubscribe", "kms:PutKeyPolicy", "kms:DisableKey", "sqs:SetQueueAttributes", "logs:PutRetentionPolicy", "dynamodb:PutResourcePolicy", "cloudwatch:PutMetricAlarm"], action)
    ]]))
    error_message = "With the role nobody may blind the responder, or become it."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => [flatten([s.Action]), flatten([s.Resource])] if contains(["VerifyRules", "RestoreRules", "RestoreTargets", "RestoreConcurrency"], s.Sid) } == {
      VerifyRules        = [["events:DescribeRule", "events:ListTargetsByRule"], ["arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-*-changes"]]
      RestoreRules       = [["events:PutRule"], ["arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-*-changes"]]
      RestoreTargets     = [["events:PutTargets"], ["arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-*-changes"]]
      RestoreConcurrency = [["lambda:PutFunctionConcurrency"], ["arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder"]]
    }
    error_message = "The rules are named by one pattern, and the role must not be able to end the understudy."
  }
  assert {
    condition     = alltrue([for rule in concat([aws_cloudwatch_event_rule.trail_changes], values(aws_cloudwatch_event_rule.evidence), values(aws_cloudwatch_event_rule.guard)) : can(regex("^trailkeeper-.*-changes$", rule.name))])
    error_message = "The pattern must hold every rule beside the function."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Condition if s.Sid == "RestoreTargets"]) == { "ForAllValues:ArnEquals" = { "events:TargetArn" = "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder" } }
    error_message = "Events must go to the function only."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Condition.StringEquals["iam:PassedToService"] if s.Sid == "PassSweepRole"]) == "scheduler.amazonaws.com"
    error_message = "The schedule's role is for the scheduler."
  }
}

run "without_a_reservation_none_is_put" {
  command = plan

  variables {
    reserved_concurrency = null
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.guard["function"].insecure_value).declared.concurrency == null && one([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Action if s.Sid == "RestoreConcurrency"]) == ["lambda:DeleteFunctionConcurrency"]
    error_message = "A reservation that somebody makes must be taken away."
  }
}

run "observing_reads_only" {
  command = plan

  variables {
    mode = "observe"
  }

  assert {
    condition     = length([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid if startswith(s.Sid, "Restore") || s.Sid == "PassSweepRole" || contains(flatten([s.Action]), "kms:EnableKey")]) == 0
    error_message = "Observing must not be able to change anything."
  }
}

run "a_hub_guards_the_rule_on_its_bus" {
  command = plan

  variables {
    hub = {
      organization_id = "o-abcdefghij"
      bus_name        = "members"
      external_id     = "0123456789abcdef"
      member_baselines = [{
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/each"
        parameter_name   = "/trailkeeper/trailkeeper/each/2222"
        parameter_path   = "/trailkeeper/trailkeeper/each"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      }]
    }
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.guard["rule_member"].insecure_value).arn == "arn:aws:events:eu-central-1:123456789012:rule/members/trailkeeper-member-changes"
    error_message = "The rule on the bus must be guarded too."
  }
  assert {
    condition     = toset([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : join(" ", s.Resource) if contains(["VerifyRules", "RestoreRules", "RestoreTargets"], s.Sid)]) == toset(["arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-*-changes arn:aws:events:eu-central-1:123456789012:rule/members/trailkeeper-member-changes"])
    error_message = "The role may look at it, and put it back."
  }
}

run "nothing_more_without_it" {
  command = plan

  variables {
    guard_responder = false
  }

  assert {
    condition     = length(aws_ssm_parameter.guard) + length(aws_cloudwatch_event_rule.guard) + length(aws_cloudwatch_event_target.guard) == 0 && !can(aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_GUARD"])
    error_message = "What is not guarded must leave no trace."
  }
}
