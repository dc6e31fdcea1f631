"""The command line: one module a command.

Modules, from ground to roof:

doctor          What is at hand: the shipped recipes, and what is installed and works on this machine
recipes         Catalogue of the shipped recipes
console         What the command line shows: progress, findings, the final table
console_schema  What the command line shows of schemas and of tables beside a training table
review          ``autoft review``: the hints that a finished run suggests, for an expert to accept or strike
check           Findings on the command line: as a table or JSON, as an exit status, and about a table beside a t...
schema          ``autoft schema``: show, infer and edit the schema that tables are held to
main            The command line: ``autoft fit | predict | check | schema | clean | plan | report | review | reci...
"""
