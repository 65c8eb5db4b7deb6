"""What the agent decides: when to act, on which releases, and when to keep still. Contract: docs/spec/agent.md."""
