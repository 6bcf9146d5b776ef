"""Reads print, bar codes, light and colour in a picture, without the vision-language model."""
