"""WhatsApp gateways, one file each."""
