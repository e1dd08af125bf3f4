"""What must hold of a model before it is sold: the same for its file and for what staff enter. Pure."""
