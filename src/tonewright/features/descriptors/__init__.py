"""The descriptors, one module to a category; every module here is imported and so registered.

To add one, decorate a function of `Frames` with `@descriptor(...)` in the module of its category, or in a new
module. Intermediate results that others can use are functions decorated with `@shared`.
"""
