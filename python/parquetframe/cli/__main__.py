"""``python -m parquetframe.cli`` is ``pframe``."""

import sys

from parquetframe.cli import main

sys.exit(main())
