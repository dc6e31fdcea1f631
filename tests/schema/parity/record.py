"""Records what TFDV says about the cases: ``python -m tests.schema.parity.record`` (Python 3.11, with TFDV)."""

from __future__ import annotations

from dataclasses import replace

from tests.schema.parity.cases import handmade
from tests.schema.parity.generated import drawn
from tests.schema.parity.recorded import FILE, verdict, write
from tests.schema.parity.tfdv_engine import anomalies, statistics

DRAWN = 100


def main() -> None:
    """Ask TFDV about every case and write its answers."""
    import tensorflow_data_validation as tfdv
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    cases = list(handmade())
    cases += [replace(case, name=f"drawn-{number}") for number, case in enumerate(drawn(DRAWN))]
    said = []
    for case in cases:
        of = statistics(case)
        said.append((case, verdict(anomalies(case, of), anomalies_pb2.AnomalyInfo.Type.Name), of))
    write(said, f"TFDV {tfdv.__version__}")
    odd = sum(bool(found) for _, found, _ in said)
    kinds = {kind for _, found, _ in said for types in found.values() for kind in types}
    print(f"{len(said)} cases, {odd} with anomalies of {len(kinds)} types, {FILE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
