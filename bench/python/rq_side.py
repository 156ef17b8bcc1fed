from redis import Redis
from rq import Queue, Retry, SimpleWorker

handler = {'on_job': lambda number: None}


def task(payload):
    handler['on_job'](payload['number'])


class Side:
    def __init__(self, url):
        self.redis = Redis.from_url(url)
        self.queue = Queue('bench', connection=self.redis)
        # Nobody waits for a result, so none is kept.
        self.options = {'retry': Retry(max=4), 'result_ttl': 0}

    def enqueue(self, payload):
        self.queue.enqueue(task, args=(payload,), **self.options)

    def enqueue_many(self, payloads):
        self.queue.enqueue_many([Queue.prepare_data(task, (payload,), **self.options) for payload in payloads])

    def work(self, _concurrency, on_job):
        """One job at a time, in this process: its ordinary worker forks for every job, and neither has a concurrency."""
        handler['on_job'] = on_job
        SimpleWorker([self.queue], connection=self.redis).work(logging_level='ERROR')
