# Which incidents have been told, so that a copy of an event stays silent, what
# break-glass leaves alone, and which findings are open in Security Hub. The function's entries expire by themselves.
resource "aws_dynamodb_table" "incidents" {
  #checkov:skip=CKV_AWS_28:An entry lives for days and can be lost: the worst is a notice told twice, a break-glass change healed early, or a finding that stays open. There is nothing to recover.
  #checkov:skip=CKV_AWS_119:DynamoDB's own key on purpose. The entries are no secret, and a customer key would let anyone who disables it touch the notices.
  name         = local.table_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  tags         = var.tags

  attribute {
    name = "id"
    type = "S"
  }

  ttl {
    attribute_name = local.expiry_attribute
    enabled        = true
  }

  # What is declared of it comes first: support.tf.
  depends_on = [aws_ssm_parameter.guard]
}

locals {
  # Whoever could write here could silence a notice beforehand, or keep a trail from
  # being healed while break-glass lasts.
  table_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "OnlyResponderWrites"
      Effect    = "Deny"
      Principal = "*"
      Action = [
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:PartiQLDelete",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLUpdate",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
      ]
      Resource  = local.table_arn
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = try(one(local.own_role_arns), local.own_role_arns) } }
      }], [for condition in local.is_not_named : {
      Sid       = "OnlyNamedChange"
      Effect    = "Deny"
      Principal = "*"
      Action = [
        "dynamodb:DeleteResourcePolicy",
        "dynamodb:DeleteTable",
        "dynamodb:PutResourcePolicy",
        "dynamodb:UpdateTable",
        "dynamodb:UpdateTimeToLive",
      ]
      Resource  = local.table_arn
      Condition = condition
    }])
  })
}

resource "aws_dynamodb_resource_policy" "incidents" {
  resource_arn = aws_dynamodb_table.incidents.arn
  policy       = local.table_policy
}
