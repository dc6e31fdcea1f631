"""The command line: one module a command.

Modules, from ground to roof:

arguments       Arguments of the commands. Nothing heavy is imported, so that ``autoft --help`` answers at once
console         Console: safe text, progress, and tables of findings
exit_status     Exit status of the commands
source          Source of a run on the command line: a recipe, or a table with options
clean           ``autoft clean``: repair what is wrong with a table, where the user accepts it
console_schema  Console tables of schemas, and of a table beside a training table
doctor          ``autoft doctor``: what is installed and works on this machine
export          ``autoft export``: write a trained model in a format of other programs
fit             ``autoft fit``: train a model from a recipe or a table
main            The command line: ``autoft COMMAND ...``
plan            ``autoft plan``: what a training would do and cost, without training
predict         ``autoft predict``: predictions for the rows of a table
recipes         ``autoft recipes``: the recipes at hand
report          ``autoft report``: write the report of a run again
review          ``autoft review``: the hints that a finished run suggests, for an expert to accept or strike
check           ``autoft check``: problems in the data, without training; or a table beside the one of a trained ...
schema          ``autoft schema``: show, infer and edit the schema that tables are held to
"""
