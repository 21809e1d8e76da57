# The log bucket and the key: their rules, and what the function is told.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  guard_responder = false
  package         = "main.tf"
  baselines = [{
    trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
    parameter_name   = "/trailkeeper/trailkeeper/first/1111"
    parameter_path   = "/trailkeeper/trailkeeper/first"
    can_be_recreated = true
    guards           = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
  }]
  evidence = [
    {
      kind           = "log_bucket"
      arn            = "arn:aws:s3:::logs"
      trail_arn      = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
      parameter_name = "/trailkeeper/trailkeeper/first/log_bucket/2222"
      restored       = ["policy"]
    },
    {
      kind           = "log_key"
      arn            = "arn:aws:kms:eu-central-1:123456789012:key/k"
      alias          = "alias/logs"
      trail_arn      = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
      parameter_name = "/trailkeeper/trailkeeper/first/log_key/3333"
      restored       = ["state"]
    },
  ]
  topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts"
}

run "the_function_is_told_and_woken" {
  command = plan

  assert {
    condition = jsondecode(aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_EVIDENCE"]) == [
      { arn = "arn:aws:s3:::logs", trail_arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", parameter = "/trailkeeper/trailkeeper/first/log_bucket/2222" },
      { arn = "arn:aws:kms:eu-central-1:123456789012:key/k", trail_arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", parameter = "/trailkeeper/trailkeeper/first/log_key/3333", alias = "alias/logs" },
    ]
    error_message = "The function must be told what to guard, and by which document."
  }
  assert {
    condition     = { for kind, rule in aws_cloudwatch_event_rule.evidence : kind => [rule.name, jsondecode(rule.event_pattern).account, jsondecode(rule.event_pattern).region] } == { log_bucket = ["trailkeeper-log-bucket-changes", ["123456789012"], ["eu-central-1"]], log_key = ["trailkeeper-log-key-changes", ["123456789012"], ["eu-central-1"]] }
    error_message = "Each must have a rule for this account and region."
  }
  assert {
    condition     = toset(flatten([for s in jsondecode(aws_sqs_queue_policy.dead_letters.policy).Statement : try(s.Condition.ArnEquals["aws:SourceArn"], [])])) == toset([for rule in ["trail", "log-bucket", "log-key"] : "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-${rule}-changes"])
    error_message = "What a rule cannot deliver must be kept."
  }
  assert {
    condition     = toset([for permission in values(aws_lambda_permission.evidence) : permission.statement_id]) == toset(["LogBucketChangesRule", "LogKeyChangesRule"])
    error_message = "The rules must be allowed to invoke the function."
  }
  assert {
    condition     = length([for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name if length(regexall("log-(bucket|key)-changes", alarm.alarm_name)) > 0]) == 4
    error_message = "A rule that cannot deliver must be noticed."
  }
}

run "a_stranger_is_refused" {
  command = plan

  variables {
    evidence = [{
      kind           = "log_key"
      arn            = "arn:aws:kms:eu-central-1:123456789012:key/k"
      trail_arn      = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/other"
      parameter_name = "/trailkeeper/trailkeeper/other/log_key/3333"
      restored       = ["state"]
    }]
  }

  expect_failures = [var.evidence]
}

run "nothing_more_without_it" {
  command = plan

  variables {
    evidence = []
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.evidence) == 0 && !can(aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_EVIDENCE"])
    error_message = "What is not guarded must leave no trace."
  }
}
