"""The only room that imports keras and tensorflow: architectures, classifier, class activation maps.

Importing this package loads neither; the modules that need them do (3-4 s), so
callers import `gallery.network.loading` and its neighbours on first need.
"""
