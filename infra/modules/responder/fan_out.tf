# A large organisation is swept by many runs of the function: the first one lists
# the accounts and sends them here in portions.
locals {
  sweep_queue_name = "${var.name}-sweep-accounts"
  sweep_queue_arn  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.sweep_queue_name}"

  # Half of the runs at least stay free for events, however much there is to sweep.
  # 2 is the least that Lambda takes here, so 4 is the least that can be shared.
  # Without a reservation it is the account's limit that is shared: 10 in a new one.
  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
  sweep_concurrency = coalesce(var.reserved_concurrency, -1) == -1 ? 5 : min(1000, floor(var.reserved_concurrency / 2))

  sweep_queue_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyInsecureTransport"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = local.sweep_queue_arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sqs_queue" "sweep" {
  count = local.fan_out ? 1 : 0

  name = local.sweep_queue_name
  # What AWS asks for, so that a throttled run is tried again before the message
  # is given to another one.
  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  visibility_timeout_seconds = 6 * local.timeout
  # Longer than three tries take, so that no message goes before it has had them;
  # and no longer, because by then other sweeps have looked at the accounts.
  message_retention_seconds = 24 * local.timeout
  tags                      = var.tags

  # SQS's own key, as for the dead letters: nobody can disable it.
  sqs_managed_sse_enabled = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 3
  })
}

resource "aws_sqs_queue_policy" "sweep" {
  count = local.fan_out ? 1 : 0

  queue_url = aws_sqs_queue.sweep[0].url
  policy    = local.sweep_queue_policy
}

resource "aws_lambda_event_source_mapping" "sweep" {
  count = local.fan_out ? 1 : 0

  event_source_arn        = aws_sqs_queue.sweep[0].arn
  function_name           = aws_lambda_function.responder.arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  scaling_config {
    maximum_concurrency = local.sweep_concurrency
  }

  # As with the schedule: the sweep ends before anything that it needs.
  depends_on = [
    var.trails_ready,
    aws_iam_role_policy.responder,
    aws_sqs_queue_policy.sweep,
  ]
}
