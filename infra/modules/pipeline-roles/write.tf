locals {
  # Two policies, because IAM takes 6144 characters in one: what is guarded and
  # told, and what guards it.
  write_statements = {
    guarded = [
      # Without StopLogging: Terraform never stops the trail, it only declares that it logs.
      [true, "ChangeTrails", ["cloudtrail:AddTags", "cloudtrail:CreateTrail", "cloudtrail:PutEventSelectors", "cloudtrail:PutInsightSelectors", "cloudtrail:RemoveTags", "cloudtrail:StartLogging", "cloudtrail:UpdateTrail"], local.resources.trails, null],
      [true, "ChangeBuckets", ["s3:CreateBucket", "s3:PutBucket*", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:TagResource", "s3:UntagResource"], local.resources.buckets, local.own_account],
      [true, "MakeKeys", "kms:CreateKey", "*", null],
      [true, "SetUpNewKeys", ["kms:CreateAlias", "kms:EnableKeyRotation", "kms:PutKeyPolicy", "kms:TagResource"], local.resources.keys, local.key_is_new],
      [true, "ChangeKeys", ["kms:CreateAlias", "kms:EnableKeyRotation", "kms:PutKeyPolicy", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription"], local.resources.keys, local.key_is_ours],
      [true, "NameKeys", ["kms:CreateAlias", "kms:UpdateAlias"], local.resources.aliases, null],
      [true, "ChangeTopics", ["sns:CreateTopic", "sns:DeleteTopic", "sns:SetSubscriptionAttributes", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:Unsubscribe", "sns:UntagResource"], local.resources.topics, null],
      [true, "ChangeBaselines", ["ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource"], local.resources.parameters, null],
      # What a terraform destroy needs beyond that.
      [var.allow_destroy, "DestroyTrails", ["cloudtrail:DeleteTrail", "cloudtrail:StopLogging"], local.resources.trails, null],
      [var.allow_destroy, "DestroyBuckets", ["s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"], [local.resources.buckets, local.resources.objects], local.own_account],
      [var.allow_destroy, "DestroyKeys", ["kms:DeleteAlias", "kms:ScheduleKeyDeletion"], local.resources.keys, local.key_is_ours],
      # The alias goes before its key does.
      [var.allow_destroy, "DestroyNamelessKeys", "kms:ScheduleKeyDeletion", local.resources.keys, local.key_is_new],
      [var.allow_destroy, "DestroyAliases", "kms:DeleteAlias", local.resources.aliases, null],
    ]
    responder = [
      [true, "ChangeQueues", ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"], local.resources.queues, null],
      [true, "ChangeFunctions", ["lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunction", "lambda:DeleteFunctionConcurrency", "lambda:DeleteFunctionEventInvokeConfig", "lambda:PutFunctionConcurrency", "lambda:PutFunctionEventInvokeConfig", "lambda:RemovePermission", "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:UpdateFunctionEventInvokeConfig"], local.resources.functions, null],
      # A mapping has a random name; the function it feeds is the limit.
      [true, "ChangeMappings", ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"], "*", { ArnLike = { "lambda:FunctionArn" = local.resources.functions } }],
      [true, "ChangeRules", ["events:CreateEventBus", "events:DeleteEventBus", "events:DeleteRule", "events:PutPermission", "events:PutRule", "events:PutTargets", "events:RemovePermission", "events:RemoveTargets", "events:TagResource", "events:UntagResource", "events:UpdateEventBus"], concat([local.resources.buses], local.resources.rules), null],
      [true, "ChangeSchedules", ["scheduler:CreateSchedule", "scheduler:CreateScheduleGroup", "scheduler:DeleteSchedule", "scheduler:DeleteScheduleGroup", "scheduler:TagResource", "scheduler:UntagResource", "scheduler:UpdateSchedule"], concat(local.resources.groups, local.resources.schedules), null],
      [true, "ChangeTables", ["dynamodb:CreateTable", "dynamodb:DeleteResourcePolicy", "dynamodb:DeleteTable", "dynamodb:PutResourcePolicy", "dynamodb:TagResource", "dynamodb:UntagResource", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive"], local.resources.tables, null],
      [true, "ChangeLogGroups", ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"], local.resources.log_groups, null],
      [true, "ChangeAlarms", ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"], local.resources.alarms, null],
      # The boundary below says which roles, and that they are bounded in turn.
      [true, "ChangeRoles", ["iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:ListInstanceProfilesForRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateRole", "iam:UpdateRoleDescription"], local.resources.roles, null],
      [var.allow_trust_changes, "ChangeTrust", "iam:UpdateAssumeRolePolicy", local.resources.roles, null],
      [true, "PassRoles", "iam:PassRole", local.resources.roles, { StringEquals = { "iam:PassedToService" = ["events.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com"] } }],
      [var.stack_sets, "ChangeStackSets", ["cloudformation:CreateStackInstances", "cloudformation:CreateStackSet", "cloudformation:DeleteStackInstances", "cloudformation:DeleteStackSet", "cloudformation:StopStackSetOperation", "cloudformation:TagResource", "cloudformation:UntagResource", "cloudformation:UpdateStackInstances", "cloudformation:UpdateStackSet"], local.resources.stack_sets, null],
      [var.stack_sets, "ChangePackages", ["s3:DeleteObject", "s3:PutObject", "s3:PutObjectTagging"], local.package_objects, local.own_account],
    ]
  }

  write_policies = {
    for key, statements in local.write_statements : key => jsonencode({
      Version = "2012-10-17"
      Statement = [
        for s in statements : merge(
          { Sid = s[1], Effect = "Allow", Action = s[2], Resource = s[3] },
          s[4] == null ? {} : { Condition = s[4] },
        ) if s[0]
      ]
    })
  }
}
