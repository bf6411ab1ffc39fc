"""The definitions: indicators, areas, peers, targets, the plan, officers and the national set that they replace.

They are files of the workspace, laid over the shipped reference (schemas/reference/data), loaded once and checked
against each other; a wrong one is refused at start with file, key and reason.
"""
