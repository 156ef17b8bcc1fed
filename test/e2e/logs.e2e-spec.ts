import { sendInvoice } from './support/http.js';
import { ready, startRedis, startWeb, startWorker } from './support/start.js';

/** The template after one invoice, and what its two processes wrote. */
async function logsOfAnInvoice(env: Record<string, string>) {
  const redis = await startRedis();
  const [web, worker] = await Promise.all([startWeb(redis.url, env), startWorker(redis.url, env)]);
  await Promise.all([ready(web), ready(worker)]);
  const { body } = await sendInvoice(web.url, { key: 'chosen-id' });
  expect(body).toEqual({ jobId: 'chosen-id' });
  await worker.process.waitForOutput(/completed invoice\.send chosen-id/);
  await web.process.waitForOutput(/request completed/);
  return { web: web.process.output, worker: worker.process.output };
}

it('writes nothing but JSON lines in production, each of a handler with its job', async () => {
  const { web, worker } = await logsOfAnInvoice({ NODE_ENV: 'production' });
  const parse = (output: string) =>
    output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
  const job = { jobId: 'chosen-id', jobName: 'invoice.send', queue: 'mail', attempt: 1 };
  expect(parse(worker)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: 'info', context: 'Job', event: 'started', ...job }),
      expect.objectContaining({
        context: 'Mailer',
        msg: expect.stringContaining('Mail to') as string,
        ...job,
      }),
      expect.objectContaining({ event: 'completed', runMs: expect.any(Number) as number, ...job }),
    ]),
  );
  const requests = parse(web).filter((line) => 'req' in line);
  expect(requests).toEqual([
    expect.objectContaining({
      req: {
        id: expect.anything() as unknown,
        method: 'POST',
        path: expect.stringMatching(/^\/invoices\//) as string,
      },
      res: { statusCode: 202 },
    }),
  ]);
  expect(web).not.toContain('ada@example.com');
});

it('writes one readable line each on a developer machine', async () => {
  const { web, worker } = await logsOfAnInvoice({ NODE_ENV: 'development', NO_COLOR: '1' });
  expect(worker).toMatch(
    /INFO: \[Mailer\] Mail to ada@example\.com.* \[job chosen-id\] \[correlationId [0-9a-f-]{36}\]$/m,
  );
  expect(worker).toMatch(/INFO: \[Job\] started invoice\.send chosen-id in mail: attempt 1 of 5$/m);
  expect(worker).toMatch(/INFO: \[Job\] completed invoice\.send chosen-id in mail: .*ran \d+ ms$/m);
  expect(web).toMatch(/DEBUG: \[Job\] enqueued invoice\.send chosen-id in mail: created$/m);
});
