"""Orbion turns a WhatsApp number into a durable sales agent."""

__version__ = "0.1.0"
