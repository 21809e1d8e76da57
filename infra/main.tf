locals {
  # Never module.trail[*]: that would wait for the whole module, and so for the
  # trail, which waits for the function that is told these baselines.
  baselines = concat(
    var.create_trail ? [module.trail[0].baseline] : [],
    [for arn in keys(var.existing_trails) : module.baseline[arn].baseline],
  )
  evidence    = var.create_trail ? module.trail[0].evidence : []
  trails_made = var.create_trail ? [module.trail[0].arn] : []

  # Who heals is let through too, by full names: what only begins so can be anybody's.
  healers         = [for role in concat(["responder"], var.understudy ? ["responder-understudy"] : []) : "arn:*:iam::*:role/${var.name}-${role}"]
  only_changed_by = concat(var.only_changed_by, length(var.only_changed_by) > 0 ? local.healers : [])
}

module "trail" {
  source = "./modules/trail"
  count  = var.create_trail ? 1 : 0

  name                     = var.name
  organization             = var.organization
  event_selectors          = var.event_selectors
  advanced_event_selectors = var.advanced_event_selectors
  insight_selectors        = var.insight_selectors
  s3_key_prefix            = var.s3_key_prefix
  log_retention_days       = var.log_retention_days
  object_lock              = var.log_object_lock
  force_destroy            = var.force_destroy_logs
  guard_evidence           = var.guard_evidence
  restore_key_policy       = var.restore_key_policy
  recreate_bucket          = var.recreate_log_bucket
  bucket_set_elsewhere     = var.log_bucket_set_elsewhere
  responder_ready          = module.responder.function_arn
  only_changed_by          = local.only_changed_by
  tags                     = var.tags
}

module "baseline" {
  source   = "./modules/baseline"
  for_each = var.existing_trails

  name      = var.name
  trail_arn = each.key
  baseline  = each.value.baseline
  tags      = var.tags
}

module "notifications" {
  source = "./modules/notifications"

  name            = var.name
  email_addresses = var.notification_emails
  subscriptions   = var.subscriptions
  chat            = var.chat
  guard_topic     = var.guard_responder

  permissions_boundary = var.permissions_boundary
  only_changed_by      = local.only_changed_by

  tags = var.tags
}

module "responder" {
  source = "./modules/responder"

  name                   = var.name
  package                = var.package
  architecture           = var.architecture
  baselines              = local.baselines
  evidence               = local.evidence
  trails_ready           = local.trails_made
  mode                   = var.mode
  understudy             = var.understudy
  change_principals      = var.change_principals
  break_glass            = var.break_glass
  containment            = var.containment
  peer_roles             = var.peer_roles
  sweep_interval_minutes = var.sweep_interval_minutes
  topic_arn              = module.notifications.topic_arn
  chat_topic_arn         = module.notifications.chat_topic_arn
  topic_kms_key_arn      = module.notifications.kms_key_arn
  security_hub           = var.security_hub
  guard_responder        = var.guard_responder
  topic_evidence         = module.notifications.evidence
  reserved_concurrency   = var.reserved_concurrency
  permissions_boundary   = var.permissions_boundary
  only_changed_by        = local.only_changed_by
  tags                   = var.tags
}
