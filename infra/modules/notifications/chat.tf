# Amazon Q Developer in chat applications reads nothing but the body of a message, and
# understands nothing but its own schema. So chats have a topic of their own.
# https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html

locals {
  has_chat        = var.chat != null
  chat_topic_name = "${var.name}-chat"
  chat_topic_arn  = "arn:${local.partition}:sns:${local.region}:${local.account}:${local.chat_topic_name}"
  has_channels    = length(try(var.chat.slack, {})) + length(try(var.chat.teams, {})) > 0

  # Nobody but principals of this account publishes, by their own policies.
  chat_topic_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "DenyInsecureTransport"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sns:Publish"
      Resource  = local.chat_topic_arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }], [for statement in local.only_named_change : merge(statement, { Resource = local.chat_topic_arn })])
  })

  # https://docs.aws.amazon.com/chatbot/latest/adminguide/cross-service-confused-deputy-prevention.html
  chat_trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ChatAssumesRole"
      Effect    = "Allow"
      Principal = { Service = "chatbot.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  # Notices need no permission. Nobody shall run commands from the channel.
  chat_guardrails = ["arn:${local.partition}:iam::aws:policy/AWSDenyAll"]
}

resource "aws_sns_topic" "chat" {
  count = local.has_chat ? 1 : 0

  name              = local.chat_topic_name
  kms_master_key_id = aws_kms_key.topic.arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "chat" {
  count = local.has_chat ? 1 : 0

  arn    = aws_sns_topic.chat[0].arn
  policy = local.chat_topic_policy
}

# Each configuration must have a role. This one may do nothing.
resource "aws_iam_role" "chat" {
  count = local.has_channels ? 1 : 0

  name                 = "${var.name}-chat"
  description          = "Of the channels that get Trailkeeper's notices; without permissions"
  assume_role_policy   = local.chat_trust_policy
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_chatbot_slack_channel_configuration" "this" {
  for_each = try(var.chat.slack, {})

  configuration_name    = "${var.name}-${each.key}"
  iam_role_arn          = aws_iam_role.chat[0].arn
  slack_team_id         = each.value.team_id
  slack_channel_id      = each.value.channel_id
  sns_topic_arns        = [aws_sns_topic.chat[0].arn]
  guardrail_policy_arns = local.chat_guardrails
  tags                  = var.tags
}

resource "aws_chatbot_teams_channel_configuration" "this" {
  for_each = try(var.chat.teams, {})

  configuration_name    = "${var.name}-${each.key}"
  iam_role_arn          = aws_iam_role.chat[0].arn
  tenant_id             = each.value.tenant_id
  team_id               = each.value.team_id
  channel_id            = each.value.channel_id
  sns_topic_arns        = [aws_sns_topic.chat[0].arn]
  guardrail_policy_arns = local.chat_guardrails
  tags                  = var.tags
}
