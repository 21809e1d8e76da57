# Each statement is needed by a call of the function, or by Lambda on its behalf.
locals {
  responder_role_resources = merge([for responder in var.responder[*] : {
    ResponderRole = {
      Type = "AWS::IAM::Role"
      Properties = {
        RoleName    = local.function_name
        Description = "What the Trailkeeper responder may do"
        # No aws:SourceArn here: Lambda does not promise to send it when it
        # assumes an execution role.
        AssumeRolePolicyDocument = {
          Version = "2012-10-17"
          Statement = [{
            Sid       = "LambdaAssumesRole"
            Effect    = "Allow"
            Principal = { Service = "lambda.amazonaws.com" }
            Action    = "sts:AssumeRole"
          }]
        }
        Policies = [{
          PolicyName = "responder"
          PolicyDocument = {
            Version = "2012-10-17"
            Statement = concat(
              # Those of the remediation role: the same repairs.
              local.healing_statements["{account}"],
              [
                {
                  # The last part of a parameter's name is the hash of its value.
                  # While the baseline changes, the old name is read and then the new one.
                  Sid      = "ReadBaselines"
                  Effect   = "Allow"
                  Action   = "ssm:GetParameter"
                  Resource = [for b in local.shared_baselines : { "Fn::Sub" = "arn:$${AWS::Partition}:ssm:${local.here}:parameter${b.parameter_path}/*" }]
                },
                {
                  # Read and updated are the groups of incidents, and what break-glass leaves alone.
                  Sid      = "RememberIncidents"
                  Effect   = "Allow"
                  Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
                  Resource = local.table_arn
                },
                {
                  Sid      = "PublishNotices"
                  Effect   = "Allow"
                  Action   = "sns:Publish"
                  Resource = responder.topic_arn
                },
                {
                  # SNS encrypts with the publisher's permissions, and only SNS may ask.
                  Sid       = "EncryptNotices"
                  Effect    = "Allow"
                  Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
                  Resource  = responder.topic_kms_key_arn
                  Condition = { StringEquals = { "kms:ViaService" = { "Fn::Sub" = "sns.$${AWS::Region}.$${AWS::URLSuffix}" } } }
                },
                {
                  # Lambda writes the log with the role's permissions.
                  Sid      = "WriteLogs"
                  Effect   = "Allow"
                  Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
                  Resource = { "Fn::Sub" = "arn:$${AWS::Partition}:logs:${local.here}:log-group:${local.log_group_name}:log-stream:*" }
                },
                {
                  # Lambda sends failed events with the role's permissions.
                  Sid      = "SendDeadLetters"
                  Effect   = "Allow"
                  Action   = "sqs:SendMessage"
                  Resource = local.queue_arn
                },
              ],
            )
          }
        }]
      }
    }
  }]...)
}
