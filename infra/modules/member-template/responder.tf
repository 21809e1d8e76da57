# A responder in the member itself: what the module responder makes, without
# what would cost too much in thousands of accounts (a key for the log) or is
# not sure to be had there (reserved concurrency: new accounts have too little).
locals {
  function_name  = "${var.name}-responder"
  log_group_name = "/aws/lambda/${local.function_name}"
  queue_name     = "${var.name}-dead-letters"
  rule_name      = "${var.name}-trail-changes"
  table_name     = "${var.name}-incidents"
  schedule_name  = "${var.name}-sweep"

  here           = "$${AWS::Region}:$${AWS::AccountId}"
  function_arn   = { "Fn::Sub" = "arn:$${AWS::Partition}:lambda:${local.here}:function:${local.function_name}" }
  responder_role = { "Fn::Sub" = "arn:$${AWS::Partition}:iam::$${AWS::AccountId}:role/${local.function_name}" }
  queue_arn      = { "Fn::Sub" = "arn:$${AWS::Partition}:sqs:${local.here}:${local.queue_name}" }
  rule_arn       = { "Fn::Sub" = "arn:$${AWS::Partition}:events:${local.here}:rule/${local.rule_name}" }
  table_arn      = { "Fn::Sub" = "arn:$${AWS::Partition}:dynamodb:${local.here}:table/${local.table_name}" }

  # Concrete ARNs; the documents keep {account}, because their hash is that of
  # the text as it was declared.
  trails = join(",", [
    for b in local.shared_baselines : "${replace(replace(b.trail_arn, "arn:${local.partition}:", "arn:$${AWS::Partition}:"), "{account}", "$${AWS::AccountId}")}=${b.parameter_name}"
  ])

  responder_resources = merge(local.responder_role_resources, local.trigger_resources, local.alarm_resources, [for responder in var.responder[*] : merge(
    {
      Function = {
        Type = "AWS::Lambda::Function"
        # By now it can be read which trails it guards.
        DependsOn = [for index, b in local.shared_baselines : "Baseline${index}"]
        Properties = {
          FunctionName  = local.function_name
          Description   = "Keeps CloudTrail trails as the security account declared them"
          Role          = { "Fn::GetAtt" = ["ResponderRole", "Arn"] }
          Runtime       = "provided.al2023"
          Handler       = "bootstrap"
          Architectures = [responder.architecture]
          Code          = { S3Bucket = responder.package_bucket, S3Key = responder.package_key }
          Timeout       = 60
          MemorySize    = responder.memory_size
          Environment = {
            Variables = merge(
              {
                TRAILKEEPER_TRAILS          = { "Fn::Sub" = local.trails }
                TRAILKEEPER_TOPIC_ARN       = responder.topic_arn
                TRAILKEEPER_MODE            = var.mode
                TRAILKEEPER_ROLE_ARN        = { "Fn::GetAtt" = ["ResponderRole", "Arn"] }
                TRAILKEEPER_INCIDENTS_TABLE = { Ref = "Incidents" }
                # What the hub does here is no attack.
                TRAILKEEPER_PEER_ROLES = { "Fn::Sub" = "arn:$${AWS::Partition}:iam::$${AWS::AccountId}:role/${local.remediation_role}" }
              },
              # Lambda refuses empty values.
              concat(
                [for principals in [join(",", distinct(responder.change_principals))] : { TRAILKEEPER_CHANGE_PRINCIPALS = principals } if principals != ""],
                [for entries in [responder.break_glass] : { TRAILKEEPER_BREAK_GLASS = jsonencode(entries) } if length(entries) > 0],
              )...
            )
          }
          LoggingConfig = {
            LogFormat = "JSON"
            LogGroup  = { Ref = "LogGroup" }
            # Not a choice: Lambda takes metric lines for INFO and would drop them above it.
            ApplicationLogLevel = "INFO"
            SystemLogLevel      = "INFO"
          }
        }
      }

      Retries = {
        Type = "AWS::Lambda::EventInvokeConfig"
        Properties = {
          FunctionName             = { Ref = "Function" }
          Qualifier                = "$LATEST"
          MaximumRetryAttempts     = 2
          MaximumEventAgeInSeconds = 21600
          DestinationConfig        = { OnFailure = { Destination = { "Fn::GetAtt" = ["DeadLetters", "Arn"] } } }
        }
      }

      LogGroup = {
        Type       = "AWS::Logs::LogGroup"
        Properties = { LogGroupName = local.log_group_name, RetentionInDays = responder.log_retention_days }
      }

      # Which incidents have been told, so that a copy of an event stays silent.
      Incidents = {
        Type = "AWS::DynamoDB::Table"
        Properties = {
          TableName               = local.table_name
          BillingMode             = "PAY_PER_REQUEST"
          AttributeDefinitions    = [{ AttributeName = "id", AttributeType = "S" }]
          KeySchema               = [{ AttributeName = "id", KeyType = "HASH" }]
          TimeToLiveSpecification = { AttributeName = "expires_at", Enabled = true }
          # Whoever could write here could silence a notice beforehand.
          ResourcePolicy = {
            PolicyDocument = {
              Version = "2012-10-17"
              Statement = [{
                Sid       = "OnlyResponderWrites"
                Effect    = "Deny"
                Principal = "*"
                Action    = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate", "dynamodb:PutItem", "dynamodb:UpdateItem"]
                Resource  = local.table_arn
                Condition = { ArnNotEquals = { "aws:PrincipalArn" = local.responder_role } }
              }]
            }
          }
        }
      }
    },
    # The last part of the name is the hash of the value, so another baseline is
    # another parameter, and the function notices a value that somebody else wrote.
    { for index, b in local.shared_baselines : "Baseline${index}" => {
      Type = "AWS::SSM::Parameter"
      Properties = {
        Name        = b.parameter_name
        Description = "What a trail is declared to be in the security account. The responder heals the trail to it."
        Type        = "String"
        Tier        = "Intelligent-Tiering"
        Value       = responder.documents[b.parameter_name]
      }
    } },
  )]...)
}
