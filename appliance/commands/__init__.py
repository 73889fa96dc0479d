"""The verbs of the command line, one file each.

add_options() declares the options; run() does the work and returns the exit code, or raises
JukeboxError. A verb is imported only when it is asked for.
"""
