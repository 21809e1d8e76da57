variable "email_addresses" {
  description = "Addresses that get what is published."
  type        = list(string)
  default     = ["security@example.com"]
}
