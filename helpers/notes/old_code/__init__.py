"""Finds old calls in somebody's file, without running it, and writes today's in their place: `python -m helpers.notes`.

In reading order:

    sources       a file or a notebook as text that Python can parse
    lexer         the pieces of such a text, and edits of it
    canonical     what the names in a file mean, by its imports
    known, kinds  what is known of functions and methods; what kind of thing an expression gives
    code          a file with all of that

    patterns      the patterns of the table of old calls, and where they match
    rules         what no pattern can say
    reader        which old calls a file has, by both
    listing       what is printed of them

    writer        the edits that turn an old call into today's
    fixes         a changed copy of a file

The table itself is in `helpers.notes.old_calls`. Only the standard library is needed.
"""
