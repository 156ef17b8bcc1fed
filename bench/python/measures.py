"""The measures of measures.mjs, with the same counts, for a side in Python."""

import json
import os
from itertools import count
from queue import SimpleQueue
from threading import Thread
from time import perf_counter, process_time, sleep

WARM_UP = 0.5
WARM_PICKUPS = 200
BATCH = 1_000


def payload_of(number):
    return {'number': number, 'text': 'a payload of ordinary size, no more'}


class Meter:
    """Counts from its making on: jobs per second, and microseconds of CPU per job in this process and in the main thread of Redis."""

    def __init__(self, redis):
        self.redis = redis
        self.store, self.cpu, self.began = self.store_cpu(), process_time(), perf_counter()

    def end(self, jobs):
        took, cpu = perf_counter() - self.began, process_time() - self.cpu
        store = self.store_cpu() - self.store
        return {'perSecond': jobs / took, 'cpu': cpu * 1e6 / jobs, 'store': store * 1e6 / jobs}

    def store_cpu(self):
        info = self.redis.info('cpu')
        return info['used_cpu_user_main_thread'] + info['used_cpu_sys_main_thread']


def report(measured):
    """Prints it and ends the process, whatever a worker is still about."""
    print(json.dumps(measured), flush=True)
    os._exit(0)


def enqueueing(side, lanes, jobs):
    in_lanes(side, lanes, max(lanes, int(jobs * WARM_UP)))
    meter = Meter(side.store)
    in_lanes(side, lanes, jobs)
    report(meter.end(jobs))


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
    meter = Meter(side.store)
    fill(side, jobs)
    report(meter.end(jobs))


def fill(side, jobs):
    for _ in range(0, int(jobs), BATCH):
        side.enqueue_many([payload_of(number) for number in range(BATCH)])


def processing(side, concurrency, jobs):
    """From the start of the first to the end of the last, without the boot."""
    warm = int(jobs * WARM_UP)
    fill(side, warm + jobs)
    seen = count(1)
    meter = None

    def on_job(_number):
        nonlocal meter
        nth = next(seen)
        if nth == warm:
            meter = Meter(side.store)
        elif nth == warm + jobs:
            report(meter.end(jobs))

    side.work(concurrency, on_job)


def pickup(side, jobs):
    """Milliseconds from the call of `enqueue` to the start of the handler, the worker being idle."""
    started = SimpleQueue()

    def ask():
        times = []
        for number in range(-int(WARM_PICKUPS * jobs / 500), jobs):
            sleep(0.01)
            asked = perf_counter()
            side.enqueue(payload_of(number))
            at = started.get()
            if number >= 0:
                times.append((at - asked) * 1_000)
        times.sort()
        report({'p50': times[int(jobs * 0.5)], 'p99': times[int(jobs * 0.99)]})

    Thread(target=ask).start()
    side.work(10, lambda _number: started.put(perf_counter()))


MEASURES = {
    'enqueue-1': lambda side, scale: enqueueing(side, 1, int(4_000 * scale)),
    'enqueue-100': lambda side, scale: enqueueing(side, 100, int(20_000 * scale)),
    'enqueue-many': lambda side, scale: bulk(side, int(20_000 * scale)),
    'process-1': lambda side, scale: processing(side, 1, int(4_000 * scale)),
    'process-10': lambda side, scale: processing(side, 10, int(10_000 * scale)),
    'process-50': lambda side, scale: processing(side, 50, int(10_000 * scale)),
    'pickup': lambda side, scale: pickup(side, int(500 * scale)),
}
