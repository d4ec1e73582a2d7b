"""How vgg16-distilled learns: a teacher, its lessons, and the losses."""
