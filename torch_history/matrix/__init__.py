"""The matrix: environments of the releases, recording, and merging of recordings."""
