"""The notes of 2017: their statements, their calls, and what has become of both."""
