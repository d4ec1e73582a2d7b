"""How vgg16-distilled learns: a teacher, its lessons, recoloured photos, and the losses."""
