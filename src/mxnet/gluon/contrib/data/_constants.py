"""What the data sets of texts agree on."""

EOS_TOKEN = "<eos>"
