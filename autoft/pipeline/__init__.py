"""The pipeline: stages of a run, their records, the time budget and the run folder.

Modules, from ground to roof:

context          What all stages of a run share: recipe, folder, clock, interrupt
dataset          Records that the stages of a run hand to one another
encoder_choice   Choice of encoders: what a recipe says under `preprocess: encoders:`, checked against the table
machine          Speed of a machine: rates of the reference machine, and the machine at hand
objective        The metric that is tuned, and what a recipe may ask for only with certain tasks
cost             Cost model: seconds and bytes of a search from shapes alone
decision_costs   Decision costs of the deployed model, and whether the minimum is reached
describe         Description of a table: read, understood, audited, held to its schema
effects          Consequences of effects for the space, the calibration and the notes of a run
run_folder       The key of a run: whether results that lie in a folder are those of this very problem
slices           Slices and groups of a run: which columns they are made of, and what is asked of them once a mod...
trainers         Trainers of stacks of members
ensemble_gain    The deployed bag against its members: models that leave out two folds are trained for the chosen...
notes            Notes: what the user told autoft about the domain
prepare          From a recipe and data to everything that a training needs: read, understood, checked, divided
review           Review of a finished run: hints that its curves, importance and cells suggest
select           Selection: blend and decision rule, chosen on pooled held-out predictions
space            Search space of a table, with cost and compiled programs of each configuration
baselines        Baselines: simple models on the same folds
hint_tests       Hint tests: trainings without each hint, and what they say
parallelism      Parallelism: trials side by side, and how programs are shared
save             What a run leaves behind: the model and the files that say what it is
forecast         What a run would do and cost, without running it: counts from the data, seconds and bytes from t...
time_budget      How a run keeps to its minutes: the first epochs are measured, and what follows the search is se...
budget_findings  Findings on what was skipped for lack of time
search           One run, stage by stage: folder and journal, baselines, search, evaluation, and what is written ...
evaluate         Evaluation of a finished search: corrected score, baselines, folds, importance
"""
