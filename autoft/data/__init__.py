"""Data: files become a table, columns and values, and the audit looks at them."""
