# What the provider would answer. Shared by the test files.

mock_data "aws_caller_identity" {
  defaults = { account_id = "999988887777" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
}

mock_data "aws_region" {
  defaults = { id = "eu-central-1" }
}

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:eu-central-1:999988887777:key/11111111-2222-3333-4444-555555555555" }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:eu-central-1:999988887777:trailkeeper-alerts" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::999988887777:role/trailkeeper-responder" }
}

mock_resource "aws_lambda_function" {
  defaults = { arn = "arn:aws:lambda:eu-central-1:999988887777:function:trailkeeper-responder" }
}

mock_resource "aws_cloudwatch_event_bus" {
  defaults = { arn = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper" }
}

mock_resource "aws_cloudwatch_event_rule" {
  defaults = { arn = "arn:aws:events:eu-central-1:999988887777:rule/trailkeeper-trail-changes" }
}

mock_resource "aws_sqs_queue" {
  defaults = { arn = "arn:aws:sqs:eu-central-1:999988887777:trailkeeper-dead-letters" }
}

mock_resource "aws_s3_bucket" {
  defaults = { id = "the-package-bucket" }
}

mock_resource "aws_cloudformation_stack_set_instance" {
  defaults = { id = "an-instance" }
}

mock_resource "aws_organizations_policy" {
  defaults = { id = "p-0123456789" }
}
