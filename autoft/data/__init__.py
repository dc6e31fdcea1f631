"""Data: files become a table, columns and values, and the audit looks at them.

Modules, from ground to roof:

files            Files as raw tables: CSV cells as text, Parquet columns as they are stored; nothing is interpret...
target           Target: the kind of problem that it makes, class positions, and the user's own labels back
table            Tables from files, DataFrames and arrays in one canonical form, so that the source makes no diff...
cells            Cells: numbers, truth values and times in texts, read from the distinct values of a column
convert          Conversion of cells to values: every column in the form of its kind, whatever source it came from
audit            Audit: autoft's own checks of a training table, before anything is trained
typed            Typed columns of a canonical frame, and the Arrow record batch of them that schema engines read
weights          Weights of rows, from a column that is no feature: a row of weight 2 counts as two in training a...
column_findings  Findings of `infer_columns` about the kinds of columns
repair           Repairs of a table that a user has accepted: plain records, and the function that carries them out
columns          Kinds of columns, inferred from their values, with findings about each choice
repair_plan      Plan of repairs, learned from a training table and the codes of findings that a user accepts
clean            Cleaning of tables (``autoft clean``): a repaired copy and a log of every change; the table itse...
"""
