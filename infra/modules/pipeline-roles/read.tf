locals {
  # What the AWS provider reads of each resource when it refreshes. Not
  # ReadOnlyAccess: that reads every log, object, secret and queue of the account.
  read_statements = [
    [true, "ReadTrails", ["cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags"], local.resources.trails, null],
    [true, "ReadBuckets", ["s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:ListTagsForResource"], local.resources.buckets, local.own_account],
    # The settings of a key. Its use, Decrypt, is not among them.
    [true, "ReadKeys", ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"], local.resources.keys, null],
    [true, "ReadTopics", ["sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListTagsForResource"], local.resources.topics, null],
    [true, "ReadQueues", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"], local.resources.queues, null],
    [true, "ReadFunctions", ["lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration", "lambda:GetFunctionEventInvokeConfig", "lambda:GetPolicy", "lambda:ListTags", "lambda:ListVersionsByFunction"], local.resources.functions, null],
    [true, "ReadRules", ["events:DescribeEventBus", "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"], concat([local.resources.buses], local.resources.rules), null],
    [true, "ReadSchedules", ["scheduler:GetSchedule", "scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"], concat(local.resources.groups, local.resources.schedules), null],
    [true, "ReadTables", ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:GetResourcePolicy", "dynamodb:ListTagsOfResource"], local.resources.tables, null],
    # Baselines are no secret; nothing else is below this path.
    [true, "ReadBaselines", ["ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"], local.resources.parameters, null],
    [true, "ReadLogGroups", "logs:ListTagsForResource", local.resources.log_groups, null],
    [true, "ReadAlarms", "cloudwatch:ListTagsForResource", local.resources.alarms, null],
    [true, "ReadRoles", ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoleTags"], local.resources.roles, null],
    # These know no narrower resource, or answer in part only with one (alarms); they
    # show names and settings, never contents.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    [true, "ListWhatHasNoArn", ["cloudtrail:DescribeTrails", "cloudwatch:DescribeAlarms", "kms:ListAliases", "lambda:GetEventSourceMapping", "logs:DescribeLogGroups", "ssm:DescribeParameters"], "*", null],
    [var.stack_sets, "ReadStackSets", ["cloudformation:DescribeStackSet", "cloudformation:DescribeStackSetOperation", "cloudformation:ListStackInstances", "cloudformation:DescribeStackInstance", "cloudformation:ListStackSetOperationResults"], local.resources.stack_sets, null],
    [var.stack_sets, "ReadPackages", ["s3:GetObject", "s3:GetObjectTagging"], local.package_objects, local.own_account],
    # Organizations answers these for the whole organisation or not at all.
    [var.stack_sets, "ReadOrganization", ["organizations:DescribeOrganization", "organizations:DescribePolicy", "organizations:ListAccounts", "organizations:ListDelegatedAdministrators", "organizations:ListRoots", "organizations:ListTagsForResource", "organizations:ListTargetsForPolicy"], "*", null],
  ]

  own_account = { StringEquals = { "aws:ResourceAccount" = local.account } }

  # The package bucket of the module organization, never the logs.
  package_objects = "${local.arn}:s3:::${var.name}-packages-*/*"

  read_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for s in local.read_statements : merge(
        { Sid = s[1], Effect = "Allow", Action = s[2], Resource = s[3] },
        s[4] == null ? {} : { Condition = s[4] },
      ) if s[0]
    ]
  })

  # The lock is an object beside the state. A plan takes none: -lock=false.
  state         = var.state == null ? { bucket = "", keys = [], kms_key_arn = null } : var.state
  state_files   = [for key in local.state.keys : "${local.arn}:s3:::${local.state.bucket}/${key}"]
  state_has_key = local.state.kms_key_arn != null
  state_statements = [
    [["plan", "apply"], true, { Sid = "FindState", Effect = "Allow", Action = "s3:ListBucket", Resource = "${local.arn}:s3:::${local.state.bucket}" }],
    [["plan", "apply"], true, { Sid = "ReadState", Effect = "Allow", Action = "s3:GetObject", Resource = local.state_files }],
    [["plan", "apply"], local.state_has_key, { Sid = "DecryptState", Effect = "Allow", Action = "kms:Decrypt", Resource = local.state.kms_key_arn }],
    [["apply"], true, { Sid = "WriteState", Effect = "Allow", Action = "s3:PutObject", Resource = local.state_files }],
    [["apply"], true, { Sid = "LockState", Effect = "Allow", Action = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], Resource = [for file in local.state_files : "${file}.tflock"] }],
    [["apply"], local.state_has_key, { Sid = "EncryptState", Effect = "Allow", Action = "kms:GenerateDataKey", Resource = local.state.kms_key_arn }],
  ]
  state_policies = {
    for role in var.state == null ? [] : ["plan", "apply"] : role => jsonencode({
      Version   = "2012-10-17"
      Statement = [for s in local.state_statements : s[2] if contains(s[0], role) && s[1]]
    })
  }
}
