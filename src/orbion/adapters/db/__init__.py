"""SQL: the schema, the pipelines and the body of every store verb."""
