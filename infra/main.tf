locals {
  # Not module.trail[*]: that would wait for the whole module, not just the trail.
  created_trail_arns = var.create_trail ? [module.trail[0].arn] : []
}

module "trail" {
  source = "./modules/trail"
  count  = var.create_trail ? 1 : 0

  name               = var.name
  log_retention_days = var.log_retention_days
  object_lock        = var.log_object_lock
  force_destroy      = var.force_destroy_logs
  tags               = var.tags
}

module "notifications" {
  source = "./modules/notifications"

  name            = var.name
  email_addresses = var.notification_emails
  subscriptions   = var.subscriptions
  tags            = var.tags
}

module "responder" {
  source = "./modules/responder"

  name                 = var.name
  package              = var.package
  architecture         = var.architecture
  trail_arns           = concat(local.created_trail_arns, var.existing_trail_arns)
  topic_arn            = module.notifications.topic_arn
  topic_kms_key_arn    = module.notifications.kms_key_arn
  reserved_concurrency = var.reserved_concurrency
  tags                 = var.tags
}
