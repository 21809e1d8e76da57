data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  issuer    = trimprefix(var.provider_url, "https://")

  # Below the prefix that the apply role may change, so each of these is
  # excluded by name there.
  prefix       = "${var.name}-pipeline"
  provider_arn = var.existing_provider_arn == null ? aws_iam_openid_connect_provider.this[0].arn : var.existing_provider_arn

  roles = merge(
    {
      plan  = { description = "Plans what Trailkeeper's pipeline would change; reads only", subjects = var.plan_subjects }
      apply = { description = "Applies what Trailkeeper's pipeline planned, after its approval", subjects = var.apply_subjects }
    },
    var.drill == null ? {} : {
      drill = { description = "Rehearses the attack on a guarded trail", subjects = var.drill.subjects }
    },
  )
}

resource "aws_iam_openid_connect_provider" "this" {
  count = var.existing_provider_arn == null ? 1 : 0

  url            = var.provider_url
  client_id_list = [var.audience]
  tags           = var.tags
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${local.prefix}-${each.key}"
  description          = each.value.description
  max_session_duration = 3600
  permissions_boundary = each.key == "apply" ? aws_iam_policy.apply_boundary.arn : null
  tags                 = var.tags

  # Equal, never alike: a wildcard would let other repositories in, or
  # branches and pull requests that nobody approved.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PipelineAssumesRole"
      Effect    = "Allow"
      Principal = { Federated = local.provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = var.audience
          "${local.issuer}:sub" = each.value.subjects
        }
      }
    }]
  })
}

resource "aws_iam_policy" "read" {
  name        = "${local.prefix}-read"
  description = "What a plan of Trailkeeper reads"
  policy      = local.read_policy
  tags        = var.tags
}

resource "aws_iam_policy" "write" {
  for_each = local.write_policies

  name        = "${local.prefix}-write-${each.key}"
  description = "What an apply of Trailkeeper changes: the ${each.key} part"
  policy      = each.value
  tags        = var.tags
}

resource "aws_iam_role_policy_attachment" "read" {
  for_each = toset(["plan", "apply"])

  role       = aws_iam_role.this[each.key].name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_role_policy_attachment" "write" {
  for_each = aws_iam_policy.write

  role       = aws_iam_role.this["apply"].name
  policy_arn = each.value.arn
}

resource "aws_iam_role_policy" "state" {
  for_each = local.state_policies

  name   = "state"
  role   = aws_iam_role.this[each.key].name
  policy = each.value
}
