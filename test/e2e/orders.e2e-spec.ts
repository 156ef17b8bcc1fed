import { migrationSql } from 'scalr-queue/outbox';
import { Database } from '../support/postgres.js';
import { eventually } from '../support/eventually.js';
import { jobIn, postJson, startTemplate } from './support/template.js';

const email = 'ada@example.com';

async function orders() {
  const database = await Database.create();
  onTestFinished(() => database[Symbol.asyncDispose]());
  await database.query(migrationSql('scalr_queue'));
  const template = await startTemplate({ SCALR_POSTGRES_URL: database.url, SMTP_URL: '' });
  const stored = () => database.query('select id, email, job_id from orders');
  const recorded = () => database.query('select id, sent_at, done_at from scalr_queue.outbox');
  return { ...template, database, stored, recorded };
}

it('stores an order and confirms it, and notes in PostgreSQL when that has ended', async () => {
  const { web, worker, stored, recorded } = await orders();

  const { status, body } = await postJson(`${web.url}/orders`, { email });

  expect(status).toBe(202);
  expect(await stored()).toEqual([{ id: body['orderId'], email, job_id: body['jobId'] }]);
  await jobIn(web.url, body['jobId'], 'completed');
  await worker.process.waitForOutput(new RegExp(`Mail to ${email}: "Order ${String(body['orderId'])}"`));
  await eventually(async () =>
    expect(await recorded()).toEqual([
      { id: body['jobId'], sent_at: expect.any(Date) as Date, done_at: expect.any(Date) as Date },
    ]),
  );
});

it('stores neither order nor confirmation when one of them is refused', async () => {
  const { web, database, stored, recorded } = await orders();
  await postJson(`${web.url}/orders`, { email });
  await database.query("alter table orders add constraint no_more check (email <> 'bob@example.com')");

  expect(await postJson(`${web.url}/orders`, { email: 'nobody' })).toMatchObject({
    status: 400,
    body: { code: 'PAYLOAD_INVALID' },
  });
  expect((await postJson(`${web.url}/orders`, { email: 'bob@example.com' })).status).toBe(500);

  expect(await stored()).toHaveLength(1);
  expect(await recorded()).toHaveLength(1);
});

it('takes orders while Redis is away, and confirms them when it is back', async () => {
  const { redis, web, worker, recorded } = await orders();
  await redis.kill();

  const answers = await Promise.all([1, 2, 3].map(() => postJson(`${web.url}/orders`, { email })));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  await redis.restart();

  for (const { body } of answers) {
    await worker.process.waitForOutput(new RegExp(`<${String(body['jobId'])}@orders`), 60_000);
  }
  await eventually(async () =>
    expect((await recorded()).every(({ done_at }) => done_at !== null)).toBe(true),
  );
});

it('goes on without PostgreSQL, and says what orders need', async () => {
  const { web } = await startTemplate({ SCALR_POSTGRES_URL: '' });

  const { status, body } = await postJson(`${web.url}/orders`, { email });

  expect({ status, body }).toMatchObject({
    status: 503,
    body: { message: 'orders need PostgreSQL: set SCALR_POSTGRES_URL' },
  });
});
