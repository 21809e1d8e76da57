# Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-central-1" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/trailkeeper-responder" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-responder" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-stop-logging" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters" }
  }
}

variables {
  # Any file does: a plan reads only its hash.
  package           = "main.tf"
  trail_arns        = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"]
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
    condition     = aws_lambda_function.responder.timeout == 30 && aws_lambda_function.responder.memory_size == 256
    error_message = "The retries inside the function are sized for 30 s, its memory for 256 MB."
  }
  assert {
    condition     = aws_lambda_function.responder.source_code_hash == filebase64sha256("main.tf")
    error_message = "A new package must lead to a new deployment."
  }
  assert {
    condition = aws_lambda_function.responder.environment[0].variables == tomap({
      TRAILKEEPER_TRAIL_ARNS = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first,arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"
      TRAILKEEPER_TOPIC_ARN  = "arn:aws:sns:eu-central-1:123456789012:alerts"
    })
    error_message = "The function knows these two variables and no other."
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
      && aws_cloudwatch_event_rule.stop_logging.name == "trailkeeper-stop-logging"
      && aws_sqs_queue.dead_letters.name == "trailkeeper-dead-letters"
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

run "role_has_one_statement_per_purpose" {
  command = plan

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => flatten([s.Action]) } == {
      RestoreTrails   = ["cloudtrail:StartLogging"]
      VerifyTrails    = ["cloudtrail:GetTrailStatus"]
      PublishNotices  = ["sns:Publish"]
      EncryptNotices  = ["kms:GenerateDataKey", "kms:Decrypt"]
      WriteLogs       = ["logs:CreateLogStream", "logs:PutLogEvents"]
      SendDeadLetters = ["sqs:SendMessage"]
    }
    error_message = "The role must have exactly the permissions its calls need."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => flatten([s.Resource]) } == {
      RestoreTrails   = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"]
      VerifyTrails    = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"]
      PublishNotices  = ["arn:aws:sns:eu-central-1:123456789012:alerts"]
      EncryptNotices  = ["arn:aws:kms:eu-central-1:123456789012:key/topic"]
      WriteLogs       = ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/trailkeeper-responder:log-stream:*"]
      SendDeadLetters = ["arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters"]
    }
    error_message = "Every statement must name the one thing it is for."
  }
  assert {
    condition = one([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Condition if s.Sid == "EncryptNotices"]) == {
      StringEquals = { "kms:ViaService" = "sns.eu-central-1.amazonaws.com" }
    }
    error_message = "The topic's key may be used through SNS only."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role.responder.assume_role_policy).Statement : [s.Effect, s.Principal, s.Action]] == [
      ["Allow", { Service = "lambda.amazonaws.com" }, "sts:AssumeRole"]
    ]
    error_message = "Only Lambda may assume the role."
  }
}

run "no_key_no_key_permission" {
  command = plan

  variables {
    topic_kms_key_arn = null
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.responder.policy, "kms:")
    error_message = "Without a customer key on the topic the role needs no KMS permission."
  }
}

run "a_trail_named_twice_counts_once" {
  command = plan

  variables {
    trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"]
  }

  assert {
    condition     = aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_TRAIL_ARNS"] == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
    error_message = "Duplicates must be dropped."
  }
  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"])
    error_message = "Duplicates must be dropped from the output too."
  }
}

run "rule_pins_the_event" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.stop_logging.event_pattern) == {
      source        = ["aws.cloudtrail"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      account       = ["123456789012"]
      region        = ["eu-central-1"]
      detail = {
        eventSource = ["cloudtrail.amazonaws.com"]
        eventName   = ["StopLogging"]
      }
    }
    error_message = "The pattern must pin source, type, account, region, service and call, and look at no parameter or error code."
  }
}

run "nothing_is_lost_on_the_way" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_target.responder.arn == aws_lambda_function.responder.arn && aws_cloudwatch_event_target.responder.rule == aws_cloudwatch_event_rule.stop_logging.name
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
      && aws_lambda_permission.rule.source_arn == aws_cloudwatch_event_rule.stop_logging.arn
    )
    error_message = "Only this rule may invoke the function."
  }
}

run "queue_is_encrypted_and_closed" {
  command = plan

  assert {
    condition     = aws_sqs_queue.dead_letters.sqs_managed_sse_enabled && aws_sqs_queue.dead_letters.message_retention_seconds == 1209600
    error_message = "Dead letters must be encrypted and kept for 14 days."
  }
  assert {
    condition = [for s in jsondecode(aws_sqs_queue_policy.dead_letters.policy).Statement : s if s.Effect == "Allow"] == [{
      Sid       = "RuleSendsDeadLetters"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters"
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-stop-logging" } }
    }]
    error_message = "Only this rule may send through the queue policy."
  }
  assert {
    condition = anytrue([for s in jsondecode(aws_sqs_queue_policy.dead_letters.policy).Statement :
      s.Effect == "Deny" && s.Principal == "*" && s.Action == "sqs:*" && s.Condition == { Bool = { "aws:SecureTransport" = "false" } }
    ])
    error_message = "Plain HTTP must be denied."
  }
}

