"""Pictures: each module draws one kind with its function ``draw``; ``drawing`` is what they share.

``forest``: one comparison; ``heat``: releases in a row, as a table of colours; ``steps``: the same
as lines, with their error; ``growth``: one release at many sizes.

They are SVG, or another format that matplotlib writes. Text stays text in the SVG, and the same
input gives the same bytes with the same matplotlib. The colours are Okabe and Ito's, which colour-
blind readers can tell apart: where a colour is a verdict, vermillion is slower and blue is faster.
"""
