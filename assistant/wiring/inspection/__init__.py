"""Builds what inspection needs: the journal, the receivers of its records, rounds, and simulated rounds."""
