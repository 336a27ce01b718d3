"""HTTP in: webhooks, health, metrics and admin."""
