"""The words of the business: messages, conversations, leads, turns and the errors they raise."""
