# A responder of the account's own, for the same trails as the hub's. It publishes
# to the hub's topic, and so do its alarms.

locals {
  # The hub's declarations, made this account's; those of single other accounts
  # are not for here.
  documents = {
    for arn, document in try(var.responder.baseline_documents, {}) :
    replace(arn, "{account}", local.account) => replace(document, "{account}", local.account)
    if contains(["{account}", local.account], split(":", arn)[4])
  }
}

module "baseline" {
  source   = "../../modules/baseline"
  for_each = local.documents

  trail_arn = each.key
  baseline  = jsondecode(each.value)
  tags      = local.tags
}

module "responder" {
  source = "../../modules/responder"
  count  = var.responder == null ? 0 : 1

  package                = var.package
  architecture           = var.architecture
  baselines              = [for arn in keys(local.documents) : module.baseline[arn].baseline]
  understudy             = false # The hub is the second one, from outside.
  mode                   = var.mode
  change_principals      = [for arn in var.responder.change_principals : replace(arn, "{account}", local.account)]
  break_glass            = var.responder.break_glass
  sweep_interval_minutes = var.responder.sweep_interval_minutes
  topic_arn              = var.responder.topic_arn
  topic_kms_key_arn      = var.responder.topic_kms_key_arn
  reserved_concurrency   = var.reserved_concurrency
  tags                   = local.tags

  # What the hub does here is no attack.
  peer_roles = [module.member.remediation_role_arn]
}
