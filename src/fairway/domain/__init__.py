"""Pure decisions: no I/O, no clock, no environment, no await, no logging."""
