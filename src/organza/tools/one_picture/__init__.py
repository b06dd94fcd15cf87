"""What models of one picture are for: variations of it, edits made to look like it, walks around it.

`known.py` finds the generator in a model and reads what is asked of it; `variations.py`, `edits.py` and `walk.py` are the verbs;
`masks.py` and `colours.py` are the arithmetic of edits.
"""
