"""The step types: one function per type, `run(config, inputs, context) -> table or None`."""
