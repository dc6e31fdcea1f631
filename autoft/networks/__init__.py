"""Networks whose weights have a leading axis of members: one program trains all folds at once."""
