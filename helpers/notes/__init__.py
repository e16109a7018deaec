"""The notes of 2017: what they say, and what has become of it and of the calls of that time.

statements    what the notes say, as data (statements.toml)
names         the names that its lines of code are run over
audit         runs the lines, and finds where the book proves them
report        the tables and pictures of page 16

old_calls     the table of old calls and today's, as data (old_calls.toml)
trial         runs its rows
lookup        the tables, the index and the search of page 15
example_2017  an old program, for page 15 to be read and mended

old_code      the program that finds old calls in a file: `python -m helpers.notes`, whose command line is in __main__
"""
