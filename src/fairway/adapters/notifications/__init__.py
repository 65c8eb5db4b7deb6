"""The channels that messages go out through. Each translates its other side's refusals into what a human must do."""
