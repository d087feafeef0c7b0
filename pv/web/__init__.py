"""The portal: pages, forms and pictures for MAH staff, and the admin site reviewers work in.

A door: it finds the row among those this reader may see, validates, calls one service, and words the answer.
"""
