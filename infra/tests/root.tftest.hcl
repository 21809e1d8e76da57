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
  mock_resource "aws_cloudtrail" {
    defaults = { arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/made-here" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:alerts" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/responder" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:responder" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:rule/stop-logging" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:dead-letters", url = "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-letters" }
  }
}

variables {
  # Any file does: a plan reads only its hash.
  package = "main.tf"
}

run "defaults_make_and_protect_a_trail" {
  command = plan

  assert {
    condition     = output.trail_arn == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/made-here"
    error_message = "A trail is made by default."
  }
  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:123456789012:trail/made-here"])
    error_message = "The trail made here must be protected."
  }
  assert {
    condition     = output.alerts_topic_arn == "arn:aws:sns:eu-central-1:123456789012:alerts" && output.responder_role_arn == "arn:aws:iam::123456789012:role/responder" && output.dead_letter_queue_url == "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-letters"
    error_message = "The outputs must lead to the things made."
  }
  assert {
    condition     = output.trail_name == "trailkeeper" && output.responder_function_name == "trailkeeper-responder" && output.event_rule_name == "trailkeeper-stop-logging"
    error_message = "Names must follow the default prefix."
  }
  assert {
    condition     = toset(keys(output.alarm_names)) == toset(["errors", "throttles", "dead_letters", "failed_invocations", "lost_events", "lost_failures"])
    error_message = "The alarms must be listed."
  }
}

run "prefix_reaches_every_module" {
  command = plan

  variables {
    name = "guard"
  }

  assert {
    condition     = output.trail_name == "guard" && output.responder_function_name == "guard-responder" && module.notifications.topic_name == "guard-alerts"
    error_message = "name must reach every module."
  }
}

run "existing_trails_only" {
  command = plan

  variables {
    create_trail        = false
    existing_trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/old"]
  }

  assert {
    condition     = length(module.trail) == 0 && output.trail_arn == null && output.trail_name == null && output.trail_bucket_name == null
    error_message = "No trail may be made."
  }
  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:123456789012:trail/old"])
    error_message = "The existing trail must be protected."
  }
}

run "new_and_existing_trails" {
  command = plan

  variables {
    existing_trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/old"]
  }

  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:123456789012:trail/made-here", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/old"])
    error_message = "Both trails must be protected."
  }
}
