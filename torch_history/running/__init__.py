"""The specification run by pytest: the faces that syrupy and pytest see, and ``verify``."""
