"""The measures of measures.mjs, with the same counts, for a side in Python."""

import json
import os
from itertools import count
from queue import SimpleQueue
from threading import Thread
from time import perf_counter, sleep

WARM_UP = 0.5
BATCH = 1_000


def payload_of(number):
    return {'number': number, 'text': 'a payload of ordinary size, no more'}


def report(measured):
    """Prints it and ends the process, whatever a worker is still about."""
    print(json.dumps(measured), flush=True)
    os._exit(0)


def enqueueing(side, lanes, jobs):
    in_lanes(side, lanes, max(lanes, int(jobs * WARM_UP)))
    report(per_second(jobs, lambda: in_lanes(side, lanes, jobs)))


def in_lanes(side, lanes, jobs):
    """Threads, as a threaded server of a web app has them."""
    numbers = iter(range(jobs))

    def lane():
        for number in numbers:
            side.enqueue(payload_of(number))

    threads = [Thread(target=lane) for _ in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def bulk(side, jobs):
    fill(side, jobs * WARM_UP)
    report(per_second(jobs, lambda: fill(side, jobs)))


def fill(side, jobs):
    for _ in range(0, int(jobs), BATCH):
        side.enqueue_many([payload_of(number) for number in range(BATCH)])


def processing(side, concurrency, jobs):
    """From the start of the first to the end of the last, without the boot."""
    warm = int(jobs * WARM_UP)
    fill(side, warm + jobs)
    seen = count(1)
    began = 0.0

    def on_job(_number):
        nonlocal began
        nth = next(seen)
        if nth == warm:
            began = perf_counter()
        elif nth == warm + jobs:
            report(jobs / (perf_counter() - began))

    side.work(concurrency, on_job)


def pickup(side, jobs):
    """Milliseconds from the call of `enqueue` to the start of the handler, the worker being idle."""
    started = SimpleQueue()

    def ask():
        times = []
        for number in range(-20, jobs):
            sleep(0.015)
            asked = perf_counter()
            side.enqueue(payload_of(number))
            at = started.get()
            if number >= 0:
                times.append((at - asked) * 1_000)
        times.sort()
        report({'p50': times[int(jobs * 0.5)], 'p99': times[int(jobs * 0.99)]})

    Thread(target=ask).start()
    side.work(10, lambda _number: started.put(perf_counter()))


def per_second(jobs, work):
    began = perf_counter()
    work()
    return jobs / (perf_counter() - began)


MEASURES = {
    'enqueue-1': lambda side, scale: enqueueing(side, 1, int(4_000 * scale)),
    'enqueue-100': lambda side, scale: enqueueing(side, 100, int(20_000 * scale)),
    'enqueue-many': lambda side, scale: bulk(side, int(20_000 * scale)),
    'process-1': lambda side, scale: processing(side, 1, int(4_000 * scale)),
    'process-10': lambda side, scale: processing(side, 10, int(10_000 * scale)),
    'process-50': lambda side, scale: processing(side, 50, int(10_000 * scale)),
    'pickup': lambda side, scale: pickup(side, int(200 * scale)),
}
