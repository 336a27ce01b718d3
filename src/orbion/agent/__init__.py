"""One turn: prompt, model, checks and fallback."""
