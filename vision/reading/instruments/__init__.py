"""Reads gauges and seven-segment displays in a picture, without the vision-language model.

    value                            the value as one number, and whether it is sure: what the rest of the program uses
    gauge, dial_*, polar             a round gauge: its rim, marks and numbers, and the needle
    display, digit_*, seven_segments a display with seven-segment digits

It does not know what was asked, nor limits.
"""
