from celery import Celery


class Side:
    def __init__(self, url):
        self.app = Celery('bench', broker=url)
        # Nobody waits for a result. All else as Celery has it: it acknowledges a job before it runs, prefetches four per thread,
        # and has ten connections for those who enqueue.
        self.app.conf.update(task_ignore_result=True, worker_redirect_stdouts=False)
        self.on_job = lambda number: None
        retried = {'autoretry_for': (Exception,), 'max_retries': 4, 'retry_backoff': True}

        @self.app.task(name='task', **retried)
        def task(payload):
            self.on_job(payload['number'])

        self.task = task

    def enqueue(self, payload):
        self.task.delay(payload)

    def enqueue_many(self, payloads):
        """It has no call for many: one connection for all of them is what it offers."""
        with self.app.producer_or_acquire() as producer:
            for payload in payloads:
                self.task.apply_async((payload,), producer=producer)

    def work(self, concurrency, on_job):
        """Threads, for jobs that wait, and no pool at all for one job at a time, which is faster than one thread beside the main one."""
        self.on_job = on_job
        pool = 'solo' if concurrency == 1 else 'threads'
        self.app.Worker(pool=pool, concurrency=concurrency, loglevel='ERROR', quiet=True).start()
