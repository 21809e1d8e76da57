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
}

run "every_part_has_a_document" {
  command = plan

  assert {
    condition = toset([for part in jsondecode(aws_ssm_parameter.guard["list"].insecure_value).parts : part.arn]) == toset([
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-trail-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-rule-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-schedule-changes",
      "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-function-changes",
      "arn:aws:scheduler:eu-central-1:123456789012:schedule/trailkeeper/trailkeeper-sweep",
      "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder",
    ])
    error_message = "All rules, the schedule and the function must be in the list."
  }
  assert {
    condition     = alltrue([for part in jsondecode(aws_ssm_parameter.guard["list"].insecure_value).parts : one([for key, document in aws_ssm_parameter.guard : document.name if !contains(["list", "understudy_list", "understudy_function"], key) && try(jsondecode(document.insecure_value).arn, "") == part.arn]) == part.parameter])
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
    condition = jsondecode(aws_ssm_parameter.guard["function"].insecure_value).declared.configuration == merge(
      { for name, value in aws_lambda_function.responder.environment[0].variables : name => value if name != "TRAILKEEPER_GUARD" },
      {
        timeout      = aws_lambda_function.responder.timeout
        memory       = aws_lambda_function.responder.memory_size
        role         = "arn:aws:iam::123456789012:role/trailkeeper-responder"
        handler      = aws_lambda_function.responder.handler
        runtime      = aws_lambda_function.responder.runtime
        layers       = []
        file_systems = []
        kms_key      = null
        subnets      = []
        log_group    = aws_cloudwatch_log_group.responder.name
      },
    )
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
    } && toset(concat([aws_lambda_permission.rule.statement_id], [for p in values(aws_lambda_permission.guard) : p.statement_id])) == toset(keys(jsondecode(aws_ssm_parameter.guard["function"].insecure_value).declared.permissions))
    error_message = "Every permission must be declared."
  }
}

run "its_rules_fit_and_look_here_only" {
  command = plan

  assert {
    condition     = alltrue([for rule in values(aws_cloudwatch_event_rule.guard) : length(rule.event_pattern) <= 2048 && jsondecode(rule.event_pattern).account == ["123456789012"] && jsondecode(rule.event_pattern).region == ["eu-central-1"]])
    error_message = "Each rule must fit and be for this account and region."
  }
}

run "each_permission_names_one_thing" {
  command = plan

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid if contains(["ReadParts", "VerifyRules", "RestoreRules", "VerifySchedule", "RestoreSchedule", "RestoreScheduleGroup", "PassSweepRole", "VerifyFunction", "RestoreConcurrency"], s.Sid)] == [
      "ReadParts", "VerifyRules", "RestoreRules", "VerifySchedule", "RestoreSchedule", "RestoreScheduleGroup", "PassSweepRole", "VerifyFunction", "RestoreConcurrency",
    ]
    error_message = "What heals needs these."
  }
  assert {
    condition = alltrue(flatten([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : [
      for action in flatten([s.Action]) : !contains(["events:DisableRule", "events:DeleteRule", "events:RemoveTargets", "scheduler:DeleteSchedule", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:AddPermission", "lambda:RemovePermission"], action)
    ]]))
    error_message = "With the role nobody may blind the responder, or become it."
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
    condition     = length([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid if startswith(s.Sid, "Restore") || s.Sid == "PassSweepRole"]) == 0
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
