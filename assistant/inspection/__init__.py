"""Inspection work: the journal that records what was asked, answered and measured."""
