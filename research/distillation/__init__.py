"""The long distillation that made animals10-vgg16-2."""
