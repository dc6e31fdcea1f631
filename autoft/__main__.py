"""``python -m autoft``: the command line."""

from autoft.cli import main

raise SystemExit(main())
