# What is declared of the topic, as the resources of this module make it: a document for the
# responder that guards it. It changes before the topic does.
locals {
  subscribed = merge(
    { for address in var.email_addresses : "email ${address}" => {} },
    { for made in values(var.subscriptions) : "${made.protocol} ${made.endpoint}" => merge(
      made.raw_message_delivery ? { RawMessageDelivery = "true" } : {},
      made.severities != null ? { FilterPolicy = jsonencode({ severity = made.severities }) } : {},
      made.severities == null && made.filter_policy != null ? { FilterPolicy = made.filter_policy, FilterPolicyScope = made.filter_policy_scope } : {},
    ) },
  )

  evidence_documents = {
    topic = jsonencode({
      schema  = "trailkeeper.evidence"
      version = 1
      arn     = local.topic_arn
      declared = {
        exists        = true
        policy        = jsondecode(local.topic_policy)
        kms_key       = aws_kms_key.topic.arn
        subscriptions = local.subscribed
        filters       = local.subscribed
      }
      # A topic that is made again has no confirmed subscription.
      restored = ["policy", "kms_key", "subscriptions"]
    })
    topic_key = jsonencode({
      schema  = "trailkeeper.evidence"
      version = 1
      arn     = aws_kms_key.topic.arn
      declared = {
        state    = "Enabled"
        policy   = jsondecode(local.key_policy)
        rotation = true
      }
      # Whoever may set a key's policy can give the key to anybody.
      restored = ["state"]
    })
  }
}

# As a trail's baseline: the name holds the hash of the value, so a parameter is never
# changed.
resource "aws_ssm_parameter" "evidence" {
  #checkov:skip=CKV2_AWS_34:What is declared is no secret. A key would be one more thing that an attacker can disable.
  for_each = var.guard_topic ? local.evidence_documents : {}

  name           = "/trailkeeper/${var.name}/guard/${each.key}/${sha256(each.value)}"
  description    = "What the ${each.key == "topic" ? "topic" : "key of the topic"} ${local.topic_name} is declared to be. Written by Terraform; the responder guards it by it."
  type           = "String"
  insecure_value = each.value
  # Above 4 KB an advanced parameter is made, which costs a little.
  tier = "Intelligent-Tiering"
  tags = var.tags

  lifecycle {
    # The function needs the old one until it is told the name of the new one.
    create_before_destroy = true

    precondition {
      condition     = length(each.value) < 8192
      error_message = "What is declared of the ${each.key == "topic" ? "topic" : "topic's key"} would have ${length(each.value)} bytes, and a parameter holds 8192. Set guard_topic = false, or subscribe less here."
    }
  }
}
