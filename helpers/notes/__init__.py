"""The notes of 2017, and what has become of what they say and of the calls of that time.

The statements:

    statements    what the notes say, as data (statements.toml)
    names         the names that their lines of code are run over
    audit         runs the lines, and finds where the book proves them
    report        the tables and pictures of it

The calls:

    old_calls     old calls and today's, as data (old_calls.toml)
    trial         runs its rows
    lookup        the tables, the index and the search of them
    old_code      finds old calls in a file; its command line, `python -m helpers.notes`, is in __main__
    example_2017  an old program to be read and mended
"""
