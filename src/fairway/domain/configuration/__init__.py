"""`fairway.yaml`: how Git is written to, what the agent does, who is told. Contract: docs/spec/configuration.md."""

FILE_NAME = "fairway.yaml"
