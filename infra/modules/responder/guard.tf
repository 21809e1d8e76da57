# The parts of the responder itself: what is declared of each, as the resources of this
# module make them, a document for each and a list of them. They refer to three resources
# only, which nobody can tell before: the URL of the queue of a shared sweep, the key of the
# log groups, and that of the topic. So documents come first, then the function that is told of them, then
# rules, targets and schedule. On destroy it is the other way round, and what wakes the
# function for its own parts goes before all others: see the end.
locals {
  guard_path = "${local.own_path}guard"

  # The rules by the last part of their names, and what wakes the function for a part.
  guard_kinds = var.guard_responder ? concat(["rule", "schedule", "function", "role", "support"], [for topic in var.topic_evidence[*] : "topic_key"]) : []
  guard_subjects = merge({ for kind in local.guard_kinds : kind => "a ${kind} of the responder" }, {
    support   = "what the responder leans on"
    topic_key = "the key of the topic"
  })
  guard_rule_names = { for kind in local.guard_kinds : kind => "${var.name}-${replace(kind, "_", "-")}-changes" }
  guard_rule_arns  = { for kind, name in local.guard_rule_names : kind => "arn:${local.partition}:events:${local.region}:${local.account}:rule/${name}" }

  # A rule of the function's, as Terraform is to make it.
  rules = merge(
    {
      trail = {
        name        = local.rule_name
        bus         = "default"
        arn         = local.rule_arn
        description = "Somebody changed, or tried to change, a trail of this account and region"
        pattern     = merge(module.event_pattern.pattern, local.here)
        sid         = "TrailChangesRule"
      }
    },
    { for kind, name in local.evidence_rule_names : kind => {
      name        = name
      bus         = "default"
      arn         = local.evidence_rule_arns[kind]
      description = "Somebody changed, or tried to change, the ${replace(kind, "_", " ")} of a trail of this account and region"
      pattern     = merge(module.event_pattern.evidence_patterns[kind], local.here)
      sid         = "${replace(title(replace(kind, "_", " ")), " ", "")}ChangesRule"
    } },
    { for kind, name in local.guard_rule_names : kind => {
      name        = name
      bus         = "default"
      arn         = local.guard_rule_arns[kind]
      description = "Somebody changed, or tried to change, ${local.guard_subjects[kind]}"
      # IAM's calls are recorded in another region.
      pattern = merge(local.here, module.event_pattern.part_patterns[kind])
      sid     = "${replace(title(replace(kind, "_", " ")), " ", "")}ChangesRule"
    } },
    { for name in var.hub[*].bus_name : "member" => {
      name        = local.hub_rule_name
      bus         = name
      arn         = local.hub_rule_arns[0]
      description = "Somebody changed, or tried to change, a trail of a member"
      # Of every account and region: the bus decides who may send, the function whose
      # trails are protected.
      pattern = module.event_pattern.pattern
      sid     = "MemberChangesRule"
    } },
  )
  here = { account = [local.account], region = [local.region] }

  # A late restoration is better than none: use all the time EventBridge has.
  target_id      = "responder"
  target_retries = { maximum_event_age_in_seconds = 86400, maximum_retry_attempts = 185 }

  schedule_input      = jsonencode({ trailkeeper = "sweep" })
  schedule_expression = var.sweep_interval_minutes == 1 ? "rate(1 minute)" : "rate(${var.sweep_interval_minutes} minutes)"
  # Later than that the next sweep does the same.
  schedule_retries     = { maximum_event_age_in_seconds = var.sweep_interval_minutes * 60, maximum_retry_attempts = 185 }
  schedule_description = "Compares every protected trail with its baseline"
  schedule_arn         = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule/${local.schedule_group}/${local.schedule_name}"
  sweep_role_arn       = "arn:${local.partition}:iam::${local.account}:role/${local.schedule_name}"

  invocation_retries = { attempts = 2, age = 21600 }

  guarded_schedules = merge(
    { schedule = {
      arn         = local.schedule_arn
      description = local.schedule_description
      function    = local.function_arn
      role        = local.sweep_role_arn
    } },
    { for role in local.understudy_sweep_role_arns : "understudy_schedule" => {
      arn         = local.understudy_schedule_arn
      description = local.understudy_schedule_description
      function    = local.understudy_arn
      role        = role
    } },
  )

  # Each of the two functions looks at both.
  guarded_functions = merge(
    { function = {
      arn         = local.function_arn
      environment = local.environment
      timeout     = local.timeout
      role        = local.role_arn
      log_group   = local.log_group_name
      concurrency = try(var.reserved_concurrency >= 0, false) ? var.reserved_concurrency : null
      permissions = { for rule in values(local.rules) : rule.sid => {
        Sid       = rule.sid
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "lambda:InvokeFunction"
        Resource  = local.function_arn
        Condition = { ArnLike = { "AWS:SourceArn" = rule.arn } }
      } }
      retries = local.invocation_retries
    } },
    { for role in local.understudy_role_arns : "understudy_function" => {
      arn         = local.understudy_arn
      environment = local.understudy_environment
      timeout     = local.understudy_timeout
      role        = role
      log_group   = local.understudy_log_group_name
      concurrency = local.understudy_concurrency == -1 ? null : local.understudy_concurrency
      # Its schedule has a role for it.
      permissions = {}
      retries     = local.understudy_retries
    } },
  )
  guarded_function_arns = [for function in values(local.guarded_functions) : function.arn]

  parts = merge(
    { for key, rule in local.rules : "rule_${key}" => {
      arn = rule.arn
      declared = {
        exists      = true
        state       = "ENABLED"
        pattern     = rule.pattern
        description = rule.description
        targets = { (local.target_id) = {
          Arn = local.function_arn
          RetryPolicy = {
            MaximumEventAgeInSeconds = local.target_retries.maximum_event_age_in_seconds
            MaximumRetryAttempts     = local.target_retries.maximum_retry_attempts
          }
          DeadLetterConfig = { Arn = local.queue_arn }
        } }
      }
      restored = ["exists", "state", "pattern", "description", "targets"]
    } },
    { for key, schedule in local.guarded_schedules : key => {
      arn = schedule.arn
      declared = {
        exists      = true
        state       = "ENABLED"
        expression  = local.schedule_expression
        description = schedule.description
        window      = { Mode = "OFF" }
        start       = null
        end         = null
        kms_key     = null
        target = {
          Arn     = schedule.function
          RoleArn = schedule.role
          Input   = local.schedule_input
          RetryPolicy = {
            MaximumEventAgeInSeconds = local.schedule_retries.maximum_event_age_in_seconds
            MaximumRetryAttempts     = local.schedule_retries.maximum_retry_attempts
          }
          DeadLetterConfig = { Arn = local.queue_arn }
        }
      }
      # Who puts the understudy's back would keep a destroy from its end: it goes before the
      # responder's own rules, which it would put back.
      restored = key == "schedule" ? ["exists", "state", "expression", "description", "window", "start", "end", "kms_key", "target"] : []
    } },
    { for key, function in local.guarded_functions : key => {
      arn = function.arn
      declared = {
        exists = true
        code   = filebase64sha256(var.package)
        # The name of the list is not among them: it holds the hash of this.
        configuration = merge({ for name, value in function.environment : name => value if value != "" }, {
          timeout          = function.timeout
          memory           = var.memory_size
          storage          = local.storage
          role             = function.role
          handler          = local.handler
          runtime          = local.runtime
          architectures    = local.architectures
          layers           = []
          file_systems     = []
          kms_key          = null
          subnets          = []
          dead_letter      = null
          snap_start       = "None"
          log_group        = function.log_group
          log_format       = local.logging.format
          log_level        = local.logging.level
          system_log_level = local.logging.system_level
        })
        concurrency = function.concurrency
        permissions = function.permissions
        retries     = merge(function.retries, { on_failure = local.queue_arn, on_success = null })
      }
      # Whoever may put back code, configuration or permissions of a function can be
      # whatever that function can be; and whoever may set its concurrency can end it.
      restored = key == "function" ? ["concurrency"] : []
    } },
    local.support_parts,
  )

  part_documents = { for key, part in local.parts : key => jsonencode({
    schema   = "trailkeeper.evidence"
    version  = 1
    arn      = part.arn
    declared = part.declared
    restored = part.restored
  }) }
  part_parameters = { for key, document in local.part_documents : key => "${local.guard_path}/${key}/${sha256(document)}" }

  guard_list = jsonencode({
    schema  = "trailkeeper.guard"
    version = 1
    parts   = concat([for key, part in local.parts : { arn = part.arn, parameter = local.part_parameters[key] }], local.topic_parts)
  })
  guard_parameter = "${local.guard_path}/list/${sha256(local.guard_list)}"

  guard_documents = var.guard_responder ? merge(
    { for key, document in local.part_documents : key => { name = local.part_parameters[key], value = document } },
    { list = { name = local.guard_parameter, value = local.guard_list } },
  ) : {}
  # https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
  guard_bytes_limit = 8192
  guard_bytes       = { for key, document in local.guard_documents : key => length(base64encode(document.value)) / 4 * 3 - length(regexall("=", base64encode(document.value))) }
  guard_environment = var.guard_responder ? { TRAILKEEPER_GUARD = aws_ssm_parameter.guard["list"].name } : {}

  guard_heals = var.guard_responder && var.mode == "enforce"

  # The rules by a pattern of their names: nine ARNs in each statement would leave little
  # room for trails.
  rule_patterns = concat(["arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}-*-changes"], local.hub_rule_arns)

  guard_candidates = [
    [var.guard_responder, {
      Sid      = "VerifyRules"
      Effect   = "Allow"
      Action   = ["events:DescribeRule", "events:ListTargetsByRule"]
      Resource = local.rule_patterns
    }],
    [local.guard_heals, {
      # Nothing here can delete a rule or remove a target. PutRule can disable a rule, or
      # give it another pattern: that the understudy's sweep sees, and puts back.
      Sid      = "RestoreRules"
      Effect   = "Allow"
      Action   = "events:PutRule"
      Resource = local.rule_patterns
    }],
    [local.guard_heals, {
      # Events go to the function, and to nobody else.
      # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
      Sid       = "RestoreTargets"
      Effect    = "Allow"
      Action    = "events:PutTargets"
      Resource  = local.rule_patterns
      Condition = { "ForAllValues:ArnEquals" = { "events:TargetArn" = local.function_arn } }
    }],
    [var.guard_responder, {
      Sid      = "VerifySchedule"
      Effect   = "Allow"
      Action   = "scheduler:GetSchedule"
      Resource = [for schedule in values(local.guarded_schedules) : schedule.arn]
    }],
    [local.guard_heals, {
      # It can disable the schedule, and not delete it.
      Sid      = "RestoreSchedule"
      Effect   = "Allow"
      Action   = ["scheduler:CreateSchedule", "scheduler:UpdateSchedule"]
      Resource = local.schedule_arn
    }],
    [local.guard_heals, {
      # With the group, everything in it is deleted.
      Sid      = "RestoreScheduleGroup"
      Effect   = "Allow"
      Action   = "scheduler:CreateScheduleGroup"
      Resource = local.schedule_group_arn
    }],
    [local.guard_heals, {
      # A schedule is given the role that invokes the function.
      Sid       = "PassSweepRole"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = local.sweep_role_arn
      Condition = { StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }
    }],
    [var.guard_responder, {
      Sid    = "VerifyFunction"
      Effect = "Allow"
      Action = [
        "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionEventInvokeConfig",
        "lambda:GetPolicy",
      ]
      Resource = local.guarded_function_arns
    }],
    [local.guard_heals, {
      # Whoever sets a function's concurrency can end it: of the understudy that is left to
      # people, so that who has the one role does not end both.
      Sid      = "RestoreConcurrency"
      Effect   = "Allow"
      Action   = [try(var.reserved_concurrency >= 0, false) ? "lambda:PutFunctionConcurrency" : "lambda:DeleteFunctionConcurrency"]
      Resource = local.function_arn
    }],
  ]
  guard_statements = concat([for candidate in local.guard_candidates : candidate[1] if candidate[0]], local.support_statements)
}

