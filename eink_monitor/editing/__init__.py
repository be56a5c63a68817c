"""Changes to the text of a configuration that leave every other line as it is, bit for bit.

A library that writes YAML anew (ruamel.yaml was tried) keeps comments, but changes indentation, spaces and line breaks
of what nobody asked it to touch. So a change is cut into the text, at the marks of the parser that reads it, and is
believed only once the parser finds in the result what was there before, and the change, and nothing else.
"""
