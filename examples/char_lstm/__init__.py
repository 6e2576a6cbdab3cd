"""An LSTM learns to write like Python's own documentation, letter by letter. `python -m examples.char_lstm`"""
