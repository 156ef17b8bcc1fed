"""One measurement of one side, in a process of its own: `side_process.py SIDE MEASURE URL SCALE`. Its last line is the result.

What side-process.mjs is for Node. The worker runs in the main thread of this very process, so that nothing outlives it.
"""

import importlib
import os
import sys
import threading
import traceback

from measures import MEASURES
from redis import Redis


def give_up(failure):
    traceback.print_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
    os._exit(1)


threading.excepthook = give_up

name, measure, url, scale = sys.argv[1:5]
side = importlib.import_module(f'{name}_side').Side(url)
side.store = Redis.from_url(url)
MEASURES[measure](side, float(scale))
