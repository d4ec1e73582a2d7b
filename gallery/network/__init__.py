"""The only room that imports keras and tensorflow: architectures, classifier, class activation maps."""
