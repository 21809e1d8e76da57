# The same for an account that is in no organisation, or whose organisation's policies are
# somebody else's: as a permissions boundary of its administrators.

locals {
  boundary_name = "${var.name}-administrators"

  # Whom it is given to is bound; the exempt are those who do not have it. So nobody is
  # named, and what only an organisation has is left out.
  boundary_parts = concat(
    [for key, part in local.guarded : part if key != "sweep_queue"],
    [for key, part in local.machinery : part if !contains(["stacks", "region"], key)],
    [for key, part in local.surroundings : part if key != "buses"],
  )

  boundary_json = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "WhatIsNotDenied"
          Effect   = "Allow"
          Action   = "*"
          Resource = "*"
        },
        {
          Sid      = "TrailkeeperIsLeftAlone"
          Effect   = "Deny"
          Action   = distinct(flatten(local.boundary_parts[*].actions))
          Resource = [for arn in distinct(flatten(local.boundary_parts[*].resources)) : "arn:*:${arn}" if !strcontains(arn, "stacksets-exec")]
        },
        local.keys_statement,
        {
          # Whoever is bound makes nobody who is not.
          Sid       = "OnlyBoundPrincipalsAreMade"
          Effect    = "Deny"
          Action    = ["iam:CreateRole", "iam:CreateUser", "iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary"]
          Resource  = "*"
          Condition = { ArnNotLike = { "iam:PermissionsBoundary" = "arn:*:iam::*:policy/${local.boundary_name}" } }
        },
        {
          Sid      = "BoundaryStays"
          Effect   = "Deny"
          Action   = ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"]
          Resource = "*"
        },
      ],
      [for statement in [local.subscriptions_statement] : statement if var.freeze_subscriptions],
    )
  })
}
