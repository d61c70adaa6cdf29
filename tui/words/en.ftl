# What the terminal UI says. A file of another language has the same names; what it leaves out is said in English.
# Names begin with the file of `tui/src` that uses them.

# The direction of this language, ltr or rtl.
direction = ltr

view-too-small = too small: 20 by 6