# As a trail's baseline: the name holds the hash of the value, so a parameter is never
# changed.
resource "aws_ssm_parameter" "guard" {
  #checkov:skip=CKV2_AWS_34:What is declared is no secret. A key would be one more thing that an attacker can disable.
  for_each = local.guard_documents

  name           = each.value.name
  description    = "What a part of the Trailkeeper responder is declared to be, or the list of them. Written by Terraform; the responder guards itself by it."
  type           = "String"
  insecure_value = each.value.value
  # Above 4 KB an advanced parameter is made, which costs a little.
  tier = "Intelligent-Tiering"
  tags = var.tags

  lifecycle {
    # The function needs the old one until it is told the name of the new one.
    create_before_destroy = true

    precondition {
      condition     = local.guard_bytes[each.key] <= local.guard_bytes_limit
      error_message = "The document of the part ${each.key} would have ${local.guard_bytes[each.key]} bytes, and a parameter holds ${local.guard_bytes_limit}. Use a topic with a shorter name, a shorter name, or less in what the function is told (trails, change_principals, peer_roles, break_glass, containment); or guard_responder = false."
    }
  }
}

resource "aws_cloudwatch_event_rule" "guard" {
  for_each = local.guard_rule_names

  name          = each.value
  description   = local.rules[each.key].description
  event_pattern = jsonencode(local.rules[each.key].pattern)
  tags          = var.tags

  # It is changed after the function was told what it is to be.
  depends_on = [var.trails_ready, aws_lambda_function.responder, aws_lambda_function.understudy]
}

