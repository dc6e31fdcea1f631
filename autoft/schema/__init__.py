"""Schema: the form that a table must have, checked by TFDV or the portable engine."""
