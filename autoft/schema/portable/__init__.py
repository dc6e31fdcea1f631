"""The verbs and messages of TFDV on every Python, with numpy, pandas and any protobuf from 4.25 on.

>>> import pandas as pd
>>> from autoft.data.convert import Converted
>>> from autoft.data.typed import typed
>>> frame = pd.DataFrame({"age": [31, 47, 28], "city": ["Rome", "Oslo", None]})
>>> statistics = generate_statistics(typed(frame, (), Converted(values={})))
>>> schema = infer_schema(statistics)
>>> schema.feature[1].presence.min_count, schema.string_domain[0].value
(1, ['Oslo', 'Rome'])
"""

from autoft.schema.portable.statistics import generate_statistics, infer_schema
from autoft.schema.portable.validate import validate_statistics

__all__ = ["generate_statistics", "infer_schema", "validate_statistics"]
