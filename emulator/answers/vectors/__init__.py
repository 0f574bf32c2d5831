"""What texts mean, as far as a stand-in can tell: concepts, vectors, and the passages that fit a question."""
