"""The command line: verbs to function calls, no logic of its own."""
