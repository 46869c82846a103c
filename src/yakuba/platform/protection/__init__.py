"""What may be handed out about a person: one gate that every exit of the house passes.

An `Exit` is declared once (`exits`); a `Flag` holds for a person and a period (`flags`); the table of `policy` says what a
flag does at a way of handing out; `passing` answers for each person: open, masked or refused; a `Release` opens one person's
record to one clerk for a moment (`releases`). What isn't declared hands out nothing.
"""
