"""The outside: database, WhatsApp channels, model providers and sheets."""
