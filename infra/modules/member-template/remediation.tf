locals {
  # The hub looks for this name in every account.
  remediation_role = "${var.name}-remediation"

  # Trails that every account has, and trails of one account, by its id.
  shared_baselines = [for b in var.baselines : b if split(":", b.trail_arn)[4] == "{account}"]
  account_baselines = {
    for b in var.baselines : split(":", b.trail_arn)[4] => b... if split(":", b.trail_arn)[4] != "{account}"
  }
  account_conditions = {
    for account in keys(local.account_baselines) : "Account${account}" => {
      "Fn::And" = [{ Condition = "Covered" }, { "Fn::Equals" = [{ Ref = "AWS::AccountId" }, account] }]
    }
  }

  # The statements as CloudFormation takes them. Resources are ARNs, but for the
  # event history, which has none.
  healing_statements = {
    for key, policy in module.healing_policy : key => [
      for statement in policy.statements : merge(statement, {
        Resource = [
          for resource in flatten([statement.Resource]) : jsondecode(resource == "*" ? jsonencode("*") : jsonencode({
            "Fn::Sub" = replace(replace(resource, "arn:${local.partition}:", "arn:$${AWS::Partition}:"), "{account}", "$${AWS::AccountId}")
          }))
        ]
      })
    ]
  }

  remediation_resources = merge([for guarded in [length(var.baselines) > 0] : merge(
    {
      RemediationRole = {
        Type = "AWS::IAM::Role"
        Properties = merge(
          {
            RoleName    = local.remediation_role
            Description = "What the Trailkeeper hub may do in this account"
            # The least that IAM allows. The hub's sessions are chained, and ask for less.
            MaxSessionDuration = 3600
            # The hub's one role and nobody else. It is in a condition, because IAM
            # keeps the id of a role that is the principal, and would shut out the
            # same role made anew. The external id keeps anybody who can make that
            # role assume others from using it here; the organisation's id ends the
            # trust when the security account leaves.
            AssumeRolePolicyDocument = {
              Version = "2012-10-17"
              Statement = [{
                Sid       = "HubAssumesRole"
                Effect    = "Allow"
                Principal = { AWS = "arn:${local.partition}:iam::${local.hub_account}:root" }
                Action    = "sts:AssumeRole"
                Condition = {
                  ArnEquals = { "aws:PrincipalArn" = var.hub.role_arn }
                  StringEquals = {
                    "sts:ExternalId"     = var.hub.external_id
                    "aws:PrincipalOrgID" = var.hub.organization_id
                  }
                }
              }]
            }
          },
          [for statements in try([local.healing_statements["{account}"]], []) : {
            Policies = [{
              PolicyName     = "remediation"
              PolicyDocument = { Version = "2012-10-17", Statement = statements }
            }]
          }]...
        )
      }
    },
    # Of one account's own trails, only there.
    { for account in keys(local.account_baselines) : "RemediationPolicy${account}" => {
      Type      = "AWS::IAM::Policy"
      Condition = "Account${account}"
      Properties = {
        PolicyName     = "remediation-of-own-trails"
        Roles          = [{ Ref = "RemediationRole" }]
        PolicyDocument = { Version = "2012-10-17", Statement = local.healing_statements[account] }
      }
    } },
  ) if guarded]...)
}

module "healing_policy" {
  source = "../healing-policy"
  for_each = merge(
    local.account_baselines,
    length(local.shared_baselines) == 0 ? {} : { "{account}" = local.shared_baselines },
  )

  baselines = each.value
  mode      = var.mode
}
