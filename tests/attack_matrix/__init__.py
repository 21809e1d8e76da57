"""The attack matrix: each thing that an administrator can do to a guarded account, and what comes of it."""
