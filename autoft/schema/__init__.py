"""Schema: the form that a table must have, checked by TFDV or the portable engine.

Modules, from ground to roof:

engine            Schema engines: the protocol and the registry
portable          The verbs and messages of TFDV on every Python, with numpy, pandas and any protobuf from 4.25 on
reference         Reference counts of the training table, stored in its statistics for comparisons with later tables
splice            Text of an edited schema: comments and layout of everything else stay
anomalies         Anomalies as findings: wording and severity
drift             Drift: distance of each column from the training table, and the limit beyond chance
anomaly_findings  Adaptation of inferred schemas, and findings from an engine's anomalies
target_drift      Drift of the target, where a table has it already
edit              Edits of a schema: each takes a ``Schema`` message and returns a changed copy
proto_engine      Base of the engines that use TensorFlow Metadata's messages: statistics, schemas, findings, files
contract          The contract: a schema written at the first training, enforced at later ones and at prediction
edit_hints        Edit hints: the commands after which a schema accepts a table
portable_engine   The portable schema engine, for any Python and without TensorFlow
tfdv              TensorFlow Data Validation as a schema engine
engines           Choice of a schema engine by name
"""
