output "statements" {
  description = "Statements of an identity policy: what a role needs to heal, read back and attribute the trails. Empty without trails."
  value       = local.statements
}
