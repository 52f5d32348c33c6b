"""The check of the repository: metadata, records, manifests and pages."""
