"""The records: files of what each release did, manifests, and how runs enter them."""
