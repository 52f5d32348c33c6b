"""Questions: what differs, what changed, which files load where; answered from the index."""
