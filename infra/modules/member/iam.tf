locals {
  # The hub's one role and nobody else. It is in a condition, because IAM keeps
  # the id of a role that is the principal, and would shut out the same role made
  # anew. The external id keeps anybody who can make that role assume others from
  # using it here; the organisation's id ends the trust when the security account
  # leaves.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
  trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "HubAssumesRole"
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.hub_partition}:iam::${local.hub_account}:root" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnEquals = { "aws:PrincipalArn" = var.hub.role_arn }
        StringEquals = {
          "sts:ExternalId"     = var.hub.external_id
          "aws:PrincipalOrgID" = var.hub.organization_id
        }
      }
    }]
  })

  role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = module.healing_policy.statements
  })

  # An organisation trail is changed in the account that owns it, so nothing
  # here may name another one.
  foreign_arns = distinct([
    for arn in flatten([for statement in module.healing_policy.statements : statement.Resource]) : arn
    if arn != "*" && try(split(":", arn)[4], "") != local.account
  ])
}

resource "aws_iam_role" "remediation" {
  name                 = local.role_name
  description          = "What the Trailkeeper hub may do in this account"
  assume_role_policy   = local.trust_policy
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  # The least that IAM allows. The hub's sessions are chained, and ask for less.
  max_session_duration = 3600

  lifecycle {
    precondition {
      condition     = length(local.foreign_arns) == 0
      error_message = "The role would name something that this account, ${local.account}, does not own: ${join(", ", local.foreign_arns)}. Leave the trails of other accounts out of baselines."
    }

    precondition {
      condition     = length(local.foreign_region_arns) == 0
      error_message = "A trail is changed in its home region only, and its events arrive there; but this module is deployed in ${local.region}. Deploy it in the home region of: ${join(", ", local.foreign_region_arns)}."
    }

    precondition {
      condition     = local.hub_account != local.account
      error_message = "This is the hub's own account, ${local.account}, whose trails the hub heals with its own role. Declare them there."
    }
  }
}

resource "aws_iam_role_policy" "remediation" {
  name   = local.role_name
  role   = aws_iam_role.remediation.name
  policy = local.role_policy
}
