"""What a reader finds in one picture (print, a gauge, a display), as words and as values.

It knows no turn and no voice: `page_reading` and `page_lines` one folder up bring a page to the ear and to the eye. The
door is `reader_context`, which reads for a question.
"""
