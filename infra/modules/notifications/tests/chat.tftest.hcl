# Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-central-1" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/trailkeeper-chat" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts" }
  }
}

run "no_chat_unless_asked_for" {
  command = plan

  assert {
    condition = (
      length(aws_sns_topic.chat) == 0 && length(aws_iam_role.chat) == 0 && output.chat_topic_arn == null
      && length(aws_chatbot_slack_channel_configuration.this) == 0 && length(aws_chatbot_teams_channel_configuration.this) == 0
    )
    error_message = "Nothing is made for chats unless asked for."
  }
}

run "the_topic_alone" {
  command = plan

  variables {
    chat = {}
  }

  assert {
    condition     = aws_sns_topic.chat[0].name == "trailkeeper-chat" && aws_sns_topic.chat[0].kms_master_key_id == aws_kms_key.topic.arn
    error_message = "The chats' topic must be encrypted as the other is."
  }
  assert {
    condition     = length(aws_iam_role.chat) == 0
    error_message = "A topic needs no role."
  }
  assert {
    condition     = [for s in jsondecode(aws_sns_topic_policy.chat[0].policy).Statement : "${s.Effect} ${s.Action} ${s.Resource}"] == ["Deny sns:Publish arn:aws:sns:eu-central-1:123456789012:trailkeeper-chat"]
    error_message = "The topic's policy lets nobody in, and denies plain HTTP."
  }
}

run "channels_may_do_nothing" {
  command = plan

  variables {
    chat = {
      slack = { security = { team_id = "T07EA123LEP", channel_id = "C07EZ1ABC23" } }
      teams = { soc = {
        tenant_id  = "00000000-1111-2222-3333-444444444444"
        team_id    = "55555555-6666-7777-8888-999999999999"
        channel_id = "19%3aab6ef35cc33@thread.tacv2"
      } }
    }
    permissions_boundary = "arn:aws:iam::123456789012:policy/bounded"
  }

  assert {
    condition = (
      aws_chatbot_slack_channel_configuration.this["security"].configuration_name == "trailkeeper-security"
      && aws_chatbot_slack_channel_configuration.this["security"].sns_topic_arns == toset([aws_sns_topic.chat[0].arn])
      && aws_chatbot_teams_channel_configuration.this["soc"].sns_topic_arns == toset([aws_sns_topic.chat[0].arn])
    )
    error_message = "Each channel must get the chats' topic."
  }
  assert {
    condition = alltrue([for c in concat(values(aws_chatbot_slack_channel_configuration.this), values(aws_chatbot_teams_channel_configuration.this)) :
      c.iam_role_arn == aws_iam_role.chat[0].arn && toset(c.guardrail_policy_arns) == toset(["arn:aws:iam::aws:policy/AWSDenyAll"])
    ])
    error_message = "Nobody runs commands from a channel that gets notices."
  }
  assert {
    condition     = jsondecode(aws_iam_role.chat[0].assume_role_policy).Statement[0].Condition == { StringEquals = { "aws:SourceAccount" = "123456789012" } } && aws_iam_role.chat[0].permissions_boundary == "arn:aws:iam::123456789012:policy/bounded"
    error_message = "Only Amazon Q Developer of this account may use the role, which is bounded."
  }
}

run "channels_are_checked" {
  command = plan

  variables {
    chat = { slack = { security = { team_id = "my workspace", channel_id = "#security" } } }
  }

  expect_failures = [var.chat]
}

run "one_name_for_one_channel" {
  command = plan

  variables {
    chat = {
      slack = { security = { team_id = "T07EA123LEP", channel_id = "C07EZ1ABC23" } }
      teams = { security = {
        tenant_id  = "00000000-1111-2222-3333-444444444444"
        team_id    = "55555555-6666-7777-8888-999999999999"
        channel_id = "19%3aab6ef35cc33@thread.tacv2"
      } }
    }
  }

  expect_failures = [var.chat]
}
