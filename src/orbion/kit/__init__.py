"""Small general tools that know nothing of messages: guards, caches, limits, health, time."""
