"""The catalogue: behaviours, claims and releases as data, and the index that holds all."""
