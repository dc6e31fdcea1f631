"""Schema: the form that a table must have, checked by TFDV or the portable engine.

Modules, from ground to roof:

engine            Schema engines: the protocol and the registry
portable          The verbs and messages of TFDV on every Python, with numpy, pandas and any protobuf from 4.25 on
reference         Reference: counts of the training table that later tables are compared with
splice            An edited schema put back into its text, so that comments and layout of everything else stay as...
anomalies         Words and severities of findings for TFDV's anomalies (standard library only)
drift             Drift: distance of a table from the training table, column by column
anomaly_findings  Findings from an engine's anomalies
target_drift      The target of a table beside that of the training table, where the table has it already
edit              Typical edits of a schema: each takes a ``Schema`` message and returns a changed copy
proto_engine      Engine on TensorFlow Metadata's messages: what TFDV and the portable engine share
contract          The schema as a contract: written at the first training, enforced at every later one and at pre...
edit_hints        The commands that would make a schema accept what a table has and the schema does not allow
portable_engine   The portable schema engine, for any Python and without TensorFlow
tfdv              TensorFlow Data Validation as a schema engine
engines           Choice of a schema engine
"""
