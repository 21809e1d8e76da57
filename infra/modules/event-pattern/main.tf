locals {
  # What changes a bucket or a key, as it is recorded.
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
  evidence_calls = {
    log_bucket = {
      service = "s3"
      names = [
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        "PutBucketPublicAccessBlock",
        "DeleteBucketPublicAccessBlock",
        "PutBucketVersioning",
        "PutBucketEncryption",
        "DeleteBucketEncryption",
        "PutBucketLifecycle",
        "DeleteBucketLifecycle",
        "PutBucketObjectLockConfiguration",
        "PutBucketOwnershipControls",
        "DeleteBucketOwnershipControls",
        "PutBucketNotification",
        "PutBucketReplication",
        "DeleteBucketReplication",
        "PutBucketLogging",
        "PutBucketRequestPayment",
        "DeleteBucket",
        "CreateBucket",
      ]
      parameter = "bucketName"
    }
    log_key = {
      service   = "kms"
      names     = ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy", "DisableKeyRotation", "CreateAlias", "UpdateAlias", "DeleteAlias"]
      parameter = "keyId"
    }
    # The topic names the key, not its alias.
    topic_key = {
      service   = "kms"
      names     = ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy", "DisableKeyRotation"]
      parameter = "keyId"
    }
  }

  # Calls about other buckets and keys are kept out: an account makes many. Large calls
  # lose their parameters, and a call about an alias does not name a key: those come in,
  # and the function decides. A key is named by its ARN or its id.
  evidence_arns = merge(
    { for thing in var.evidence : thing.kind => thing.arn },
    { for topic in local.topics : "topic_key" => topic.key_arn },
  )
  patterns_of_evidence = { for kind, arn in local.evidence_arns : kind => {
    source        = ["aws.${local.evidence_calls[kind].service}"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["${local.evidence_calls[kind].service}.amazonaws.com"]
      eventName   = local.evidence_calls[kind].names
      requestParameters = {
        (local.evidence_calls[kind].parameter) = flatten([
          kind == "log_bucket" ? [] : [arn],
          reverse(split("/", split(":", arn)[5]))[0],
          { exists = false },
        ])
      }
    }
  } }

  # What changes a part of a responder, as it is recorded. Calls about what is named
  # otherwise are kept out; large ones and those that name nothing come in.
  responder_name = try(var.responder.name, "")
  functions      = try(var.responder.functions, "::::::")
  part_names     = [{ prefix = "${local.responder_name}-" }, { exists = false }]
  part_calls = {
    rule = {
      service    = "events"
      names      = ["DisableRule", "DeleteRule", "PutRule", "RemoveTargets", "PutTargets"]
      parameters = { name = local.part_names, rule = local.part_names }
    }
    # Lambda's names hold the date of their version.
    function = {
      service = "lambda"
      names = [for name in [
        "AddPermission",
        "CreateFunction2",
        "DeleteFunction",
        "PutFunctionConcurrency",
        "PutFunctionEventInvokeConfig",
        "RemovePermission",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
        "UpdateFunctionEventInvokeConfig",
      ] : { prefix = name }]
      parameters = { functionName = concat(
        [for prefix in [local.functions, join(":", slice(split(":", local.functions), 4, 7))] : { prefix = "${prefix}${local.responder_name}-" }],
        local.part_names,
      ) }
    }
  }
  # The understudy's schedule is made after the rules and, on destroy, goes before them:
  # the sweep finds it if it is gone. Who was denied that comes in. The responder's group
  # has no suffix.
  schedule_pattern = {
    source        = ["aws.scheduler"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["scheduler.amazonaws.com"]
      "$or" = [
        {
          eventName         = ["UpdateSchedule"]
          requestParameters = { name = local.part_names }
        },
        {
          eventName         = ["CreateSchedule", "DeleteSchedule", "DeleteScheduleGroup"]
          requestParameters = { name = [local.responder_name, "${local.responder_name}-sweep", { exists = false }] }
        },
        {
          eventName         = ["CreateSchedule", "DeleteSchedule", "DeleteScheduleGroup"]
          errorCode         = [{ exists = true }]
          requestParameters = { name = [{ prefix = "${local.responder_name}-" }] }
        },
      ]
    }
  }

  # What the responder leans on has one rule. Its services name nothing alike, so that a
  # call without any of these names is let in.
  account      = split(":", local.functions)[4]
  topics       = try(var.responder.topic[*], [])
  support_name = [{ prefix = "${local.responder_name}-" }]
  support_pattern = {
    source        = [for name in ["sns", "monitoring", "sqs", "logs", "dynamodb"] : "aws.${name}"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventName = [
        # SNS, and with the same names SQS.
        "SetTopicAttributes", "AddPermission", "RemovePermission", "Unsubscribe", "Subscribe", "SetSubscriptionAttributes", "DeleteTopic", "CreateTopic",
        # CloudWatch.
        "DeleteAlarms", "DisableAlarmActions", "PutMetricAlarm", "PutCompositeAlarm",
        # SQS.
        "SetQueueAttributes", "DeleteQueue", "PurgeQueue",
        # CloudWatch Logs.
        "PutRetentionPolicy", "DeleteRetentionPolicy", "AssociateKmsKey", "DisassociateKmsKey", "DeleteLogGroup", "CreateLogGroup",
        # DynamoDB.
        "PutResourcePolicy", "DeleteResourcePolicy", "UpdateTimeToLive", "DeleteTable", "CreateTable",
      ]
      "$or" = concat(
        [for topic in local.topics : { requestParameters = { topicArn = [topic.arn] } }],
        # Who makes a topic names no ARN.
        [for topic in local.topics : { requestParameters = { name = [reverse(split(":", topic.arn))[0]] } }],
        [for topic in local.topics : { requestParameters = { subscriptionArn = [{ prefix = "${topic.arn}:" }] } }],
        [
          { requestParameters = { alarmName = local.support_name } },
          { requestParameters = { alarmNames = local.support_name } },
          { requestParameters = { queueUrl = [{ suffix = "/${local.account}/${local.responder_name}-dead-letters" }] } },
          # The understudy's too.
          { requestParameters = { logGroupName = [{ prefix = "/aws/lambda/${local.responder_name}-responder" }] } },
          { requestParameters = { tableName = [{ suffix = "${local.responder_name}-incidents" }] } },
          { requestParameters = { resourceArn = [{ suffix = "/${local.responder_name}-incidents" }] } },
          { requestParameters = { for name in ["topicArn", "subscriptionArn", "name", "alarmName", "alarmNames", "queueUrl", "logGroupName", "tableName", "resourceArn"] : name => [{ exists = false }] } },
        ],
      )
    }
  }

  # Where IAM records its calls: the module global-events sends them from there.
  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
  iam_region = lookup({ aws-cn = "cn-north-1", aws-us-gov = "us-gov-west-1" }, split(":", local.functions)[1], "us-east-1")
  role_pattern = {
    source        = ["aws.iam"]
    region        = [local.iam_region]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["iam.amazonaws.com"]
      eventName = [
        "PutRolePolicy",
        "DeleteRolePolicy",
        "AttachRolePolicy",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "DeleteRolePermissionsBoundary",
        "UpdateAssumeRolePolicy",
        "DeleteRole",
        "CreateRole",
      ]
      requestParameters = { roleName = local.part_names }
    }
  }

  part_patterns = { for kind, pattern in merge(
    { for kind, part in local.part_calls : kind => {
      source        = ["aws.${part.service}"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource       = ["${part.service}.amazonaws.com"]
        eventName         = part.names
        requestParameters = part.parameters
      }
    } },
    { schedule = local.schedule_pattern, role = local.role_pattern, support = local.support_pattern },
    { for topic in local.topics : "topic_key" => local.patterns_of_evidence["topic_key"] },
  ) : kind => pattern if var.responder != null }

  # No parameters and no error code: oversized calls lose the former, and
  # denied attempts carry the latter. The function looks at both. Each name
  # exists at one of the two services only, so one pattern holds all.
  pattern = {
    source        = ["aws.cloudtrail", "aws.organizations"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["cloudtrail.amazonaws.com", "organizations.amazonaws.com"]
      eventName = [
        # CloudTrail: what changes a trail.
        "StopLogging",
        "UpdateTrail",
        "DeleteTrail",
        "PutEventSelectors",
        "PutInsightSelectors",
        "AddTags",
        "RemoveTags",
        "CreateTrail",
        # CloudTrail: what is only reported.
        "DeregisterOrganizationDelegatedAdmin",
        "PutEventConfiguration",
        # Organizations: reported. They arrive in us-east-1 only.
        "DisableAWSServiceAccess",
        "DeregisterDelegatedAdministrator",
        "LeaveOrganization",
        "RemoveAccountFromOrganization",
        "CloseAccount",
      ]
    }
  }
}
