"""Draws what is read and watched, with known contents: codes, displays, gauges, pages, and scenes that change."""
