# What makes a responder an organisation's hub: it hears of the members' changes
# on a bus, and heals there with the role that each member has for it.
locals {
  is_hub  = var.hub != null
  fan_out = local.is_hub ? var.hub.fan_out : false

  member_baselines = local.is_hub ? var.hub.member_baselines : []
  all_baselines    = concat(var.baselines, local.member_baselines)

  # The module member and the template for StackSets use this name.
  member_role_name = "${var.name}-remediation"
  hub_rule_name    = "${var.name}-member-changes"

  hub_rule_arns = [for name in var.hub[*].bus_name : "arn:${local.partition}:events:${local.region}:${local.account}:rule/${name}/${local.hub_rule_name}"]
  rule_arns     = concat([local.rule_arn], values(local.evidence_rule_arns), values(local.guard_rule_arns), local.hub_rule_arns)

  hub_environment = local.is_hub ? {
    TRAILKEEPER_MEMBER_TRAILS     = join(",", [for b in local.member_baselines : "${b.trail_arn}=${b.parameter_name}"])
    TRAILKEEPER_MEMBER_ROLE       = local.member_role_name
    TRAILKEEPER_EXTERNAL_ID       = var.hub.external_id
    TRAILKEEPER_EXCLUDED_ACCOUNTS = join(",", distinct(var.hub.excluded_accounts))
    TRAILKEEPER_SWEEP_QUEUE_URL   = try(aws_sqs_queue.sweep[0].url, "")
  } : {}

  # Lambda measures the variables as JSON. The values that are known only once
  # something is made have these forms, so that a plan can already tell.
  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
  environment_limit = 4096
  environment_bytes = length(jsonencode({ for name, value in merge(
    local.environment,
    var.guard_responder ? { TRAILKEEPER_GUARD = "${local.guard_path}/list/${sha256("")}" } : {},
    local.fan_out ? { TRAILKEEPER_SWEEP_QUEUE_URL = "https://sqs.${local.region}.${local.dns_suffix}/${local.account}/${local.sweep_queue_name}" } : {},
  ) : name => value if value != "" }))

  excluded_condition = local.is_hub && length(try(var.hub.excluded_accounts, [])) > 0 ? {
    StringNotEquals = { "aws:ResourceAccount" = distinct(var.hub.excluded_accounts) }
  } : {}

  hub_candidates = [
    [local.is_hub, {
      # Any account, because accounts come and go; but only this organisation's,
      # and only the role that trusts exactly this one.
      # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid
      Sid      = "AssumeRemediationRoles"
      Effect   = "Allow"
      Action   = "sts:AssumeRole"
      Resource = "arn:${local.partition}:iam::*:role/${local.member_role_name}"
      Condition = merge(
        { StringEquals = { "aws:ResourceOrgID" = try(var.hub.organization_id, "") } },
        local.excluded_condition,
      )
    }],
    [local.is_hub, {
      # For the sweep. Organizations knows no resource for it.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
      Sid      = "ListAccounts"
      Effect   = "Allow"
      Action   = "organizations:ListAccounts"
      Resource = "*"
    }],
    [local.fan_out, {
      Sid      = "ShareSweep"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = local.sweep_queue_arn
    }],
    [local.fan_out, {
      # Lambda takes the messages with the role's permissions.
      # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      Sid      = "TakeSweepMessages"
      Effect   = "Allow"
      Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      Resource = local.sweep_queue_arn
    }],
  ]
  hub_statements = [for candidate in local.hub_candidates : candidate[1] if candidate[0]]

  foreign_member_region_arns = [for b in local.member_baselines : b.trail_arn if split(":", b.trail_arn)[3] != local.region]
  own_member_arns            = [for b in local.member_baselines : b.trail_arn if split(":", b.trail_arn)[4] == local.account]
}

resource "aws_cloudwatch_event_rule" "member_changes" {
  count = local.is_hub ? 1 : 0

  name           = local.hub_rule_name
  description    = local.rules["member"].description
  event_bus_name = var.hub.bus_name
  event_pattern  = jsonencode(local.rules["member"].pattern)
  tags           = var.tags

  lifecycle {
    precondition {
      condition     = length(local.foreign_member_region_arns) == 0
      error_message = "A trail is changed in its home region only, and the hub is deployed in ${local.region}. Deploy it in the home region of: ${join(", ", local.foreign_member_region_arns)}."
    }

    precondition {
      condition     = length(local.own_member_arns) == 0
      error_message = "This is the hub's own account, ${local.account}, whose trails it heals with its own role. Move to baselines: ${join(", ", local.own_member_arns)}."
    }
  }

  # As with the rule beside the function.
  depends_on = [var.trails_ready, var.hub, aws_lambda_function.responder, aws_lambda_function.understudy]
}

resource "aws_cloudwatch_event_target" "member_changes" {
  count = local.is_hub ? 1 : 0

  rule           = aws_cloudwatch_event_rule.member_changes[0].name
  event_bus_name = aws_cloudwatch_event_rule.member_changes[0].event_bus_name
  target_id      = local.target_id
  arn            = aws_lambda_function.responder.arn

  retry_policy {
    maximum_event_age_in_seconds = local.target_retries.maximum_event_age_in_seconds
    maximum_retry_attempts       = local.target_retries.maximum_retry_attempts
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  depends_on = [
    var.trails_ready,
    aws_lambda_permission.member_changes,
    aws_lambda_function_event_invoke_config.responder,
    aws_sqs_queue_policy.dead_letters,
  ]
}

resource "aws_lambda_permission" "member_changes" {
  count = local.is_hub ? 1 : 0

  statement_id  = local.rules["member"].sid
  function_name = aws_lambda_function.responder.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.member_changes[0].arn
}
