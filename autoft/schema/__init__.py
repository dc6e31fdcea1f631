"""Schema: what a table must look like, held by TFDV or the portable engine.

Modules, from ground to roof:

engine            Schema engines: the protocol and the registry
portable          The verbs and messages of TFDV on every Python, with numpy, pandas and any protobuf from 4.25 on
reference         What later tables are compared with: counts of the training table, kept inside its statistics
splice            An edited schema put back into its text, so that comments and layout of everything else stay as...
anomalies         Words and severities of findings for TFDV's anomalies (standard library only)
drift             How far a table is from the training table, column by column, and from where on that means some...
anomaly_findings  What autoft adds to an engine's schema and makes of its anomalies, whoever made the messages
target_drift      The target of a table beside that of the training table, where the table has it already
edit              Typical edits of a schema: each takes a ``Schema`` message and returns a changed copy
proto_engine      What every engine does alike with TensorFlow Metadata's messages: statistics, schemas, findings...
contract          The schema as a contract: written at the first training, enforced at every later one and at pre...
edit_hints        The commands that would make a schema accept what a table has and the schema does not allow
portable_engine   The portable schema engine, for any Python and without TensorFlow
tfdv              TensorFlow Data Validation as a schema engine
engines           Choice of a schema engine
"""
