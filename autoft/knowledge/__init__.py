"""Domain knowledge: hints compiled into constraints, features and decisions (docs/knowledge.md)."""
