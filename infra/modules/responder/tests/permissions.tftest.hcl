# Who may do what. Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  guard_responder = false
  # Any file does: a plan reads only its hash.
  package = "main.tf"
  baselines = [
    {
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
      parameter_name            = "/trailkeeper/trailkeeper/first/1111"
      parameter_path            = "/trailkeeper/trailkeeper/first"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      cloud_watch_logs_role_arn = "arn:aws:iam::123456789012:role/copy"
    },
    {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"
      parameter_name   = "/trailkeeper/trailkeeper/second/2222"
      parameter_path   = "/trailkeeper/trailkeeper/second"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    },
  ]
  topic_arn         = "arn:aws:sns:eu-central-1:123456789012:alerts"
  topic_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/topic"
}

run "baselines_from_elsewhere_are_read_by_their_paths" {
  command = plan

  variables {
    guard_responder = true
    baselines       = [merge(var.baselines[0], { parameter_path = "/elsewhere/first" }), var.baselines[1]]
  }

  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Resource if s.Sid == "ReadBaselines"]) == ["arn:aws:ssm:eu-central-1:123456789012:parameter/elsewhere/first/*", "arn:aws:ssm:eu-central-1:123456789012:parameter/trailkeeper/trailkeeper/*"]
    error_message = "Nothing else of what is elsewhere may be read."
  }
}

run "role_has_one_statement_per_purpose" {
  command = plan

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => flatten([s.Action]) } == {
      RestoreTrails             = ["cloudtrail:StartLogging"]
      ReconcileSettings         = ["cloudtrail:UpdateTrail"]
      ReconcileEventSelectors   = ["cloudtrail:PutEventSelectors"]
      ReconcileInsightSelectors = ["cloudtrail:PutInsightSelectors"]
      ReconcileTags             = ["cloudtrail:AddTags", "cloudtrail:RemoveTags"]
      RecreateTrails            = ["cloudtrail:CreateTrail"]
      PassLogsRole              = ["iam:PassRole"]
      VerifyTrails              = ["cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags"]
      ReadBaselines             = ["ssm:GetParameter"]
      AttributeChanges          = ["cloudtrail:LookupEvents"]
      RememberIncidents         = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      PublishNotices            = ["sns:Publish"]
      EncryptNotices            = ["kms:GenerateDataKey", "kms:Decrypt"]
      WriteLogs                 = ["logs:CreateLogStream", "logs:PutLogEvents"]
      SendDeadLetters           = ["sqs:SendMessage"]
    }
    error_message = "The role must have exactly the permissions its calls need."
  }
  assert {
    # The second trail is guarded for its logging state alone.
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => flatten([s.Resource]) } == {
      RestoreTrails             = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"]
      ReconcileSettings         = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"]
      ReconcileEventSelectors   = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"]
      ReconcileInsightSelectors = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"]
      ReconcileTags             = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"]
      RecreateTrails            = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"]
      PassLogsRole              = ["arn:aws:iam::123456789012:role/copy"]
      VerifyTrails              = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"]
      ReadBaselines             = ["arn:aws:ssm:eu-central-1:123456789012:parameter/trailkeeper/trailkeeper/first/*", "arn:aws:ssm:eu-central-1:123456789012:parameter/trailkeeper/trailkeeper/second/*"]
      AttributeChanges          = ["*"]
      RememberIncidents         = ["arn:aws:dynamodb:eu-central-1:123456789012:table/trailkeeper-incidents"]
      PublishNotices            = ["arn:aws:sns:eu-central-1:123456789012:alerts"]
      EncryptNotices            = ["arn:aws:kms:eu-central-1:123456789012:key/topic"]
      WriteLogs                 = ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/trailkeeper-responder:log-stream:*"]
      SendDeadLetters           = ["arn:aws:sqs:eu-central-1:123456789012:trailkeeper-dead-letters"]
    }
    error_message = "Every statement must name what it is for."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => s.Condition if can(s.Condition) } == {
      PassLogsRole     = { StringEquals = { "iam:PassedToService" = "cloudtrail.amazonaws.com" } }
      AttributeChanges = { StringEquals = { "aws:RequestedRegion" = ["eu-central-1", "us-east-1"] } }
      EncryptNotices   = { StringEquals = { "kms:ViaService" = "sns.eu-central-1.amazonaws.com" } }
    }
    error_message = "The role is passed to CloudTrail only, the event history is this region's and that of IAM's calls, and the topic's key is used through SNS only."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Effect == "Allow"])
    error_message = "Every statement allows something."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role.responder.assume_role_policy).Statement : [s.Effect, s.Principal, s.Action]] == [
      ["Allow", { Service = "lambda.amazonaws.com" }, "sts:AssumeRole"]
    ]
    error_message = "Only Lambda may assume the role."
  }
}

run "observe_has_no_permission_to_change" {
  command = plan

  variables {
    mode = "observe"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid] == ["VerifyTrails", "AttributeChanges", "ReadBaselines", "RememberIncidents", "PublishNotices", "EncryptNotices", "WriteLogs", "SendDeadLetters"]
    error_message = "Observing needs to read and to tell, nothing else."
  }
  assert {
    condition     = aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_MODE"] == "observe"
    error_message = "The function must know the mode."
  }
}

