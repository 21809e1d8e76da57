# What limits an actor who weakens a trail again and again: docs/containment.md.
locals {
  # Observing reports what it would do, and needs no permission for that.
  contains = var.containment != null && var.mode == "enforce"

  containment_arns = [for pattern in try(var.containment.principals, []) : "arn:${local.partition}:iam::${local.account}:${pattern}"]

  # What else Trailkeeper consists of, and its drill: whoever made it seem that one of
  # these weakened a trail would switch off a part.
  own_parts = [for part in ["responder-understudy", "sweep", "sweep-understudy", "forwarding-*", "global-events", "remediation", "pipeline-drill"] : "role/${var.name}-${part}"]

  # The function refuses these by itself. So does IAM, should anybody else get hold of
  # the function's role.
  never_contained = distinct(concat(
    [
      "arn:${local.partition}:iam::${local.account}:role/${local.role_name}",
      # Their names say which service or permission set they are for.
      "arn:${local.partition}:iam::${local.account}:role/aws-service-role/*",
      "arn:${local.partition}:iam::${local.account}:role/aws-reserved/*",
    ],
    [for arn in concat(var.peer_roles, var.change_principals) : replace(arn, "{account}", local.account) if contains(["{account}", local.account], split(":", arn)[4])],
    [for pattern in concat(local.own_parts, try(var.containment.exempt, [])) : "arn:${local.partition}:iam::${local.account}:${pattern}"],
  ))

  # Whoever weakens a trail can be any user or role, so the resource is what
  # containment.principals says, by default all of them. IAM has no condition on what a
  # policy says: whoever holds these permissions can give as well as take.
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
  containment_candidates = [
    [anytrue([for arn in local.containment_arns : strcontains(arn, ":user/")]), {
      Sid      = "ContainUsers"
      Effect   = "Allow"
      Action   = ["iam:GetUserPolicy", "iam:ListAccessKeys", "iam:PutUserPolicy", "iam:UpdateAccessKey"]
      Resource = [for arn in local.containment_arns : arn if strcontains(arn, ":user/")]
    }],
    [anytrue([for arn in local.containment_arns : strcontains(arn, ":role/")]), {
      Sid      = "ContainRoles"
      Effect   = "Allow"
      Action   = ["iam:GetRolePolicy", "iam:PutRolePolicy"]
      Resource = [for arn in local.containment_arns : arn if strcontains(arn, ":role/")]
    }],
    [true, {
      Sid      = "NeverContain"
      Effect   = "Deny"
      Action   = ["iam:PutRolePolicy", "iam:PutUserPolicy", "iam:UpdateAccessKey"]
      Resource = local.never_contained
    }],
  ]
  containment_statements = [for candidate in local.containment_candidates : candidate[1] if candidate[0] && local.contains]
}
