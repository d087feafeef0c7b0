"""Organisations, people, memberships, roles and what each may do; the context every reading and writing stands in.

It answers "who is this and what may they see". It knows no duty, patient or case.
"""
