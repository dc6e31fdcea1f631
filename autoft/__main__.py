"""``python -m autoft``: the command line."""

from autoft.cli.main import main

raise SystemExit(main())