run "a_trail_guarded_for_its_logging_alone" {
  command = plan

  variables {
    baselines = [
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"
        parameter_name   = "/trailkeeper/trailkeeper/second/1111"
        parameter_path   = "/trailkeeper/trailkeeper/second"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      },
    ]
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid] == ["RestoreTrails", "VerifyTrails", "AttributeChanges", "ReadBaselines", "RememberIncidents", "PublishNotices", "EncryptNotices", "WriteLogs", "SendDeadLetters"]
    error_message = "What is not guarded must not be changeable."
  }
}

run "each_group_has_its_own_permission" {
  command = plan

  variables {
    baselines = [
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/settings"
        parameter_name   = "/trailkeeper/trailkeeper/settings/1111"
        parameter_path   = "/trailkeeper/trailkeeper/settings"
        can_be_recreated = false
        guards           = { settings = true, event_selectors = false, insight_selectors = false, tags = false }
      },
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/selectors"
        parameter_name   = "/trailkeeper/trailkeeper/selectors/1111"
        parameter_path   = "/trailkeeper/trailkeeper/selectors"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = true, insight_selectors = false, tags = false }
      },
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/insights"
        parameter_name   = "/trailkeeper/trailkeeper/insights/1111"
        parameter_path   = "/trailkeeper/trailkeeper/insights"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = true, tags = false }
      },
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/tags"
        parameter_name   = "/trailkeeper/trailkeeper/tags/1111"
        parameter_path   = "/trailkeeper/trailkeeper/tags"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = true }
      },
    ]
  }

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => s.Resource if startswith(s.Sid, "Reconcile") } == {
      ReconcileSettings         = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/settings"]
      ReconcileEventSelectors   = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/selectors"]
      ReconcileInsightSelectors = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/insights"]
      ReconcileTags             = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/tags"]
    }
    error_message = "A trail may be changed only in what its baseline guards."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.responder.policy, "cloudtrail:CreateTrail")
    error_message = "A trail without a declared bucket cannot be made again."
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
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:eu-central-1:123456789012:rule/trailkeeper-trail-changes" } }
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

run "log_key_serves_these_log_groups_only" {
  command = plan

  assert {
    condition = [for s in jsondecode(aws_kms_key.logs.policy).Statement : [s.Principal.Service, s.Condition] if can(s.Principal.Service)] == [[
      "logs.eu-central-1.amazonaws.com",
      { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = [
        "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/trailkeeper-responder",
        "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/trailkeeper-responder-understudy",
      ] } },
    ]]
    error_message = "The key must serve this region's CloudWatch Logs, for the two log groups."
  }
}

run "no_partition_is_hard_coded" {
  command = plan

  variables {
    baselines = [
      {
        trail_arn        = "arn:aws-cn:cloudtrail:cn-north-1:123456789012:trail/first"
        parameter_name   = "/trailkeeper/trailkeeper/first/1111"
        parameter_path   = "/trailkeeper/trailkeeper/first"
        can_be_recreated = false
        guards           = { settings = true, event_selectors = false, insight_selectors = false, tags = false }
      },
    ]
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
    condition     = !strcontains("${aws_iam_role_policy.responder.policy}${aws_sqs_queue_policy.dead_letters.policy}${aws_kms_key.logs.policy}${aws_iam_role.sweep.assume_role_policy}${aws_iam_role_policy.sweep.policy}${aws_iam_role_policy.understudy[0].policy}${aws_iam_role.understudy_sweep[0].assume_role_policy}${aws_iam_role_policy.understudy_sweep[0].policy}${jsonencode(aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_PEER_ROLES"])}", "arn:aws:")
    error_message = "Policies must use the partition they are deployed in."
  }
  assert {
    condition     = strcontains(aws_iam_role_policy.responder.policy, "\"sns.cn-north-1.amazonaws.com.cn\"")
    error_message = "Service names must use the partition's suffix."
  }
}

run "chats_are_told_only_if_there_are_any" {
  command = plan

  variables {
    chat_topic_arn = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-chat"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : [s.Action, s.Resource] if s.Sid == "PublishToChats"] == [["sns:Publish", "arn:aws:sns:eu-central-1:123456789012:trailkeeper-chat"]]
    error_message = "The role must be able to publish to the chats' topic, and to nothing else for it."
  }
  assert {
    condition     = aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_CHAT_TOPIC_ARN"] == "arn:aws:sns:eu-central-1:123456789012:trailkeeper-chat"
    error_message = "The function must know the chats' topic."
  }
}

run "queue_and_table_are_changed_by_those_who_are_named" {
  command = plan

  variables {
    only_changed_by = ["arn:aws:iam::123456789012:role/deploy"]
  }

  assert {
    condition = alltrue([for policy in [aws_sqs_queue_policy.dead_letters.policy, aws_dynamodb_resource_policy.incidents.policy] :
      [for s in jsondecode(policy).Statement : s.Condition if s.Sid == "OnlyNamedChange"] == [
        { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::123456789012:root"] } }
      ]
    ])
    error_message = "Those who are named, and the root user, who alone could undo a mistake."
  }
}
