"""Figures for people: tables for a terminal, and pages with plots. They compute only looks."""
