"""The command line. Each verb has one file with its arguments and what it runs, and `main` puts the verbs together."""