resource "aws_lambda_permission" "guard" {
  for_each = local.guard_rule_names

  statement_id  = local.rules[each.key].sid
  function_name = aws_lambda_function.responder.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.guard[each.key].arn
}

# The last to be made and the first to go: who takes the rules away one by one must not
# wake the function, which would put them back. That of the rules goes first of all.
resource "aws_cloudwatch_event_target" "guard_rule" {
  for_each = { for kind in local.guard_kinds : kind => kind if kind == "rule" }

  rule      = aws_cloudwatch_event_rule.guard[each.key].name
  target_id = local.target_id
  arn       = aws_lambda_function.responder.arn

  retry_policy {
    maximum_event_age_in_seconds = local.target_retries.maximum_event_age_in_seconds
    maximum_retry_attempts       = local.target_retries.maximum_retry_attempts
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  depends_on = [aws_cloudwatch_event_target.guard]
}

resource "aws_cloudwatch_event_target" "guard" {
  for_each = { for kind in local.guard_kinds : kind => kind if kind != "rule" }

  rule      = aws_cloudwatch_event_rule.guard[each.key].name
  target_id = local.target_id
  arn       = aws_lambda_function.responder.arn

  retry_policy {
    maximum_event_age_in_seconds = local.target_retries.maximum_event_age_in_seconds
    maximum_retry_attempts       = local.target_retries.maximum_retry_attempts
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  depends_on = [
    var.topic_evidence,
    aws_cloudwatch_metric_alarm.this,
    aws_dynamodb_resource_policy.incidents,
    aws_lambda_permission.guard,
    aws_scheduler_schedule.sweep,
  ]
}
