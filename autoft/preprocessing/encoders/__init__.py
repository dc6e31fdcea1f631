"""Column encoders: how one column becomes inputs of the networks.

A recipe names one for a column (``preprocess: {encoders: {opened: cycles}}``), autoft's own or one of an installed
package (docs/extending.md). Columns without one get the treatment of their kind (`autoft.preprocessing.layout`).
"""

from autoft.preprocessing.encoders import numbers  # noqa: F401
