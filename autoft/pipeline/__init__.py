"""The pipeline: stages of a run, their records, the time budget and the run folder.

Modules, from ground to roof:

budget_findings  Findings for stages that were skipped or cut short for lack of time
dataset          Records of the table: its description, and the dataset that everything is trained on
encoder_choice   Choice of encoders: what a recipe says under `preprocess: encoders:`, checked against the table
machine          Speed of a machine: rates of the reference machine, and the machine at hand
objective        The metric that is tuned, and what a recipe may ask for only with certain tasks
results          Records between the stages: search plan, selection, tests of hints, gain of the ensemble, fitted...
context          The run: recipe, folder, clock, interrupt, journal and findings, shared by all stages
cost             Cost model: seconds and bytes of a search from shapes alone
decision_costs   Decision costs of the deployed model, and whether the minimum is reached
describe         Description of a table: read, understood, audited, compared with its schema
effects          Consequences of effects for the space, the calibration and the notes of a run
layout           Layout of the network's inputs for a described table
run_folder       The run folder: the key of its journal, and what is read back from its files
slices           Slices of a run: declared ones, weak ones, gaps between groups
ensemble_gain    Gain of the ensemble over its members, measured by networks that leave out two folds
notes            Notes: what the user told autoft about the domain
review           Review of a finished run: hints that its curves, importance and cells suggest
select           Selection: blend and decision rule, chosen on pooled held-out predictions
space            Search space of a table, with cost and compiled programs of each configuration
split            Dataset from a described table: rows are encoded and divided into blocks before anything learns ...
trainers         Trainers of stacks of members
baselines        Baselines: simple models on the same folds
evaluate         Evaluation of a finished search: corrected score, folds, baselines, importance, curves, slices, ...
hint_tests       Hint tests: trainings without each hint, and what they say
own_model        A user's own Keras model in a run
parallelism      Parallelism: how trials share programs, and when they train side by side
search           Search: the trials of a plan, and the deployed ensemble of those that are chosen
forecast         Forecast of a run: counts from the data, seconds and bytes from the cost model
save             Saving: the model, and the files that say what it is
time_budget      Time budget: the first epochs are measured, and the seconds of what follows the search are reserved
fit              A run, stage by stage: each stage is a function from records to a record
"""
