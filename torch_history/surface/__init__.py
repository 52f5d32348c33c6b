"""The surface: the public names of torch with their parameters, release by release.

``surveying`` observes it in each environment. Here are its timelines, what differs between two
releases, and whether a call still binds.
"""