run "log_key_serves_this_log_group_only" {
  command = plan

  assert {
    condition = [for s in jsondecode(aws_kms_key.logs.policy).Statement : [s.Principal.Service, s.Condition] if can(s.Principal.Service)] == [[
      "logs.eu-central-1.amazonaws.com",
      { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/trailkeeper-responder" } },
    ]]
    error_message = "The key must serve this region's CloudWatch Logs, for the one log group."
  }
}

run "every_failure_raises_an_alarm" {
  command = plan

  assert {
    condition = { for key, a in aws_cloudwatch_metric_alarm.this : key => "${a.namespace} ${a.metric_name} ${join(",", [for k, v in a.dimensions : "${k}=${v}"])}" } == {
      errors             = "AWS/Lambda Errors FunctionName=trailkeeper-responder"
      throttles          = "AWS/Lambda Throttles FunctionName=trailkeeper-responder"
      dead_letters       = "AWS/SQS ApproximateNumberOfMessagesVisible QueueName=trailkeeper-dead-letters"
      failed_invocations = "AWS/Events FailedInvocations RuleName=trailkeeper-stop-logging"
      lost_events        = "AWS/Events InvocationsFailedToBeSentToDlq RuleName=trailkeeper-stop-logging"
      lost_failures      = "AWS/Lambda DestinationDeliveryFailures FunctionName=trailkeeper-responder"
    }
    error_message = "Errors, throttles, dead letters and failed invocations must be watched."
  }
  assert {
    condition = alltrue([for a in aws_cloudwatch_metric_alarm.this :
      a.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alerts"])
      && a.comparison_operator == "GreaterThanThreshold" && a.threshold == 0
      && a.period == 60 && a.evaluation_periods == 1
      && a.treat_missing_data == "notBreaching"
    ])
    error_message = "One failure in one minute must notify the topic; silence must not."
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

run "zero_concurrency_is_refused" {
  command = plan

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}

run "no_partition_is_hard_coded" {
  command = plan

  variables {
    trail_arns        = ["arn:aws-cn:cloudtrail:cn-north-1:123456789012:trail/first"]
    topic_arn         = "arn:aws-cn:sns:cn-north-1:123456789012:alerts"
    topic_kms_key_arn = "arn:aws-cn:kms:cn-north-1:123456789012:key/topic"
  }

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }
  override_data {
    target = data.aws_region.current
    values = { id = "cn-north-1" }
  }

  assert {
    condition     = !strcontains("${aws_iam_role_policy.responder.policy}${aws_sqs_queue_policy.dead_letters.policy}${aws_kms_key.logs.policy}", "arn:aws:")
    error_message = "Policies must use the partition they are deployed in."
  }
  assert {
    condition     = strcontains(aws_iam_role_policy.responder.policy, "\"sns.cn-north-1.amazonaws.com.cn\"")
    error_message = "Service names must use the partition's suffix."
  }
}

run "trail_of_another_region_is_refused" {
  command = plan

  variables {
    trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", "arn:aws:cloudtrail:us-east-1:123456789012:trail/second"]
  }

  expect_failures = [aws_cloudwatch_event_rule.stop_logging]
}

run "trail_of_another_account_is_refused" {
  command = plan

  variables {
    trail_arns = ["arn:aws:cloudtrail:eu-central-1:210987654321:trail/first"]
  }

  expect_failures = [aws_cloudwatch_event_rule.stop_logging]
}

run "no_trail_is_refused" {
  command = plan

  variables {
    trail_arns = []
  }

  expect_failures = [var.trail_arns]
}

run "trail_name_is_refused" {
  command = plan

  variables {
    trail_arns = ["first"]
  }

  expect_failures = [var.trail_arns]
}

run "missing_package_is_refused" {
  command = plan

  variables {
    package = "no-such-file.zip"
  }

  expect_failures = [var.package]
}

run "unknown_architecture_is_refused" {
  command = plan

  variables {
    architecture = "amd64"
  }

  expect_failures = [var.architecture]
}

run "fifo_topic_is_refused" {
  command = plan

  variables {
    topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts.fifo"
  }

  expect_failures = [var.topic_arn]
}

run "key_alias_is_refused" {
  command = plan

  variables {
    topic_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:alias/topic"
  }

  expect_failures = [var.topic_kms_key_arn]
}

run "odd_log_retention_is_refused" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}

run "a_topic_of_another_region_is_refused" {
  command = plan

  variables {
    topic_arn = "arn:aws:sns:us-east-1:123456789012:alerts"
  }

  expect_failures = [aws_lambda_function.responder]
}

run "too_little_memory_is_refused" {
  command = plan

  variables {
    memory_size = 64
  }

  expect_failures = [var.memory_size]
}
