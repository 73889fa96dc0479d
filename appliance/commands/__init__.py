"""The verbs of the command line, one file each.

In each, add_options() declares the options, and run() does the work and returns the exit code, or
raises JukeboxError. A verb is imported only when it is used.
"""
